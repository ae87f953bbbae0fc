/* summary.mjs - the picture of the first screen: node summary.mjs REPORT.html FINAL.csv COMPARISONS.csv FOLDER PROGRAM RESULTS.h5,
 * the last of which is served. The tables are of the same report, which has leaky and honest protocols, and three axes. What is drawn has to
 * equal them. The page is also read by axe-core here, with everything opened;
 * in the dark, where only colours differ, by its rule of contrast. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { number } from "../../results/web/src/dom.js";
import { parseNumber, parseWithin } from "../../results/web/src/numbers.js";
import { planOf } from "../../results/web/src/panels.js";
import { View } from "../../results/web/src/state.js";
import { change, check, drawn, finish, open, parseCsv } from "./browser.mjs";

await check("sweeps that a file keeps apart have panels of their own, also where they explain nothing", () => {
  const items = [1, 2].flatMap((clusters) => ["a", "b"].flatMap((sweep) => ["x", "y"].map((other) => ({ of: { clusters, sweep, "train.batch": other, strategy: "none", protocol: "holdout", model: "cnn" } }))));
  const doc = { axes: [{ name: "sweep" }, { name: "train.batch" }], glance: { explained: [{ factor: "sweep", share: 0.001 }, { factor: "train.batch", share: 0.001 }] } };
  assert.deepEqual(planOf(doc, items).by.sort(), ["clusters", "sweep"]);
});

await check("a default that only a later piece tells is taken, and what the address chose stays", () => {
  Object.assign(globalThis, { location: { hash: "#?told=2" }, window: { addEventListener() {} } });
  const view = new View({ told: "", other: "" });
  for (const key of ["told", "other"]) view.settle(key, "1");
  assert.deepEqual([view.get("told"), view.get("other"), view.hash()], ["2", "1", "#?told=2"]);
  view.settle("other", "3");
  assert.equal(view.get("other"), "3");
});

const [report, finalFile, comparisonsFile, folder, program, results] = process.argv.slice(2);
const [final, comparisons] = [finalFile, comparisonsFile].map((f) => parseCsv(readFileSync(f, "utf8")));
const page = await open(folder, ["file://", "http://127.0.0.1:"]);
const load = async (hash = "") => {
  await page.goto("about:blank");
  await page.goto(`file://${resolve(report)}${hash}`, { waitUntil: "load" });
  await drawn(page);
};
await load();

const means = () => page.$eval("#plot-summary", (plot) => plot.data.filter((t) => ["mean", "leaky"].includes(t.meta?.kind)).flatMap((t) => t.meta.rows.map((row, i) => ({ kind: t.meta.kind, values: t.meta.values, row, mean: t.x[i], low: t.meta.low[i], high: t.meta.high[i], n: t.meta.n[i], averaged: t.meta.averaged[i], differs: t.meta.differs[i], symbol: t.marker.symbol }))));
const near = (x, y, what) => assert.ok(Math.abs(x - y) <= 1e-8, `${what}: drawn ${x}, exported ${y}`);
/** As the page has the names of clusters, which a CSV file has with other signs. */
const same = (a, b) => String(a).replaceAll("+", "-") === String(b).replaceAll("+", "-");
const rowsOf = (m) => final.filter((r) => r.strategy === m.row.strategy && Object.entries(m.values).every(([name, value]) => same(r[name], value)));

await check("panels are of protocols and of what explains most, the rest is averaged, and said to be", async () => {
  const [seen] = await means();
  assert.ok("protocol" in seen.values && "clusters" in seen.values);
  const words = await page.$eval("#summary-summary", (p) => p.textContent);
  const averaged = ["image.size", "knn.k"].filter((name) => !(name in seen.values));
  assert.ok(averaged.length > 0);
  for (const name of averaged) assert.match(words.split(":")[0], new RegExp(name.replace(".", "\\.")));
  assert.match(words, /their range, which is no interval/);
});

