/* bench.mjs - how long a reader of a page waits: node bench.mjs REPORT.html|ADDRESS PICTURES
 * From the start of the navigation to the first plot on the screen, and from an event to the frame that shows what it asked for: of curves
 * a picture of them with the right axis, and then the chart that can be pointed at, which follows it. Beside each the processor time of the
 * page's main thread, which a busy machine changes less. Screenshots are PICTURES*.png. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { HANGS, drawn, open } from "./browser.mjs";

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
  /** Texts of the picture that a reader sees of a chart: its sketch, as long as that stands. */
  window.seen = (name) => [...(document.querySelector(`#plot-${name} > .sketch`) ?? document.getElementById(`plot-${name}`)).querySelectorAll("text")].map((t) => t.textContent);
  window.isWhole = (name) => document.querySelector(`#plot-${name} .main-svg`) && !document.querySelector(`#plot-${name} > .sketch`);

  /** Milliseconds from the event until a frame shows what `ready` waits for. */
  window.until = async (action, ready) => {
    if (action) [window.began, window.longest] = [performance.now(), 0];
    const start = window.began;
    action?.();
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

/** Once everything has settled: an action and what it waits for; `whole`: what comes after that. */
async function measure(name, action, ready, whole = null) {
  await drawn(page);
  const before = await busy();
  const one = async (text, first, waits) => {
    const ms = await page.evaluate(`until(${first}, ${waits})`);
    const used = (await busy()) - before;
    const longest = await page.evaluate(() => new Promise((go) => setTimeout(() => go(window.longest), 50)));
    shown(`${text}, ms (processor), longest task`, `${ms.toFixed(0)} (${used.toFixed(0)}) ${longest ? longest.toFixed(0) : "< 50"}`);
  };
  await one(name, action, ready);
  if (whole) await one(`${name}: whole chart`, null, whole);
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
const runThere = `() => !document.getElementById("run").hidden && (${isFile} && document.querySelector("#run .chart").hidden || seen("run").includes("balanced accuracy"))`;
await measure("open a run", `() => document.querySelector("#table-runs tbody a").click()`, runThere, `() => ${isFile} && document.querySelector("#run .chart").hidden || isWhole("run")`);
await page.screenshot({ path: `${pictures}.run.png` });
await page.evaluate(() => document.getElementById("strategies").scrollIntoView());
await page.waitForFunction(() => document.querySelector("#plot-curves svg") && window.isWhole("curves"), { timeout: HANGS });
await page.evaluate(() => new Promise((go) => setTimeout(go, 500)));
await measure("select another metric", set("choose-metric", "accuracy"), `() => seen("curves").includes("accuracy")`, `() => isWhole("curves")`);
await page.screenshot({ path: `${pictures}.curves.png` });
const ground = `(document.querySelector("#plot-curves > .sketch > rect")?.getAttribute("fill") ?? document.querySelector("#plot-curves .main-svg").style.background)`;
await page.evaluate(`window.ground = ${ground}`);
await measure("dark or light", `() => document.getElementById("theme").click()`, `() => ${ground} !== window.ground`, `() => isWhole("curves")`);
process.exit(0);
