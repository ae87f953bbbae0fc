/* early.mjs - report.html of jobs that stop early, some by the reported set: node early.mjs REPORT.html FOLDER TUNED.html
 * TUNED.html is of a sweep that tunes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { haveCuts, haveTrials } from "../../results/web/src/model.js";
import { change, check, drawn, finish, open, parseCsv } from "./browser.mjs";

const [report, folder, tuned] = process.argv.slice(2);
const page = await open(folder);
await page.goto(`file://${resolve(report)}`, { waitUntil: "load" });
await drawn(page);

await check("what a sweep will have has its section before the first job is finished", () => {
  const apart = new Set();
  assert.equal(haveTrials({ apart, doc: { tables: { trials: { columns: [], rows: [] } } } }), true);
  assert.equal(haveTrials({ apart, doc: { tables: {} } }), false);
  const beginning = (clusters, done) => haveCuts({ apart, doc: { cuts: null }, countState: () => done, values: () => [clusters.join("-")], classes: () => clusters });
  assert.deepEqual([beginning([8, 10], 0), beginning([8, 10], 3), beginning([8, 10, 14], 0)], [true, false, false]);
});

const text = (selector) => page.$eval(selector, (e) => e.textContent);

await check("jobs are not said to have the epochs they were given", async () => {
  assert.match(await text(".lead"), /of up to 12 epochs each, ended after \d+ to \d+\./);
});

await check("curves say how many jobs are behind their ends", async () => {
  const notes = await page.$eval("#plot-curves", (plot) => plot.layout.annotations.map((a) => a.text));
  assert.ok(notes.some((note) => /^n = 4 to epoch \d+, [123] to \d+/.test(note)), notes.join("; "));
  assert.match(await text("#summary-curves"), /\(n = [123] of 4\).* that of the longest ones only/);
});

await check("curves end with their last epoch, whatever jobs might have had", async () => {
  const [range, last] = await page.$eval("#plot-curves", (plot) => [plot.layout.xaxis.range[1], Math.max(...plot.data.flatMap((t) => [...t.x].filter((_, i) => t.y[i] !== null)))]);
  assert.ok(last < 12 && range >= last && range < last + 0.5, `the axis ends at ${range}, the last epoch is ${last}`);
});

await check("accuracy against training size is the table of the report, and says what was chosen on the reported set", async () => {
  const rows = parseCsv(readFileSync(join(dirname(report), "training_size.csv"), "utf8"));
  const lines = await page.$eval("#plot-training-size", (plot) => plot.data.map((t) => ({ strategy: t.meta.strategy, points: t.y.map((y, i) => [t.customdata[i][0], t.customdata[i][1], y]) })));
  assert.deepEqual(lines.map((l) => l.strategy), ["none", "oversample"]);
  for (const line of lines) {
    const mine = rows.filter((r) => r.strategy === line.strategy).map((r) => [r.originals, r.n_train, r.balanced_accuracy].map(Number)).sort((a, b) => a[0] - b[0]);
    assert.equal(mine.length, 2);
    line.points.forEach((point, i) => point.forEach((x, k) => assert.ok(Math.abs(x - mine[i][k]) <= 1e-8 * Math.abs(x), `${x} is not ${mine[i][k]}`)));
  }
  assert.deepEqual(...lines.map((l) => l.points.map((p) => p[0])), "copies are no originals");
  assert.match(await text("#summary-training-size"), /originals that a job has to learn from.* Epochs were chosen on the reported set\./);
});

await check("what training costs is told, with what was chosen on the reported set", async () => {
  await change(page, () => page.select("#training-axis\\.inner", "none"));
  assert.match(await text("#training-cost"), /Pareto front of means against images: .*Epochs were chosen on the reported set\./);
});

await check("numbers are marked whose epochs were chosen on the reported set", async () => {
  const rows = await page.$$eval("#table-final tbody tr", (list) => list.map((tr) => tr.textContent));
  assert.ok(rows.some((row) => row.includes("the reported set")) && rows.some((row) => !row.includes("the reported set")));
});

for (const width of [1280, 390])
  await check(`nothing is cut where the page is ${width} pixels wide`, async () => {
    await page.setViewport({ width, height: 900 });
    const [page_, nav, calibration] = await page.evaluate(() => [document.documentElement, document.querySelector(".top nav"), document.querySelector("#table-calibration").parentElement].map((e) => e.scrollWidth - e.clientWidth));
    assert.equal(page_, 0);
    if (width > 1000) assert.deepEqual([nav, calibration], [0, 0]);
  });

await page.goto(`file://${resolve(tuned)}`, { waitUntil: "load" });
await drawn(page);

const trialsOf = () => page.evaluate(() => {
  const doc = JSON.parse(document.getElementById("cellsweep-data").textContent);
  const of = (table) => table.rows.map((r) => Object.fromEntries(table.columns.map((c, i) => [c, r[i]])));
  return { jobs: doc.jobs, trials: of(doc.tables.trials), tuning: of(doc.tables.tuning) };
});

await check("trials are lines, the chosen one of every job is what the table of tuning says", async () => {
  const { jobs, trials, tuning } = await trialsOf();
  assert.equal(await page.$$eval("#plot-trials .trial", (l) => l.length), trials.length);
  assert.equal(await page.$$eval("#plot-trials .best", (l) => l.length), tuning.length);
  for (const row of tuning) {
    const [best] = trials.filter((t) => jobs.strategy[t.job] === row.strategy && jobs.seed[t.job] === row.seed && t.state === "best");
    assert.deepEqual([best.trial, best["knn.k"], best.score], [row.chosen, String(row["knn.k"]), row.score]);
  }
});

await check("limits of an axis leave some of them, in the picture and in the table", async () => {
  const { trials } = await trialsOf();
  const left = trials.filter((t) => Number(t["knn.k"]) >= 5).length;
  assert.ok(left > 0 && left < trials.length);
  await change(page, () => page.$eval("[id='trials-knn.k-0']", (input) => ((input.value = "5"), input.dispatchEvent(new Event("change")))));
  assert.equal(await page.$$eval("#plot-trials .trial", (l) => l.length), left);
  assert.match(await text("#summary-trials"), new RegExp(`^${left} of ${trials.length} trials\\. Best: knn.k \\d, score `));
  assert.equal(await page.$$eval("#plot-trials .brush", (l) => l.length), 1);
  const box = await page.$eval("#plot-trials .catch", (r) => (r.scrollIntoView({ block: "center" }), (({ x, y, width, height }) => ({ x: x + width / 2, y, height }))(r.getBoundingClientRect())));
  await change(page, async () => {
    await page.mouse.move(box.x, box.y + box.height - 2);
    await page.mouse.down();
    await page.mouse.move(box.x, box.y + box.height / 2);
    await page.mouse.up();
  });
  const low = trials.filter((t) => Number(t["knn.k"]) < 5).length;
  assert.equal(await page.$$eval("#plot-trials .trial", (l) => l.length), low);
  await change(page, () => page.click("#trials-all"));
  assert.equal(await page.$$eval("#plot-trials .trial", (l) => l.length), trials.length);
});

await finish();
