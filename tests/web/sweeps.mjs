/* sweeps.mjs - the section "Sweeps compared": node sweeps.mjs REPORT.html SWEEPS.csv FOLDER
 * SWEEPS.csv is the table of the same report. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { change, check, drawn, finish, open, parseCsv } from "./browser.mjs";

const [report, table, folder] = process.argv.slice(2);
const rows = parseCsv(readFileSync(table, "utf8"));
const page = await open(folder);
await page.goto(`file://${resolve(report)}`, { waitUntil: "load" });
await drawn(page);

await check("the section is named, and linked", async () => {
  assert.equal(await page.$eval("#sweeps h2", (h) => h.textContent), "Sweeps compared");
  assert.ok(await page.$('.top nav a[href="#sweeps"]'));
});

await check("what is known of the two is said", async () => {
  assert.match(await page.$eval("#sweep-words", (p) => p.textContent), /^Sweep \S+ .*against \S+: \d+ combinations? in both.*bits?/);
});

for (const metric of ["balanced_accuracy", "loss"])
  await check(`what is drawn of ${metric} is the table of the report`, async () => {
    if (metric !== "balanced_accuracy") await change(page, () => page.select('#sweeps [data-key="vs.metric"]', metric));
    const mine = rows.filter((r) => r.metric === metric);
    const wanted = mine.filter((r) => r.difference !== "").map((r) => Number(r.difference));
    const shown = await page.$eval("#plot-sweeps", (plot) => plot.data.flatMap((t) => t.x));
    const [drawnNow, told] = [shown, wanted].map((list) => [...list].sort((a, b) => a - b));
    assert.equal(drawnNow.length, told.length);
    drawnNow.forEach((x, i) => assert.ok(Math.abs(x - told[i]) <= 1e-8, `${x} is not ${told[i]}`)); // nine digits are in the table
    assert.ok(wanted.length > 0 && mine.length > wanted.length);
    assert.equal(await page.$$eval("#table-sweeps tbody tr", (l) => l.length), mine.length);
  });

await finish(page);