await check("means over factors are those of the means of the table, within their range, and not tested", async () => {
  for (const m of await means()) {
    const mine = rowsOf(m).map((r) => Number(r.test_balanced_accuracy_mean));
    assert.equal(mine.length, m.averaged);
    near(m.mean, mine.reduce((a, b) => a + b, 0) / mine.length, m.row.strategy);
    near(m.low, Math.min(...mine), "low");
    near(m.high, Math.max(...mine), "high");
    assert.equal(m.differs, 0);
  }
  assert.equal(await brackets(), 0);
});

const opened = () => page.$eval("#summary-choice", (d) => (d.open = true));

function brackets() {
  return page.$eval("#plot-summary", (plot) => plot.layout.shapes.filter((s) => s.name?.startsWith("bracket")).length);
}

await check("what leaks looks so without a word: hollow, on a ground of its own, below all that does not", async () => {
  const all = await means();
  const leaks = (m) => rowsOf(m).some((r) => Number(r.leak_mean) > 0);
  assert.ok(all.some(leaks) && !all.every(leaks));
  for (const m of all) assert.deepEqual([m.kind, m.symbol], leaks(m) ? ["leaky", "circle-open"] : ["mean", "circle"]);
  const look = await page.$eval("#plot-summary", (plot) => ({ grounds: plot.layout.shapes.filter((s) => s.type === "rect").length, words: plot.layout.annotations.filter((a) => /LEAK: up to \d/.test(a.text)).length, marks: plot.layout.annotations.filter((a) => a.text === "<b>LEAK</b>").length }));
  const leaky = new Set(all.filter(leaks).map((m) => JSON.stringify(m.values))).size;
  assert.deepEqual(look, { grounds: leaky, words: leaky, marks: leaky });
  const order = await page.$eval("#plot-summary", (plot) => plot.data.filter((t) => t.meta?.kind === "runs").map((t) => t.meta.values.protocol));
  assert.deepEqual([...new Set(order)], ["holdout", "report"]);
});

await check("all factors held: numbers are those of final.csv, brackets those of comparisons.csv", async () => {
  await opened();
  const held = ["image.size", "knn.k"];
  for (const name of held) {
    const [by, at] = ["by", "at"].map((part) => `#summary-${part}-${name.replaceAll(".", "\\.")}`);
    if (!(await page.$(at))) await change(page, () => page.click(by));
    await change(page, () => page.select(at, final[0][name]));
  }
  const all = await means();
  const [columns] = final;
  assert.ok(Object.keys(columns).includes("test_balanced_accuracy_low"));
  let significant = 0;
  for (const m of all) {
    const mine = rowsOf(m).filter((r) => held.every((name) => r[name] === final[0][name]));
    assert.equal(mine.length, 1);
    for (const part of ["mean", "low", "high"]) near(m[part], Number(mine[0][`test_balanced_accuracy_${part}`]), `${m.row.strategy} ${part}`);
    assert.deepEqual([m.n, m.averaged], [Number(mine[0].n), 0]);
    const test = comparisons.find((r) => r.set === "test" && same(r.clusters, m.values.clusters) && r.protocol === m.values.protocol && held.every((name) => r[name] === final[0][name]) && [r.first, r.second].includes("none") && [r.first, r.second].includes(m.row.strategy));
    if (m.row.strategy === "none") assert.equal(m.differs, 0);
    else if (m.differs) assert.match(test.verdict, /^(better|worse|significant)/);
    else assert.ok(!/^(better|worse|significant)/.test(test.verdict), test.verdict);
    significant += m.differs > 0;
  }
  assert.ok(significant > 0, "no difference is significant: nothing was tried");
  const claimed = all.find((m) => m.differs);
  const size = Math.abs(claimed.mean - all.find((m) => m.row.strategy === "none" && JSON.stringify(m.values) === JSON.stringify(claimed.values)).mean);
  assert.ok((await page.$eval("#plot-summary", (p) => p.closest("figure, .chart").textContent)).includes(` none by ${number(size, 2)} (`), "how much, and its interval");
  assert.ok((await brackets()) > significant);
  await load();
});

