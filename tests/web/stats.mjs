/* stats.mjs - the page's intervals are those of the program: node stats.mjs FINAL.csv EPOCHS.csv REPORT.html
 * FINAL.csv is a report's table, REPORT.html its page, EPOCHS.csv `cellsweep export --table epochs` of the same results file. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pool, summarise } from "../../results/web/src/stats.js";
import { check, failed, parseCsv } from "./results.mjs";

const [final, epochs] = process.argv.slice(2, 4).map((file) => parseCsv(readFileSync(file, "utf8")));
const { t95 } = JSON.parse(/id="cellsweep-data"[^>]*>(.*?)<\/script>/s.exec(readFileSync(process.argv[4], "utf8"))[1]);

function near(x, expected, tolerance, what) {
  if (Number.isNaN(expected)) return assert.ok(Number.isNaN(x), `${what}: ${x}, not undefined`);
  assert.ok(Math.abs(x - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${what}: ${x}, not ${expected}`);
}

/** Values of the last epoch of a row's jobs. */
function lastValues(row, name) {
  const same = ["clusters", "strategy", "protocol", "model"].filter((key) => key in row);
  const last = new Map();
  for (const e of epochs) if (same.every((key) => e[key] === row[key])) last.set(e.job, e);
  return [...last.values()].map((e) => (e[name] === "" ? NaN : Number(e[name])));
}

await check("intervals of a sweep are those of its report, with and without shared images, cut and not", () => {
  const seen = new Set();
  for (const row of final)
    for (const stem of Object.keys(row).filter((k) => /^(train|test)_.*_low$/.test(k)).map((k) => k.slice(0, -4))) {
      const cell = (end) => (row[`${stem}_${end}`] === "" ? NaN : Number(row[`${stem}_${end}`]));
      const ratio = row.test_ratio === "" ? NaN : Number(row.test_ratio);
      const most = stem.endsWith("_loss") ? Infinity : 1;
      const s = summarise(lastValues(row, stem), "ci", { t95, ratio, least: 0, most });
      assert.equal(s.n, Number(row.n));
      for (const end of ["mean", "sd", "low", "high"]) near(s[end], cell(end), 1e-6, `${row.strategy} ${row.protocol} ${stem}_${end}`);
      seen.add(`${ratio > 0 ? "shared" : "plain"} ${s.low === 0 || s.high === most ? "cut" : "whole"}`);
    }
  assert.deepEqual([...seen].sort(), ["plain cut", "plain whole", "shared cut", "shared whole"]);
});
await check("curves of runs of one split are one, their mean", () => {
  assert.deepEqual(pool([[1, 2], [5, 6], [3, NaN]], [7, null, 7]), [[2, 2], [5, 6]]);
  assert.deepEqual(pool([[1], [2]], [null, null]), [[1], [2]]);
});
process.exit(failed() ? 1 : 0);
