/* early.mjs - report.html of jobs that stop early, some by the reported set: node early.mjs REPORT.html FOLDER */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { check, drawn, finish, open } from "./browser.mjs";

const [report, folder] = process.argv.slice(2);
const page = await open(folder);
await page.goto(`file://${resolve(report)}`, { waitUntil: "load" });
await drawn(page);

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

await finish();
