/* bench.mjs - how long a reader of a page waits: node bench.mjs REPORT.html|ADDRESS PICTURES
 * From the start of the navigation to the first plot on the screen, and from an event to the frame that shows what it asked for;
 * beside each the processor time of the page's main thread, which a busy machine changes less. Screenshots are PICTURES*.png. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { HANGS, open } from "./browser.mjs";

const [where, pictures] = process.argv.slice(2);
const isFile = existsSync(where);
const address = isFile ? `file://${resolve(where)}` : where;
const page = await open(".", isFile ? "file://" : where);
const session = await page.createCDPSession();
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const busy = async () => 1000 * (await session.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration").value;
const shown = (text, value) => console.log(`${text.padEnd(34)} ${value}`);

await page.evaluateOnNewDocument(() => {
  window.longest = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.longest = Math.max(window.longest, e.duration)))).observe({ type: "longtask", buffered: true });
  /** Milliseconds until a frame shows what `ready` waits for. */
  window.until = async (action, ready) => {
    const start = performance.now();
    window.longest = 0;
    action();
    while (!ready()) await new Promise((go) => setTimeout(go, 1));
    await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
    return performance.now() - start;
  };
});

const begin = await busy();
await page.goto(address, { waitUntil: "load" });
await page.waitForFunction(() => performance.getEntriesByName("cellsweep-first-plot").length > 0, { polling: 20, timeout: HANGS });
const cpu = (await busy()) - begin;
await page.waitForFunction(() => document.querySelector("#plot-summary .plotly svg, #plot-summary svg"), { timeout: HANGS });
const times = await page.evaluate(() => ({ plot: performance.getEntriesByName("cellsweep-first-plot")[0].startTime, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN, longest: window.longest, served: performance.getEntriesByType("resource").filter((e) => e.name.includes("/api/")).map((e) => [e.name.split("/api/")[1], e.decodedBodySize, e.encodedBodySize, e.duration]) }));
if (isFile) shown("report.html, MB", (statSync(where).size / 1e6).toFixed(2));
for (const [name, whole, sent, took] of times.served) if (whole > 2000) shown(`/api/${name.slice(0, 28)}, MB (packed), ms`, `${(whole / 1e6).toFixed(2)} (${(sent / 1e6).toFixed(2)}) ${took.toFixed(0)}`);
shown("first plot, ms (processor)", `${times.plot.toFixed(0)} (${cpu.toFixed(0)})`);
shown("first paint, ms", times.paint?.toFixed(0) ?? "not told");
await page.screenshot({ path: `${pictures}.first.png` });

/** Once everything has settled: an action and what it waits for. */
async function measure(name, action, ready, given = null) {
  await page.evaluate(() => new Promise((go) => requestIdleCallback(go, { timeout: 20000 })));
  const before = await busy();
  const ms = await page.evaluate(`(async () => { const given = ${JSON.stringify(given)}; return until(() => (${action})(given), () => (${ready})(given)); })()`);
  const used = (await busy()) - before;
  const longest = await page.evaluate(() => new Promise((go) => setTimeout(() => go(window.longest), 50)));
  shown(`${name}, ms (processor), longest task`, `${ms.toFixed(0)} (${used.toFixed(0)}) ${longest ? longest.toFixed(0) : "< 50"}`);
}

const set = (id, value) => `() => { const e = document.getElementById("${id}"); e.value = "${value}"; e.dispatchEvent(new Event("change")); }`;
const said = (pattern) => `() => ${pattern}.test(document.getElementById("runs-said").textContent)`;
await page.evaluate(() => document.getElementById("runs").scrollIntoView());
await page.waitForFunction(() => document.querySelector("#table-runs tbody tr td"), { timeout: HANGS });
const all = await page.$eval("#runs-said", (p) => p.textContent.split(" ")[0]);
await measure("filter", set("runs-filter", "strategy=none|focal,seed<=3"), `() => !document.getElementById("runs-said").textContent.startsWith("${all} ")`);
await measure("search", set("runs-search", "holdout"), said("/^\\d+ of/"));
await measure("clear", `() => { (${set("runs-search", "")})(); (${set("runs-filter", "")})(); }`, `() => document.getElementById("runs-said").textContent.startsWith("${all} ")`);
for (const column of ["loss", "strategy"]) await measure(`sort by ${column}`, `() => document.querySelector("#table-runs [data-sort='${column}']").click()`, `() => document.querySelector("#table-runs [data-sort='${column}']").closest("th").ariaSort !== "none"`);
if (await page.$("#runs-group")) {
  await measure("group by strategy", set("runs-group", "strategy"), `() => document.querySelector("#table-groups tbody tr")`);
  await page.screenshot({ path: `${pictures}.groups.png` });
  await measure("ungroup", set("runs-group", ""), `() => !document.querySelector("#table-groups tbody tr")`);
}
await page.screenshot({ path: `${pictures}.runs.png` });
await measure("open a run", `() => document.querySelector("#table-runs tbody a").click()`, `() => { const plot = document.getElementById("plot-run"); return !document.getElementById("run").hidden && (plot.closest("figure").hidden || plot.querySelector("svg")); }`);
await page.evaluate(() => document.getElementById("strategies").scrollIntoView());
await page.waitForFunction(() => document.querySelector("#plot-curves svg"), { timeout: HANGS });
await page.evaluate(() => new Promise((go) => setTimeout(go, 500)));
await page.evaluate(() => (window.caption = document.getElementById("summary-curves").textContent));
await measure("select another metric", set("choose-metric", "accuracy"), `() => document.getElementById("summary-curves").textContent !== window.caption`);
await page.screenshot({ path: `${pictures}.curves.png` });
process.exit(0);