await check("panels are the reader's choice, of protocols never a mean", async () => {
  await opened();
  await change(page, () => page.click("#summary-by-clusters"));
  assert.ok((await means()).every((m) => !("clusters" in m.values)));
  await change(page, () => page.click("#summary-by-protocol"));
  assert.deepEqual(await page.$$eval("#summary-at-protocol option", (l) => l.map((o) => o.value)), ["report", "holdout"]);
  assert.match(await page.$eval("#summary-summary", (p) => p.textContent), /Shown of protocol holdout\./);
  assert.equal((await means()).filter((m) => m.kind === "leaky").length, 0);
  const hash = await page.evaluate(() => location.hash);
  const before = await means();
  await load(hash);
  assert.deepEqual(await means(), before);
  await load();
});

/* ---- curves ---- */

const beside = (name) => parseCsv(readFileSync(join(dirname(finalFile), name), "utf8"));

await check("what training costs is the table, hollow what a test shows to be beaten, and what leaks is a cross on no front", async () => {
  const costs = beside("training_cost.csv");
  for (const protocol of ["report", "holdout"]) {
    await change(page, () => page.select("#training-protocol", protocol));
    const chosen = await page.$$eval("#training select", (all) => Object.fromEntries(all.map((s) => [s.dataset.key.replace(/^axis\./, ""), s.value])));
    const mine = costs.filter((r) => Object.entries(chosen).every(([name, value]) => same(r[name], value)));
    const { points, fronts, grounds, text } = await page.$eval("#plot-training-cost", (plot) => ({
      points: plot.data.filter((t) => t.meta.cost).map((t) => ({ ...t.meta, x: t.x[0], y: t.y[0], symbol: t.marker.symbol })),
      fronts: plot.data.filter((t) => t.meta.front).map((t) => [t.meta.front, t.x.length - 1]),
      grounds: plot.layout.shapes.filter((s) => s.type === "rect").length, text: document.querySelector("#training-cost").textContent,
    }));
    assert.equal(points.length, 4);
    for (const { cost, strategy, x, y, symbol } of points) {
      const row = mine.find((r) => r.strategy === strategy);
      assert.ok(Math.abs(Number(row[cost]) - x) <= 1e-8 * x && Math.abs(Number(row.balanced_accuracy) - y) <= 1e-8, `${strategy} at ${x} ${cost}: ${y}`);
      const leaks = Number(row.leak_share) > 0, behind = row.tested_against === "0" ? row[`front_${cost}`] !== "1" : row[`beaten_${cost}`] !== "0";
      assert.equal(leaks, protocol === "report" && strategy === "oversample");
      assert.equal(leaks ? symbol === "x" : symbol.endsWith("-open"), leaks || behind, `${strategy} is ${symbol}`);
    }
    assert.deepEqual(fronts, ["images", "seconds"].map((cost) => [cost, mine.filter((r) => r[`front_${cost}`] === "1").length]));
    assert.equal(grounds, protocol === "report" ? 2 : 0);
    assert.equal(/On no front, since their test images were seen in training: oversample\./.test(text), protocol === "report");
  }
  await load();
});

await check("ROC and precision-recall curves are those of the table, their legend has its areas, and what leaks looks so", async () => {
  const [curves, scores] = [beside("roc.csv"), beside("scores.csv")];
  for (const protocol of ["report", "holdout"]) {
    await change(page, () => page.select("#roc-protocol", protocol));
    const chosen = await page.$$eval("#roc select", (all) => Object.fromEntries(all.map((s) => [s.dataset.key.replace(/^axis\./, ""), s.value])));
    const mine = (table, strategy) => table.filter((r) => r.strategy === strategy && Object.entries(chosen).every(([name, value]) => same(r[name], value)));
    const { lines, grounds, words } = await page.$eval("#plot-roc", (plot) => ({
      lines: plot.data.filter((t) => t.meta).map((t) => ({ ...t.meta, name: t.name, dash: t.line.dash, x: [...t.x], y: [...t.y] })),
      grounds: plot.layout.shapes.filter((s) => s.type === "rect").length, words: plot.layout.annotations.filter((a) => /LEAK: up to \d/.test(a.text)).length,
    }));
    assert.equal(lines.length, 4);
    for (const { curve, strategy, name, dash, x, y } of lines) {
      const rows = mine(curves, strategy).filter((r) => r.curve === curve);
      assert.equal(rows.length, 101);
      rows.forEach((r, k) => assert.ok(Number(r.x) === x[k] && Math.abs(Number(r.mean) - y[k]) <= 0.5001e-4, `${curve} at ${r.x}: drawn ${y[k]}, exported ${r.mean}`));
      const area = (score) => number(Number(mine(scores, strategy).find((r) => r.set === "test" && r.score === score).mean));
      assert.ok(name.endsWith(`: AUROC ${area("auroc")}, AUPRC ${area("auprc")}`), name);
      const leaks = mine(final, strategy).some((r) => Number(r.leak_mean) > 0);
      assert.equal(dash, leaks ? "dot" : "solid");
    }
    const leaky = lines.some((l) => l.dash === "dot");
    assert.equal(leaky, protocol === "report");
    assert.deepEqual([grounds, words], leaky ? [2, 2] : [0, 0]);
  }
  await load();
});

