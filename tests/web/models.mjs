/* models.mjs - the section "Which model": node models.mjs REPORT.html MODELS.csv FOLDER
 * MODELS.csv is the table of the same report. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { change, check, drawn, finish, open, parseCsv } from "./browser.mjs";

const [report, table, folder] = process.argv.slice(2);
const rows = parseCsv(readFileSync(table, "utf8"));
const page = await open(folder);
await page.goto(`file://${resolve(report)}`, { waitUntil: "load" });
await drawn(page);

/** Nine digits are in the table. */
const near = (x, y) => assert.ok(Math.abs(x - y) <= 1e-8 * Math.abs(y), `${x} is not ${y}`);

const points = () => page.$eval("#plot-models", (plot) => plot.data.filter((t) => t.meta?.model).map((t) => ({ model: t.meta.model, x: t.x[0], y: t.y[0], name: t.name })));

await check("the section is named, and linked", async () => {
  assert.equal(await page.$eval("#models h2", (h) => h.textContent), "Which model");
  assert.ok(await page.$('.top nav a[href="#models"]'));
});

for (const strategy of ["none", "oversample"])
  await check(`what is drawn of ${strategy} is the table of the report`, async () => {
    if (strategy !== "none") await change(page, () => page.select("#models-strategy", strategy));
    const mine = rows.filter((r) => r.strategy === strategy);
    assert.equal(mine.length, 4);
    const shown = await points();
    assert.deepEqual(shown.map((p) => [p.model, p.name]), mine.map((r) => [r.model, r.model]));
    shown.forEach((p, i) => (near(p.x, Number(mine[i].seconds)), near(p.y, Number(mine[i].balanced_accuracy))));
    const ranks = await page.$eval("#plot-ranks", (plot) => Object.fromEntries(plot.data.map((t) => [t.y[0], t.x[0]])));
    mine.forEach((r) => near(ranks[r.model], Number(r.average_rank)));
    assert.equal(await page.$$eval("#table-models tbody tr", (l) => l.length), 4);
  });

await check("models are called as in the sweep file, and what is known of them is said", async () => {
  const text = await page.$eval("#which-model", (p) => p.textContent);
  assert.match(text, /(forest|knn|logistic|cnn) (has|shares) the highest mean balanced accuracy, 0\.\d+ over 5 sets of clusters, at [\d.]+ s a job/);
  assert.match(text, /Friedman's test/);
  assert.match(text, /adjusted for all 60 of the sweep/);
});

await check("what guessing gives is a line", async () => {
  const line = await page.$eval("#plot-models", (plot) => ({ y: plot.layout.shapes.map((s) => s.y0), text: plot.layout.annotations.map((a) => a.text) }));
  assert.deepEqual(line, { y: [0.5], text: ["chance"] });
});

await check("no two models look alike, and each alike in both plots", async () => {
  const looks = (id) => page.$eval(id, (plot) => Object.fromEntries(plot.data.filter((t) => t.showlegend !== false || t.y.length === 1).map((t) => [t.meta?.model ?? t.y[0], `${t.marker.color} ${t.marker.symbol}`])));
  const [costs, ranks] = [await looks("#plot-models"), await looks("#plot-ranks")];
  assert.deepEqual(new Set(Object.values(costs)).size, 4);
  for (const r of new Set(rows.map((row) => row.model))) assert.equal(costs[r], ranks[r]);
});

await check("what training costs is the table of the report, with its fronts, for people in words", async () => {
  const costs = parseCsv(readFileSync(join(dirname(report), "training_cost.csv"), "utf8")).filter((r) => r.clusters === "1+27");
  const drawnOf = await page.$eval("#plot-training-cost", (plot) => plot.data.filter((t) => t.meta.cost).map((t) => ({ ...t.meta, x: t.x[0], y: t.y[0], open: String(t.marker.symbol).endsWith("-open") })));
  assert.equal(costs.length, 8);
  assert.equal(drawnOf.length, 16);
  for (const p of drawnOf) {
    const row = costs.find((r) => r.strategy === p.strategy && r.model === p.model);
    near(p.x, Number(row[p.cost]));
    near(p.y, Number(row.balanced_accuracy));
    assert.equal(p.open, row[`beaten_${p.cost}`] !== "0", `${p.strategy}, ${p.model}`);
  }
  const fronts = await page.$eval("#plot-training-cost", (plot) => Object.fromEntries(plot.data.filter((t) => t.meta.front).map((t) => [t.meta.front, t.x.slice(0, -1)])));
  for (const cost of ["images", "seconds"]) {
    const expected = costs.filter((r) => r[`front_${cost}`] === "1").map((r) => Number(r[cost])).sort((a, b) => a - b);
    assert.equal(fronts[cost].length, expected.length);
    expected.forEach((x, i) => near(fronts[cost][i], x));
  }
  assert.match(await page.$eval("#training-cost", (p) => p.textContent), /Pareto front of means against seconds: .*16 of 28 pairs are tested/);
  assert.equal(await page.$eval("#plot-training-size", (plot) => plot.closest("figure").hidden), true);
});

await check("curves of a model that learns at once are told to be flat", async () => {
  const said = (model) => change(page, () => page.select("#choose-model", model)).then(() => page.$eval(".explorer > .hint", (n) => n.textContent));
  assert.match(await said("knn"), /Model knn learns at once, not epoch by epoch/);
  assert.doesNotMatch(await said("cnn"), /learns at once/);
});

await finish();
