/* report.mjs - report.html as a reader uses it: node report.mjs REPORT.html EPOCHS.csv FOLDER SMALL.html
 * SMALL.html is the same with --page-size 1, which leaves out whatever can be.
 * EPOCHS.csv is `cellsweep export --table epochs` of the same results file: what is drawn has to equal its means. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { interval, pValue } from "../../results/web/src/dom.js";
import { Sweep } from "../../results/web/src/model.js";
import { change, check, downloaded, drawn, finish, open, parseCsv } from "./browser.mjs";

const [report, epochsFile, folder, small] = process.argv.slice(2);
const address = `file://${resolve(report)}`;
const epochs = parseCsv(readFileSync(epochsFile, "utf8"));
const page = await open(folder);
await page.setOfflineMode(true);
await page.evaluateOnNewDocument(() => {
  new MutationObserver(() => {
    const svg = document.querySelector("#plot-summary > svg");
    if (svg) window.sketched ??= [...svg.querySelectorAll("circle")].map((c) => [Number(c.getAttribute("cx")), Number(c.getAttribute("cy"))]);
  }).observe(document, { childList: true, subtree: true });
});
await page.goto(address, { waitUntil: "load" });
await drawn(page);

await check("the first picture is there before Plotly, with its dots where Plotly has them", async () => {
  const { early, late } = await page.evaluate(() => {
    const box = document.querySelector("#plot-summary .main-svg").getBoundingClientRect();
    const middle = (r) => [r.left + r.width / 2 - box.left, r.top + r.height / 2 - box.top];
    return { early: window.sketched, late: [...document.querySelectorAll("#plot-summary .points .point")].map((p) => middle(p.getBoundingClientRect())) };
  });
  assert.ok(early.length > 20);
  assert.equal(early.length, late.length);
  for (const [x, y] of early) assert.ok(late.some(([u, v]) => Math.hypot(x - u, y - v) < 1.5), `${x} ${y}`);
});

/* ---- what must be equal ---- */

/** Mean over the jobs of a cell at every epoch, from the exported rows. */
function exportedMean(cell, set, metric) {
  const sums = new Map();
  for (const row of epochs) {
    const value = row[`${set}_${metric}`];
    if (value === "" || !Object.entries(cell).every(([k, v]) => row[k] === v)) continue;
    const s = sums.get(row.epoch) ?? { sum: 0, n: 0 };
    sums.set(row.epoch, { sum: s.sum + Number(value), n: s.n + 1 });
  }
  assert.ok(sums.size > 0, `no exported row for ${JSON.stringify(cell)}`);
  return [...sums].sort((a, b) => a[0] - b[0]).map(([, s]) => s.sum / s.n);
}

/** The traces of a plot, as Plotly holds them. */
function traces(name, curve) {
  return page.$eval(`#plot-${name}`, (plot, kind) => plot.data.filter((t) => t.meta?.curve === kind).map((t) => ({ ...t.meta, x: [...t.x], y: [...t.y], n: t.customdata?.map((c) => c[2]) })), curve);
}

async function options(selector) {
  return page.$$eval(`${selector} option`, (list) => list.map((o) => o.value));
}

async function choose(selector, value) {
  const now = await page.$eval(selector, (s) => s.value);
  if (now !== value) await change(page, () => page.select(selector, value));
}

function close(a, b, what) {
  assert.equal(a.length, b.length, `${what}: number of epochs`);
  a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) < 1e-6 * Math.max(1, Math.abs(b[i])), `${what}, epoch ${i + 1}: drawn ${v}, exported ${b[i]}`));
}

/* ---- tests ---- */

const figures = await page.evaluate(() => performance.getEntriesByName("cellsweep-first-plot")[0].startTime);
console.log(`# first plot after ${Math.round(figures)} ms, ${(statSync(report).size / 1e6).toFixed(2)} MB`);

await check("the results are a table, too, folded below the picture", async () => {
  assert.equal(await page.$eval("#all-results", (d) => d.open), false);
  assert.ok(await page.$eval("#plot-summary", (p) => p.getBoundingClientRect().top < innerHeight / 2), "the picture is on the first screen");
  await page.click("#all-results > summary");
});