await check("a threshold starts where it is stored, and is moved by keys; its rates are those of the table", async () => {
  const cuts = beside("cuts.csv");
  await change(page, () => page.select("#cuts-strategy", "oversample"));
  await change(page, () => page.select("#cuts-protocol", "holdout"));
  const chosen = await page.$$eval("#thresholds select", (all) => Object.fromEntries(all.map((s) => [s.dataset.key.replace(/^axis\.|^cut\./, ""), s.value])));
  const row = (at) => cuts.find((r) => Number(r.threshold) === at && Object.entries(chosen).every(([name, value]) => same(r[name], value)));
  const shown = () => page.$$eval("#cut-rates tbody tr", (rows) => rows.map((r) => [...r.querySelectorAll("td")].map((d) => d.textContent)));
  const compare = async (at) => {
    assert.equal(await page.$eval("#thresholds output", (o) => o.textContent), at.toFixed(2));
    const found = await shown();
    ["sensitivity", "specificity", "precision", "f1"].forEach((name, i) => {
      const close = (text, value) => assert.ok(value === "" ? text === "–" : Math.abs(Number(text) - Number(value)) <= 0.00056, `${name} at ${at}: ${text}, exported ${value}`);
      close(found[i][0], row(at)[name]);
      close(found[i][1].split(" to ")[0], row(at)[`${name}_low`]);
      close(found[i][1].split(" to ")[1] ?? "–", row(at)[`${name}_high`]);
    });
  };
  await compare(0.5);
  await page.focus("#cut-at");
  await change(page, () => page.keyboard.press("ArrowLeft"));
  await compare(0.49);
  await change(page, () => page.keyboard.press("Home"));
  await compare(0);
  assert.match(await page.evaluate(() => location.hash), /cut\.at=0(&|$)/);
  assert.match(await page.$eval("#thresholds", (s) => s.textContent), /chosen on the reported set/);
  await load();
});

await check("what strategies cost in calibration is drawn as the table has it, and filled where it says so", async () => {
  const costs = beside("calibration_cost.csv");
  const drawn_ = await page.$eval("#plot-costs", (plot) => plot.data.map((t) => ({ ...t.meta, x: t.x[0], filled: t.marker.color === t.marker.line.color })));
  const chosen = await page.$$eval("#calibration select", (all) => Object.fromEntries(all.map((s) => [s.dataset.key.replace(/^axis\./, ""), s.value])));
  assert.equal(drawn_.length, 4);
  for (const { score, strategy, x, filled } of drawn_) {
    const row = costs.find((r) => r.strategy === strategy && Object.entries(chosen).every(([name, value]) => same(r[name], value)));
    near(x, Number(row[score]), score);
    const outcome = row[score === "balanced_accuracy" ? "outcome" : `${score}_outcome`];
    assert.equal(filled, ["gained", "lost", "cost"].includes(outcome));
  }
});

/* ---- served, in pieces that are made when they are asked for ---- */

