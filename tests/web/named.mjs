/* named.mjs - report.html of classes that have long names: node named.mjs REPORT.html FOLDER */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { check, drawn, finish, open } from "./browser.mjs";

const [report, folder] = process.argv.slice(2);
const page = await open(folder);
await page.goto(`file://${resolve(report)}`, { waitUntil: "load" });
await drawn(page);

const text = (selector) => page.$eval(selector, (e) => e.textContent);

/** Where the elements of a selector are, on the screen. */
const boxes = (selector) => page.$$eval(selector, (list) => list.map((e) => e.getBoundingClientRect()).map(({ left, right, top, bottom }) => ({ left, right, top, bottom })));

await check("names are classes, not clusters", async () => {
  assert.match(await text(".lead"), /90 images of 3 classes\./);
  assert.match(await text("#summary-clusters"), /^Most images: Monocytes, very classical ones \(36\); fewest: CD8\+ T cell \(24\): 1\.5 to one\./);
  for (const selector of [".lead", "#summary-clusters", "#summary-curves", "#summary-confusion", ".cells", "#plot-confusion", "#plot-clusters"]) assert.doesNotMatch(await text(selector), /cluster/, selector);
});

await check("matrices have room for names beside their rows", async () => {
  const [plot] = await boxes("#plot-confusion");
  const [title] = await boxes("#plot-confusion .ytitle");
  const labels = await boxes("#plot-confusion .ytick text");
  assert.ok(title && labels.length >= 2);
  for (const label of [title, ...labels]) assert.ok(label.left >= plot.left, `${label.left} is left of ${plot.left}`);
  for (const label of labels) assert.ok(label.left >= title.right, "a name lies on the axis's title");
});

await check("curves end with their last epoch", async () => {
  const [range, last] = await page.$eval("#plot-curves", (plot) => [plot.layout.xaxis.range[1], Math.max(...plot.data.flatMap((t) => [...(t.x ?? [])]))]);
  assert.ok(range >= last && range < last + 0.5, `the axis ends at ${range}, the last epoch is ${last}`);
});

await finish(page);