await check("the page says what it shows", async () => {
  const text = await page.$eval("main", (m) => m.innerText);
  assert.match(text, /SYNTHETIC DATA/);
  assert.match(text, /Coloured: the clusters of this sweep\./);
  assert.doesNotMatch(text, /\$\{/);
  assert.match(text, /Judged epoch of every cell of the grid/);
  assert.equal(await page.$$eval(".sentences li", (l) => l.length), 4);
  assert.ok((await page.$$eval("#table-final tbody tr", (rows) => rows.length)) > 0);
});

await check("what is significant looks so", async () => {
  assert.deepEqual([0.0499999, 0.05, 0.0004, 0.0312, null].map(pValue), ["0.0499999", "0.050", "<0.001", "0.031", "–"]);
  assert.equal(interval(-0.036, -0.00005), "−0.036 to −0.0001");
  assert.equal(interval(-0.036, 0.00005), "−0.036 to 0.000");
});

await check("images that were trained on are shown, but not tested", async () => {
  const before = await page.$eval("#compare-cmp\\.set", (s) => s.value);
  await change(page, () => page.select("#compare-cmp\\.set", "all"));
  assert.deepEqual(await page.$eval("#plot-comparisons", (plot) => plot.data.map((t) => t.name)), ["no verdict: trained on, a class is missing, or one split only"]);
  assert.match(await page.$eval("#table-comparisons-table", (t) => t.textContent), /no verdict: trained on/);
  await change(page, () => page.select("#compare-cmp\\.set", before));
});

await check("values of an axis are compared where all else is the same", async () => {
  await change(page, () => page.select("#compare-cmp\\.factor", "train.learning_rate"));
  assert.deepEqual(await page.$$eval("#comparisons select", (l) => l.map((s) => s.id)), ["compare-cmp.factor", "compare-clusters", "compare-protocol", "compare-cmp.strategy"]);
  assert.deepEqual(await page.$eval("#plot-comparisons", (plot) => plot.data.flatMap((t) => t.y)), ["0.001 − 0.003"]);
  await change(page, () => page.select("#compare-cmp\\.factor", "strategy"));
  assert.equal(await page.$("#compare-cmp\\.strategy"), null);
});

await check("published curves stand beside their like only", async () => {
  const jobs = { key: ["a", "b"], clusters: ["8-10", "8-10"], strategy: ["none", "none"], protocol: ["report", "report"], model: ["cnn", "cnn"], axis: [["50", "20"]] };
  const published = [{ clusters: "8-10", strategy: "none", model: "cnn", axis: ["50"], protocol: "tail", set: "test", metric: "loss", values: [0.5] }];
  const sweep = new Sweep({ jobs, published, axes: [{ name: "image.size" }], n_epochs: 1 });
  assert.deepEqual(sweep.groups.map((g) => sweep.published(g, "test", "loss")), [[0.5], null]);
});

await check("names from the file are text, not markup", async () => {
  assert.match(await page.$eval("h1", (h) => h.textContent), /<i>page<\/i>/);
  assert.equal(await page.$$eval("i:not(.bar i)", (list) => list.length), 0);
});

const selected = (id) => page.$eval(`#choose-${id}`, (s) => s.value);

await check("it begins with the protocol that does not leak, and with accuracy", async () => {
  assert.deepEqual(await Promise.all(["choose-protocol", "confusion-protocol"].map((id) => page.$eval(`#${id}`, (s) => s.value))), ["holdout", "holdout"]);
  assert.match(await page.$eval("#table-final thead th:nth-child(4)", (h) => h.textContent), /balanced accuracy/);
});

/** The cell of the grid that the page shows, but for its strategy, as columns of the export. */
async function cell() {
  return { clusters: (await selected("clusters")).replaceAll("-", "+"), protocol: await selected("protocol"), "train.learning_rate": await selected("axis\\.train\\.learning_rate") };
}

async function equalsExport(metric) {
  const at = await cell();
  const means = (await traces("curves", "mean")).filter((t) => t.metric === metric);
  const ticked = await page.$$eval("[data-strategy]:checked", (l) => l.map((b) => b.dataset.strategy).sort());
  assert.deepEqual([...new Set(means.map((t) => t.strategy))].sort(), ticked);
  assert.equal(means.length, 2 * ticked.length);
  for (const t of means) close(t.y, exportedMean({ ...at, strategy: t.strategy }, t.set, metric), `${Object.values(at)} ${t.strategy} ${t.set} ${metric}`);
}

await check("every pair, protocol and axis value can be chosen, and equals the export", async () => {
  let seen = 0;
  for (const clusters of await options("#choose-clusters"))
    for (const protocol of await options("#choose-protocol"))
      for (const rate of await options("#choose-axis\\.train\\.learning_rate")) {
        await choose("#choose-clusters", clusters);
        await choose("#choose-protocol", protocol);
        await choose("#choose-axis\\.train\\.learning_rate", rate);
        await equalsExport("loss");
        await equalsExport("balanced_accuracy");
        seen++;
      }
  assert.equal(seen, 8);
});

await check("every metric and every strategy can be chosen, and equals the export", async () => {
  for (const metric of await options("#choose-metric")) {
    await choose("#choose-metric", metric);
    await equalsExport(metric);
  }
  await choose("#choose-metric", "balanced_accuracy");
  const strategies = await page.$$eval("[data-strategy]", (l) => l.map((b) => b.dataset.strategy));
  for (const strategy of strategies) {
    await change(page, () => page.click(`[data-strategy=${strategy}]`));
    await equalsExport("balanced_accuracy");
    await change(page, () => page.click(`[data-strategy=${strategy}]`));
  }
  await choose("#choose-layout", "split");
  await equalsExport("balanced_accuracy");
  await choose("#choose-layout", "strategy");
});

/** Whether two lists of coordinates are one line: Plotly leaves out points that lie on the straight one between others. */
function isSameLine(all, kept) {
  const pairs = (list) => list.flatMap((x, i) => (i % 2 ? [] : [[x, list[i + 1]]]));
  const [points, ends] = [pairs(all), pairs(kept)];
  let k = 0;
  for (const [x, y] of points) {
    const [a, b] = [ends[k - 1], ends[k]];
    if (b && Math.hypot(x - b[0], y - b[1]) < 0.03) k++;
    else if (!a || !b || Math.abs((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) > 0.3 * Math.hypot(b[0] - a[0], b[1] - a[1])) return false;
  }
  return k === ends.length;
}

await check("what is chosen is there at once as a sketch, with the lines and texts that Plotly has then", async () => {
  const look = () => page.evaluate(() => {
    const plot = document.getElementById("plot-curves");
    const sketch = plot.querySelector(":scope > .sketch");
    const isThere = (p) => parseFloat(getComputedStyle(p).strokeWidth) > 0;
    const lines = sketch ? [...sketch.querySelectorAll("svg > svg > path[fill=none]")].map((p) => [p]) : [...plot.querySelectorAll(".trace.scatter")].map((t) => [...t.querySelectorAll(".js-line")].filter(isThere)).filter((list) => list.length);
    const texts = [...(sketch ?? plot).querySelectorAll("text")].map((t) => t.textContent).filter(Boolean).sort();
    return { isSketch: Boolean(sketch), lines: lines.map((list) => list.flatMap((p) => p.getAttribute("d").match(/-?[\d.]+/g).map(Number))), texts };
  });
  const act = (id, value) => page.evaluate((i, v) => {
    const control = document.getElementById(i);
    if (control.type === "checkbox") return control.click();
    control.value = v;
    control.dispatchEvent(new Event("change"));
  }, id, value);
  const turns = [["choose-metric", "accuracy"], ["choose-log"], ["choose-shared"], ["choose-best"], ["choose-layout", "split"], ["choose-seeds"]];
  for (const [id, value] of [...turns, ...turns.map(([i, v]) => [i, v && { accuracy: "balanced_accuracy", split: "strategy" }[v]])]) {
    let early;
    await change(page, async () => (await act(id, value), early = await look()));
    const late = await look();
    assert.deepEqual([early.isSketch, late.isSketch], [true, false], id);
    assert.ok(late.lines.length >= 4);
    assert.equal(early.lines.length, late.lines.length, id);
    early.lines.forEach((line, i) => assert.ok(isSameLine(line, late.lines[i]), `${id}: line ${i} is sketched at ${line}, drawn at ${late.lines[i]}`));
    assert.deepEqual(early.texts, late.texts, id);
  }
});

await check("the CSV is what is drawn", async () => {
  await change(page, () => page.click("#choose-seeds"));
  const rows = parseCsv((await downloaded(page, "#strategies [data-format=csv]", "synthetic-curves.csv")).toString());
  const means = await traces("curves", "mean");
  for (const t of means) {
    const mine = rows.filter((r) => r.curve === "mean" && r.strategy === t.strategy && r.set === t.set && r.metric === t.metric);
    assert.deepEqual(mine.map((r) => Number(r.value)), t.y);
    assert.deepEqual(mine.map((r) => Number(r.n)), t.n);
  }
  const seeds = (await traces("curves", "seeds")).flatMap((t) => t.y.filter((v) => v !== null));
  assert.deepEqual(rows.filter((r) => r.curve.startsWith("seed")).map((r) => Number(r.value)).sort(), seeds.sort());
  await change(page, () => page.click("#choose-seeds"));
});

await check("pictures are downloaded as SVG and PNG", async () => {
  const svg = (await downloaded(page, "#strategies [data-format=svg]", "synthetic-curves.svg")).toString();
  assert.match(svg, /^<svg[^]*<\/svg>\s*$/);
  assert.match(svg, /SYNTHETIC DATA/);
  const png = await downloaded(page, "#strategies [data-format=png]", "synthetic-curves.png");
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  assert.ok(png.length > 10000);
});

await check("smoothing is off, and announced when on", async () => {
  const raw = (await traces("curves", "mean"))[0].y;
  await choose("#choose-smooth", "moving");
  const smooth = (await traces("curves", "mean"))[0].y;
  assert.ok(Math.abs(smooth[2] - (raw[0] + raw[1] + raw[2]) / 3) < 1e-6);
  assert.match(await page.$eval("#plot-curves", (p) => p.textContent), /SMOOTHED/);
  await choose("#choose-smooth", "none");
});

await check("a link leads to the same view", async () => {
  await choose("#choose-clusters", "1-27");
  await change(page, () => page.click("[data-strategy=none]"));
  const before = await traces("curves", "mean");
  const link = await page.$eval("#link", (a) => a.href);
  await page.goto("about:blank");
  await page.goto(link, { waitUntil: "load" });
  await drawn(page);
  assert.deepEqual(await traces("curves", "mean"), before);
  assert.ok(!before.some((t) => t.strategy === "none"));
});

await check("the same choice in two sections stays one choice", async () => {
  await choose("#confusion-clusters", "14-15");
  assert.equal(await selected("clusters"), "14-15");
  await choose("#choose-clusters", "1-27");
  assert.equal(await page.$eval("#confusion-clusters", (s) => s.value), "1-27");
});

await check("no two elements have the same id", async () => {
  const ids = await page.$$eval("[id]", (l) => l.map((e) => e.id).filter((id) => document.getElementById(id) && !/^[a-z0-9]{6}$/.test(id)));
  assert.deepEqual(ids.filter((id, i) => ids.indexOf(id) !== i), []);
});

await check("captions name the axes of what is shown", async () => {
  const rate = await selected("axis\\.train\\.learning_rate");
  for (const name of ["comparisons", "confusion"]) assert.match(await page.$eval(`#summary-${name}`, (p) => p.textContent), new RegExp(`, train.learning_rate ${rate}[.,]`));
  assert.match(await page.$eval("#summary-confusion-difference", (p) => p.textContent), /Right, first minus second, on average over pairs: cluster /);
});

await check("confusion matrices equal the document, rows add up", async () => {
  await choose("#choose-cm-show", "count");
  const found = await page.evaluate(() => {
    const doc = JSON.parse(document.getElementById("cellsweep-data").textContent);
    const all = new Int32Array(Uint8Array.from(atob(doc.confusion.test), (c) => c.charCodeAt(0)).buffer);
    const [clusters, protocol, strategy] = ["confusion-clusters", "confusion-protocol", "choose-cm-a"].map((id) => document.getElementById(id).value);
    const j = doc.jobs;
    const mine = j.key.map((_, i) => i).filter((i) => j.clusters[i] === clusters && j.protocol[i] === protocol && j.strategy[i] === strategy && j.state[i] === "done");
    const want = [0, 1, 2, 3].map((c) => mine.reduce((s, i) => s + all[4 * i + c], 0) / mine.length);
    return { want, shown: document.getElementById("plot-confusion").data[0].z.flat() };
  });
  found.want.forEach((v, i) => assert.ok(Math.abs(v - found.shown[i]) < 1e-9, `${found.want} ${found.shown}`));
});

await check("files of synthetic cells say so, and curves published for another protocol too", async () => {
  await downloaded(page, "#results .sortable .tools button", "synthetic-final.csv");
  const drawn = parseCsv((await downloaded(page, "#results [data-format=csv]", "synthetic-summary.csv")).toString());
  assert.equal(drawn.length, (await summaryTraces()).flatMap((t) => t.x).length);
  await choose("#choose-metric", "balanced_accuracy_as_published");
  await choose("#choose-protocol", "holdout");
  assert.match(await page.$eval("#summary-curves", (p) => p.textContent), /published curves were judged by protocol /);
  await choose("#choose-metric", "balanced_accuracy");
  await choose("#choose-protocol", "report");
});

await check("a table is sorted by its header", async () => {
  await page.$eval("#all-results", (d) => (d.open = true));
  const column = () => page.$$eval("#table-final tbody tr", (rows) => rows.map((r) => parseFloat(r.cells[3].textContent)).filter(Number.isFinite));
  await page.click("#table-final thead th:nth-child(4) button");
  const down = await column();
  assert.deepEqual(down, [...down].sort((a, b) => b - a));
  assert.ok(new Set(down).size > 1);
});

await check("misclassified cells are pictures", async () => {
  const crops = await page.$$eval("#cells .crop", (list) => list.map((c) => getComputedStyle(c).backgroundImage.slice(0, 26)));
  assert.ok(crops.length > 0);
  assert.ok(crops.every((c) => c.startsWith('url("data:image/png;base64')), crops[0]);
});

await check("the keyboard reaches everything, visibly", async () => {
  await page.goto("about:blank");
  await page.goto(address, { waitUntil: "load" });
  await drawn(page);
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.className), /skip/);
  const wanted = await page.$$eval("a[href], button, select, input, summary", (list) => list.filter((e) => e.checkVisibility() && !e.disabled).length);
  const reached = new Set();
  for (let i = 0; i < wanted + 60; i++) {
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      window.numbered ??= new Map();
      if (!window.numbered.has(e)) window.numbered.set(e, window.numbered.size);
      return { n: window.numbered.get(e), kind: e.tagName, seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    if (at.kind === "BODY") break;
    assert.ok(at.seen, `no visible focus on ${at.kind}`);
    if (/^(A|BUTTON|SELECT|INPUT|SUMMARY)$/.test(at.kind)) reached.add(at.n);
    await page.keyboard.press("Tab");
  }
  assert.equal(reached.size, wanted);
  await page.focus("[data-strategy=none]");
  await change(page, () => page.keyboard.press("Space"));
  assert.ok(!(await traces("curves", "mean")).some((t) => t.strategy === "none"));
});

/** The traces of the first picture that hold means. */
function summaryTraces() {
  return page.$eval("#plot-summary", (plot) => plot.data.filter((t) => ["mean", "leaky"].includes(t.meta?.kind)).map((t) => ({ ...t.meta, x: [...t.x] })));
}

await check("every plot has a name, a summary and a table", async () => {
  const plots = await page.$$eval(".plot", (list) => list.filter((p) => p.checkVisibility()).map((p) => [p.getAttribute("role"), p.getAttribute("aria-label"), document.getElementById(p.getAttribute("aria-describedby")).textContent.length]));
  assert.ok(plots.length >= 5);
  for (const [role, label, summary] of plots) assert.ok(role === "img" && label && summary > 20, label);
  await page.click("#strategies .data-table summary");
  await page.waitForSelector("#strategies .data-table tbody tr");
  assert.equal(await page.$eval("#announcer", (a) => a.getAttribute("aria-live")), "polite");
});

/* ---- every run in a table ---- */

const runRows = () => page.$$eval("#table-runs tbody tr", (list) => list.map((tr) => [...tr.cells].map((c) => c.textContent)));
const runHead = () => page.$$eval("#table-runs thead th", (list) => list.map((th) => th.textContent.replace(/ [▾▴]$/, "")));
const typed = (selector, value) => change(page, () => page.$eval(selector, (input, v) => ((input.value = v), input.dispatchEvent(new Event("change"))), value));

await check("runs are filtered as --filter does, searched and sorted", async () => {
  assert.match(await page.$eval("#runs-said", (p) => p.textContent), /^32 of 32 runs\.$/);
  await typed("#runs-filter", "strategy=over*,train.learning_rate<=1e-3,seed=2..9,protocol!=report");
  const head = await runHead();
  const mine = await runRows();
  assert.equal(mine.length, 2);
  for (const row of mine) assert.deepEqual(["strategy", "protocol", "train.learning_rate", "seed"].map((name) => row[head.indexOf(name)]), ["oversample", "holdout", "0.001", "2"]);
  await typed("#runs-search", "1-27");
  assert.equal((await runRows()).length, 1);
  await typed("#runs-search", "");
  await typed("#runs-filter", "nothing=1");
  assert.match(await page.$eval("#runs-wrong", (p) => p.textContent), /no key “nothing” here; there are clusters/);
  await change(page, () => page.select("#runs-by-strategy", "none"));
  await typed("#runs-filter", "strategy=none");
  assert.equal((await runRows()).length, 16);
  assert.equal(await page.$eval("#runs-by-strategy", (s) => s.value), "none");
  await change(page, () => page.click('#table-runs [data-sort=loss]'));
  const values = (await runRows()).map((row) => Number(row[head.indexOf("loss")]));
  assert.deepEqual(values, [...values].sort((a, b) => b - a));
  assert.ok(new Set(values).size > 1);
});

await check("a pinned run stays on top, whatever is asked for, and in the address", async () => {
  const keys = () => page.$$eval("#table-runs tbody a", (list) => list.map((a) => a.dataset.run));
  const all = await keys();
  const mine = all.at(-1);
  await change(page, () => page.$eval("#table-runs tbody tr:last-child .pin", (b) => b.click()));
  assert.deepEqual(await keys(), [mine, ...all.slice(0, -1)]);
  assert.match(await page.$eval("#runs-said", (p) => p.textContent), /^16 of 32 runs; 1 pinned on top/);
  await typed("#runs-filter", "strategy=oversample");
  assert.deepEqual([(await keys()).length, (await keys())[0]], [17, mine]);
  const again = (await page.evaluate(() => location.href)).replace(/runs\.pin=(\w+)/, "runs.pin=,$1,$1");
  await page.goto("about:blank");
  await page.goto(again, { waitUntil: "load" });
  await drawn(page);
  assert.equal((await keys())[0], mine);
  assert.deepEqual(await page.$$eval("#table-runs [aria-pressed=true]", (l) => l.map((b) => b.closest("tr").querySelector("a").dataset.run)), [mine]);
  const csv = parseCsv((await downloaded(page, "#runs [aria-label='Download these runs as CSV']", "synthetic-runs.csv")).toString());
  assert.deepEqual([csv.length, csv[0].key], [17, mine]);
  await change(page, () => page.$eval("#table-runs .pinned .pin", (b) => b.click()));
  assert.ok(!(await keys()).includes(mine) && !(await page.evaluate(() => location.hash)).includes("runs.pin"));
  await typed("#runs-filter", "strategy=none");
});

await check("runs are grouped: how many, their mean and its interval, and back to the runs of one", async () => {
  await typed("#runs-filter", "clusters=14-15,protocol=holdout,train.learning_rate=0.001");
  assert.equal((await runRows()).length, 4);
  await change(page, () => page.select("#runs-group", "strategy"));
  const rows = await page.$$eval("#table-groups tbody tr", (list) => list.map((tr) => [...tr.cells].map((c) => c.textContent)));
  const mine = (strategy) => epochs.filter((r) => r.clusters === "14+15" || r.clusters === "14-15").filter((r) => r.strategy === strategy && r.protocol === "holdout" && r["train.learning_rate"] === "0.001" && r.epoch === "3").map((r) => Number(r.test_balanced_accuracy));
  for (const [strategy, runs, n, mean] of rows) assert.deepEqual([runs, n, mean], ["2", "2", (mine(strategy).reduce((a, b) => a + b) / 2).toFixed(3)]);
  assert.deepEqual(rows.map((r) => r[0]).sort(), ["none", "oversample"]);
  await change(page, () => page.select("#runs-groupb", "seed"));
  assert.equal(await page.$$eval("#table-groups tbody tr", (l) => l.length), 4);
  await change(page, () => page.click("#table-groups tbody button"));
  assert.equal(await page.$$eval("#table-groups", (l) => l.length), 0);
  assert.equal((await runRows()).length, 1);
  await typed("#runs-filter", "strategy=none");
});

await check("a run is linked, equals the export, and is run again by its own sweep file", async () => {
  const address_ = await page.$eval("#table-runs tbody a", (a) => a.getAttribute("href"));
  await change(page, () => page.click("#table-runs tbody a"));
  const key = /runs\.run=(\w+)/.exec(address_)[1];
  assert.ok((await page.evaluate(() => location.hash)).includes(key));
  assert.equal(await page.$eval("#run", (r) => r.hidden), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), "run-title");
  const [begun, ended, ...more] = await page.$$eval("#run-log li", (list) => list.map((li) => li.textContent));
  assert.match(begun, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC attempt 1 started on rank 0$/);
  assert.match(ended, / UTC finished in [\d.]+ s, 3 epochs, judged after epoch 3$/);
  assert.equal(more.length, 0);
  const own = epochs.filter((r) => r.key === key);
  const [drawnCurve] = (await traces("run", "mean")).filter((t) => t.set === "test" && t.metric === "balanced_accuracy");
  close(drawnCurve.y, own.map((r) => Number(r.test_balanced_accuracy)), key);
  const wrong = await page.evaluate((key_) => {
    const { jobs, misclassified, cells } = JSON.parse(document.getElementById("cellsweep-data").textContent);
    const j = jobs.key.indexOf(key_);
    const mine = misclassified.filter((m) => ["clusters", "strategy", "protocol", "model"].every((f) => m[f] === jobs[f][j]) && m.axis[0] === jobs.axis[0][j]);
    return mine.map((m) => `cell ${cells.id[cells.image.indexOf(m.image)]}`).slice(0, 12);
  }, key);
  assert.ok(wrong.length > 0);
  assert.deepEqual(await page.$$eval("#run-cells .cell", (list) => list.map((c) => c.innerText.split("\n")[0])), wrong);
  assert.match(await page.$eval("#run", (r) => r.innerText), /which of them were this run's own is not in the document/);
  assert.ok((await page.$$eval("#run-cells .crop", (list) => list.map((c) => getComputedStyle(c).backgroundImage.slice(0, 26)))).every((c) => c === 'url("data:image/png;base64'));
  const yaml = (await downloaded(page, "#run-save", `synthetic-run-${key.slice(0, 8)}.yaml`)).toString();
  assert.ok(yaml.includes(`--filter key=${key}`));
  writeFileSync(join(folder, "again.yaml"), yaml);
  await change(page, () => page.click("#run-close"));
  assert.equal(await page.$eval("#run", (r) => r.hidden), true);
});

const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
await check("dark by preference, the other by the button", async () => {
  const light = await background();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  assert.notEqual(await background(), light);
  await page.click("#theme");
  assert.equal(await background(), light);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
});

await check("a phone of 360 pixels needs no sideways scrolling", async () => {
  await page.setViewport({ width: 360, height: 740 });
  await page.waitForFunction(() => [...document.querySelectorAll(".plot svg.main-svg")].every((s) => s.getBoundingClientRect().width <= 360));
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  const nav = await page.$eval(".top nav", (n) => ({ goesOn: n.scrollWidth > n.clientWidth, shades: getComputedStyle(n).backgroundImage.split("linear-gradient").length - 1 }));
  assert.deepEqual(nav, { goesOn: true, shades: 4 }, "a list of sections that goes on says so");
  await page.setViewport({ width: 1280, height: 900 });
});

await check("on paper: sections whose controls are left out say what they show", async () => {
  const shown = () => page.$$eval("#comparisons .print-only, #cells .print-only", (list) => list.filter((p) => getComputedStyle(p).display !== "none").map((p) => p.textContent));
  assert.deepEqual(await shown(), []);
  await page.emulateMediaType("print");
  const offered = await page.$$eval("main button, main details.more:not([open]) summary", (list) => list.filter((e) => !e.matches(".sort") && e.getClientRects().length).map((e) => e.textContent));
  assert.deepEqual(offered, [], "paper offers what cannot be pressed");
  assert.deepEqual([...new Set(await page.$$eval("th .sort", (list) => list.map((e) => getComputedStyle(e).display)))], ["contents"], "headings of a table are missing where it goes on");
  const [compared, cells] = await shown();
  await page.emulateMediaType(null);
  assert.match(compared, /^Clusters \d+ and \d+, protocol \w+, train\.learning_rate 0\.00\d, judged on: \w.*\.$/);
  assert.match(cells, /^Clusters \d+ and \d+, protocol \w+, train\.learning_rate 0\.00\d, strategy \w+\.$/);
});

await check("ranks have the two decimals of the other tables", async () => {
  const ranks = await page.$eval("#table-rankings", (table) => {
    const at = [...table.tHead.rows[0].cells].findIndex((h) => h.textContent.trim() === "average rank");
    return [...table.tBodies[0].rows].map((r) => r.cells[at].textContent);
  });
  assert.ok(ranks.length > 0);
  for (const rank of ranks) assert.match(rank, /^\d\.\d\d$/);
});

await check("on paper: plots fit, colours are light", async () => {
  await page.evaluate(() => {
    document.documentElement.dataset.theme = "dark";
    window.widths = [];
    window.addEventListener("beforeprint", () => document.querySelectorAll(".plot").forEach((p) => p._fullLayout && window.widths.push([p._fullLayout.width, p._fullLayout.paper_bgcolor])));
  });
  const pdf = await page.pdf({ format: "A4" });
  const widths = await page.evaluate(() => window.widths);
  assert.ok(pdf.length > 50000 && widths.length >= 5);
  for (const [width, colour] of widths) assert.ok(width <= 700 && /^#fff/i.test(colour), `${width} ${colour}`);
});

/* ---- a document with a job that diverged, and names that would be markup ---- */

await check("a diverged job is listed and in no mean, and its message is text", async () => {
  const html = readFileSync(report, "utf8");
  const [head, rest] = html.split('id="cellsweep-data">');
  const end = rest.indexOf("</script>");
  const doc = JSON.parse(rest.slice(0, end));
  const lost = doc.jobs.key.findIndex((_, j) => doc.jobs.strategy[j] === "none" && doc.jobs.protocol[j] === "holdout");
  const epochs = (rate) => (rate === doc.jobs.axis[0][0] ? "2" : "3");
  doc.varying = doc.varying.map((name) => (name === doc.axes[0].name ? "train.epochs" : name));
  doc.axes[0].name = "train.epochs";
  doc.misclassified.forEach((m) => Object.assign(m, { n_wrong: 999, axis: [epochs(m.axis[0])] }));
  doc.jobs.axis[0] = doc.jobs.axis[0].map(epochs);
  doc.jobs.state[lost] = "diverged";
  doc.jobs.message[lost] = '<img src="x" onerror="document.title=1">';
  const doctored = join(folder, "doctored.html");
  writeFileSync(doctored, `${head}id="cellsweep-data">${JSON.stringify(doc).replaceAll("<", "\\u003c")}${rest.slice(end)}`);
  await page.goto(`file://${doctored}`, { waitUntil: "load" });
  await drawn(page);
  const [t] = (await traces("curves", "mean")).filter((m) => m.strategy === "none" && m.set === "test" && m.metric === "loss");
  assert.ok(t.n.every((n) => n === doc.jobs.key.filter((_, j) => ["clusters", "strategy", "protocol"].every((k) => doc.jobs[k][j] === doc.jobs[k][lost]) && doc.jobs.axis[0][j] === doc.jobs.axis[0][lost]).length - 1), t.n);
  assert.match(await page.$eval("#lost-jobs", (l) => l.innerText), /<img src="x"/);
  assert.equal(await page.$$eval("#lost-jobs img", (l) => l.length), 0);
  assert.match(await page.$eval(".lead", (l) => l.textContent), /of 2 to 3 epochs each/);
  assert.match(await page.$eval("#cells [role=status]", (l) => l.textContent), /^999 cells were .* these are the \d+ worst/);
});

await check("a page that leaves out what does not fit says so, and shows the rest", async () => {
  await page.goto(`file://${resolve(small)}`, { waitUntil: "load" });
  await drawn(page);
  assert.ok(statSync(small).size < statSync(report).size - 30000);
  assert.match(await page.$eval(".left-out", (p) => p.textContent), /^To stay small this file leaves out .*learning curves.* and further scores: cellsweep serve .*\.h5 shows all of it, cellsweep report --page-size 0 puts it in\.$/);
  assert.ok((await summaryTraces()).flatMap((t) => t.x).length > 0);
  for (const id of ["strategies", "confusion", "comparisons", "cells"]) assert.match(await page.$eval(`#${id}`, (s) => s.innerText), /This file leaves it out/, id);
  for (const id of ["comparisons", "appendix"]) assert.doesNotMatch(await page.$eval(`#${id}`, (s) => s.innerText), /Nothing can be compared|No further tables/, id);
  assert.equal(await page.$eval("#strategies .explorer", (e) => e.hidden), true);
  const head = await runHead();
  const keys = await page.$$eval("#table-runs tbody a", (list) => list.map((a) => a.dataset.run));
  const last = (key) => Number(epochs.filter((r) => r.key === key).at(-1).test_loss).toFixed(3);
  assert.deepEqual((await runRows()).map((row) => row[head.indexOf("loss")]), keys.map(last));
  await change(page, () => page.click("#table-runs tbody a"));
  assert.match(await page.$eval("#run", (r) => r.previousElementSibling.textContent), /^This file leaves something of this run out/);
  assert.match(await page.$eval("#run-yaml", (p) => p.textContent), new RegExp(`--filter key=${keys[0]}`));
  assert.deepEqual([await page.$eval("#table-runs", (t) => t.checkVisibility()), await page.$eval("#plot-run", (p) => p.checkVisibility())], [true, false]);
});

await check("a file that keeps means of groups in place of curves draws those, and says so", async () => {
  const [head, rest] = readFileSync(report, "utf8").split('id="cellsweep-data">');
  const end = rest.indexOf("</script>");
  const doc = JSON.parse(rest.slice(0, end));
  const whole = new Sweep(structuredClone(doc));
  const n = whole.nEpochs;
  /* As in DOCUMENT.md: steps of the largest of a group; here the largest is twice the group's number. */
  const values = new Uint16Array(whole.groups.length * 3 * n).map((_, i) => (i % (3 * n) === n ? 65535 : (i * 97) % 65535));
  const most = Float32Array.from(whole.groups, (_, g) => (g + 1) / 50);
  const base64 = (array) => Buffer.from(array.buffer).toString("base64");
  Object.assign(doc, { left_out: ["curves"], curves: { train: {}, test: {} }, curve_means: { "test balanced_accuracy": { most: base64(most), values: base64(values) } } });
  const made = join(folder, "doctored-means.html");
  writeFileSync(made, `${head}id="cellsweep-data">${JSON.stringify(doc).replaceAll("<", "\\u003c")}${rest.slice(end)}`);
  await page.goto("about:blank");
  await page.goto(`file://${made}`, { waitUntil: "load" });
  await drawn(page);
  assert.match(await page.$eval(".left-out", (p) => p.textContent), /leaves out learning curves of single jobs: /);
  const means = await traces("curves", "mean"), bands = await traces("curves", "band");
  assert.ok(means.length === 2 && bands.length === 2 && means.every((t) => t.set === "test" && t.metric === "balanced_accuracy"));
  for (const t of means) {
    const g = whole.groups.findIndex((group) => group.id === t.group);
    close(t.y, Array.from(values.subarray(3 * g * n, (3 * g + 1) * n), (x) => (x / 65534) * most[g]), t.group);
    assert.deepEqual(t.n, Array(n).fill(whole.counted(whole.groups[g]).length));
  }
  assert.ok(bands.every((t) => Math.min(...t.x) === 2)); // the first epoch has no interval
  assert.match(await page.$eval("#summary-curves", (p) => p.textContent), /This file keeps means and 95 % intervals of groups, rounded, and not the curves of single jobs/);
  await change(page, () => page.select("#choose-smooth", "moving"));
  assert.equal((await traces("curves", "band")).length, 0);
  await change(page, () => page.select("#choose-metric", "accuracy"));
  assert.match(await page.$eval("#strategies", (s) => s.innerText), /This file leaves it out, to stay small/);
});

await check("of a large sweep, too, a link leads to the jobs that failed, and a run says why", async () => {
  const [head, rest] = readFileSync(report, "utf8").split('id="cellsweep-data">');
  const end = rest.indexOf("</script>");
  const doc = JSON.parse(rest.slice(0, end));
  const many = 2100, at = (j) => j % doc.jobs.key.length;
  const column = (values) => Array.from({ length: many }, (_, j) => values[at(j)]);
  const { judged, axis, ...columns } = doc.jobs;
  doc.jobs = { ...Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, column(values)])), axis: axis.map(column), judged: Object.fromEntries(Object.keys(judged).map((name) => [name, Buffer.from(new Float32Array(many).fill(NaN).buffer).toString("base64")])) };
  Object.assign(doc.jobs, { key: doc.jobs.key.map((key, j) => `${key}${j}`), state: column(["failed"]).fill("failed"), message: column([""]).fill("the disk was full") });
  Object.assign(doc, { left_out: ["curves", "confusion"], curves: { train: {}, test: {} }, confusion: { test: null, all: null } });
  const made = join(folder, "doctored-large.html");
  writeFileSync(made, `${head}id="cellsweep-data">${JSON.stringify(doc).replaceAll("<", "\\u003c")}${rest.slice(end)}`);
  await page.goto("about:blank");
  await page.goto(`file://${made}#lost-jobs?runs.run=${doc.jobs.key[7]}`, { waitUntil: "load" });
  await drawn(page);
  await page.waitForFunction(() => document.getElementById("lost-jobs")?.getBoundingClientRect().top < innerHeight);
  await page.$eval("#runs", (s) => s.scrollIntoView());
  await page.waitForSelector("#run:not([hidden])");
  assert.match(await page.$eval("#run .facts", (f) => f.innerText), /failed: the disk was full/);
  assert.match(await page.$eval("#run-log", (l) => l.innerText), /UTC failed: the disk was full$/);
});

await finish();