const inPieces = ["comparisons", "training", "calibration", "roc", "thresholds", "cells", "suspects", "appendix"];
const textsOf = (ids) => page.evaluate((all) => Object.fromEntries(all.map((id) => [id, document.getElementById(id).innerText.replace(/\s+/g, " ")])), ids);
const first = async () => [await means(), await brackets(), await page.$$eval(".sentences li, [aria-label=Beware] li", (l) => l.map((li) => li.textContent))];
const choices = () => page.$$eval(inPieces.map((id) => `#${id} select`).join(), (all) => all.map((s) => [s.id, s.value]));
const reported = { first: await first(), texts: await textsOf(inPieces), choices: await choices(), doc: JSON.parse(/ id="cellsweep-data">(.*?)<\/script>/s.exec(readFileSync(report, "utf8"))[1]) };
const server = spawn(program, ["serve", results, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => server.kill("SIGKILL"));
const address = await new Promise((found, failed) => {
  server.stdout.on("data", (text) => found(/http:\S+/.exec(text)[0]));
  server.on("exit", (code) => failed(new Error(`serve ended with ${code}`)));
});

await check("before its pieces come, a page claims nothing of what is in them, and all that the first screen says", async () => {
  const holding = await page.evaluateOnNewDocument(() => {
    const real = window.fetch;
    window.parts = {};
    window.waiting = [];
    window.fetch = async (...request) => {
      const piece = /part=(\w+)/.exec(String(request[0]))?.[1];
      if (piece && piece !== "first" && !window.released) await new Promise((go) => window.waiting.push(go));
      const response = await real(...request);
      if (piece) window.parts[piece] = await response.clone().json();
      return response;
    };
  });
  await page.goto(address, { waitUntil: "load" });
  await page.waitForFunction((ids) => document.querySelector("#plot-summary .main-svg") && ids.every((id) => document.getElementById(id)?.innerText.includes("Reading …")), {}, inPieces);
  assert.deepEqual(await first(), reported.first);
  const titles = await page.evaluate((ids) => Object.fromEntries(ids.map((id) => [id, `${document.getElementById(`h-${id}`).innerText} Reading …`])), inPieces);
  assert.deepEqual(Object.fromEntries(Object.entries(await textsOf(inPieces)).map(([id, text]) => [id, text.trim()])), titles);
  await page.removeScriptToEvaluateOnNewDocument(holding.identifier);
});

await check("when they have come it is the report's page, of the report's document", async () => {
  await page.evaluate(() => { window.released = true; window.waiting.forEach((go) => go()); });
  await drawn(page);
  const parts = await page.evaluate(() => window.parts);
  const { first: doc, ...pieces } = parts;
  assert.deepEqual(Object.keys(pieces).sort(), doc.left_out.filter((name) => !["curves", "confusion"].includes(name)).sort());
  for (const { tables, summary, members, version } of Object.values(pieces)) {
    assert.equal(version, doc.version);
    Object.assign(doc.tables, tables);
    Object.assign(doc.summary, summary);
    Object.assign(doc, members);
  }
  for (const [name, value] of Object.entries(reported.doc)) if (!["version", "live", "left_out", "curves", "confusion"].includes(name)) assert.deepEqual(doc[name], value, name);
  assert.deepEqual(await textsOf(inPieces), reported.texts);
  assert.deepEqual(await choices(), reported.choices);
});

await check("so it is when a piece that two parts show comes before the second asks for it", async () => {
  const parts = await page.evaluate(() => window.parts);
  const ready = await page.evaluateOnNewDocument((pieces) => {
    const real = window.fetch;
    window.fetch = async (...request) => {
      const piece = /part=(\w+)/.exec(String(request[0]))?.[1];
      return piece && piece !== "first" ? new Response(JSON.stringify(pieces[piece])) : real(...request);
    };
  }, parts);
  await page.goto("about:blank");
  await page.goto(address, { waitUntil: "load" });
  await drawn(page);
  assert.deepEqual(await textsOf(inPieces), reported.texts);
  await page.removeScriptToEvaluateOnNewDocument(ready.identifier);
});

server.removeAllListeners("exit").kill();
await load();

/* ---- for everyone ---- */

await check("numbers are read as Germans and English write them, and what may be either is said", () => {
  const read = { "0,001": 0.001, "0.001": 0.001, ",5": 0.5, "12": 12, "1.234,5": 1234.5, "1,234.5": 1234.5, "1.000.000": 1e6, "1 000": 1000, "-2,5": -2.5, "−3": -3, "1e-3": 0.001, "1,5e3": 1500, "1000.125": 1000.125, "0,125": 0.125 };
  for (const [text, value] of Object.entries(read)) assert.deepEqual(parseNumber(text), { value, error: "" }, text);
  for (const text of ["1.000", "1,000", "12.345"]) {
    assert.equal(parseNumber(text).value, null);
    assert.match(parseNumber(text).error, /may be \d+ or \d+(\.\d+)?: write/);
  }
  for (const text of ["", "x", "1.2.3", "1,2,3", "1.2,3.4", "12.34.567", "--1"]) assert.match(parseNumber(text).error, /is no number/, text);
  assert.match(parseWithin("2,5", { whole: true }).error, /not whole/);
  assert.match(parseWithin("100", { min: 1, max: 99 }).error, /from 1 to 99/);
});

await check("a field says what it does not understand, and keeps what it had", async () => {
  const type = async (text) => {
    await page.$eval("#choose-amount", (i, t) => { i.value = t; i.dispatchEvent(new Event("change")); }, text);
    return page.$eval("#choose-amount", (i) => [i.getAttribute("aria-invalid"), document.getElementById(i.getAttribute("aria-describedby")).textContent]);
  };
  const [invalid, said] = await type("1.000");
  assert.equal(invalid, "true");
  assert.match(said, /may be 1000 or 1/);
  await change(page, () => type("7,0"));
  assert.match(await page.evaluate(() => location.hash), /amount=7(&|$)/);
  await load();
});

const axe = readFileSync(join(process.env.WEB_MODULES, "axe-core/axe.min.js"), "utf8");

for (const scheme of ["light", "dark"])
  await check(`axe-core finds nothing, everything opened, ${scheme}`, async () => {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.$$eval("details", (all) => all.forEach((d) => (d.open = true)));
    await page.waitForFunction(() => [...document.querySelectorAll(".data-table")].every((d) => !d.checkVisibility() || d.querySelector("tbody tr")));
    await page.evaluate(axe);
    const rules = scheme === "dark" ? { runOnly: { type: "rule", values: ["color-contrast"] } } : {};
    const found = await page.evaluate(async (rules) => (await window.axe.run(document, { resultTypes: ["violations"], ...rules })).violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 4).map((n) => `${n.target} (${n.any[0]?.message ?? ""})`).join("; ")}`), rules);
    assert.deepEqual(found, []);
  });
await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);

for (const [width, why] of [[640, "200 % of 1280 pixels"], [320, "400 %, or a small phone"]])
  await check(`${why}: no sideways scrolling of the page, nothing lost`, async () => {
    await page.setViewport({ width, height: 700 });
    await page.waitForFunction((w) => [...document.querySelectorAll(".plot svg.main-svg")].every((s) => s.getBoundingClientRect().width <= w), {}, width);
    const [wide, outside] = await page.evaluate(() => {
      const own = (e) => e.closest(".scroll, .own-scroll, .top nav, .plot, .skip, .hidden, pre");
      const out = [...document.querySelectorAll("main *, header *")].filter((e) => e.checkVisibility() && !own(e) && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
      return [document.documentElement.scrollWidth, out.slice(0, 5).map((e) => `${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`)];
    });
    assert.deepEqual(outside, []);
    assert.ok(wide <= width, `${wide}`);
    const names = await page.$eval("#plot-summary", (plot) => [...plot.querySelectorAll("text")].map((t) => t.getBoundingClientRect()).filter((r) => r.width > 0).map((r) => [r.left - plot.getBoundingClientRect().left, plot.getBoundingClientRect().right - r.right]));
    for (const [left, right] of names) assert.ok(left >= -1 && right >= -1, `cut: ${left} ${right}`);
  });

await finish();
