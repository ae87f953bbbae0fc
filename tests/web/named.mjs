/* named.mjs - report.html of classes that have long names: node named.mjs REPORT.html FOLDER SUSPECTS.html SUSPECTS.csv
 * SUSPECTS.csv is `cellsweep export --table suspects` of the sweep that SUSPECTS.html is of: what is shown has to be its rows. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { change, check, downloaded, drawn, finish, open, parseCsv } from "./browser.mjs";

const [report, folder, suspects, suspectsCsv] = process.argv.slice(2);
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

await check("a choice of more than two classes has no threshold, and the page goes on in other colours", async () => {
  const other = (id) => page.$$eval(`${id} option`, (list) => list.find((o) => !o.selected).value);
  await change(page, async () => page.select("#cuts-clusters", await other("#cuts-clusters")));
  assert.match(await page.$eval("#thresholds", (s) => s.innerText), /a threshold is of two\./);
  const ground = () => page.$eval("#plot-summary .main-svg", (svg) => svg.style.background);
  const before = await ground();
  await page.click("#theme");
  assert.notEqual(await ground(), before);
  await page.click("#theme");
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
});

await check("values in the address that are none are as if they were not there", async () => {
  await page.goto("about:blank");
  await page.goto(`file://${resolve(suspects)}#suspects?sus.sort=__proto__&sus.seeds=many&cm.set=abc&cut.at=abc&metric=constructor&runs.group=__proto__&runs.sort=constructor&tri.limits=a~b&__proto__=1&constructor=2`, { waitUntil: "load" });
  await drawn(page);
  assert.ok((await page.$$("#suspects .cell")).length > 0);
  assert.match(await text("#summary-confusion"), /test images, judged epoch/);
  assert.ok(await page.$eval("#plot-curves", (plot) => plot.data.some((t) => t.meta?.metric === "balanced_accuracy")));
  assert.doesNotMatch(await page.$eval("#link", (a) => a.href), /constructor=2|__proto__=1/);
});

/* ---- cells whose label is likely wrong ---- */

await page.goto("about:blank");
await page.goto(`file://${resolve(suspects)}`, { waitUntil: "load" });
await drawn(page);
const exported = parseCsv(readFileSync(suspectsCsv, "utf8")).filter((r) => r.protocol === "kfold:3");
const cards = () => page.$$eval("#suspects .cell", (list) => list.map((c) => c.innerText.split("\n")));
const ids = async () => (await cards()).map(([id]) => id.replace(/^cell /, ""));
const choose = (name, value) => change(page, () => page.select(`#suspects-${name}`, value));

await check("suspects are pictures of the cells that export names, the surest first", async () => {
  const mine = exported.filter((r) => r.strategy === "none");
  assert.deepEqual(await ids(), mine.map((r) => r.image));
  for (const wrong of ["wrong1", "wrong2", "wrong3"]) assert.ok((await ids()).slice(0, 3).some((id) => id.endsWith(wrong)), wrong);
  const [first] = await cards();
  assert.deepEqual(first.slice(1, 3), [`labelled ${mine[0].cluster}`, `likelier ${mine[0].likelier}`]);
  assert.ok(first.includes(`judged by ${mine[0].judged} runs`), first.join());
  assert.ok(first.includes(`${mine[0].seeds_agree} of ${mine[0].seeds} seeds agree`), first.join());
  const crops = await page.$$eval("#suspects .crop", (list) => list.map((c) => getComputedStyle(c).backgroundImage.slice(0, 26)));
  assert.deepEqual(crops, mine.map(() => 'url("data:image/png;base64'));
  assert.match(await text("#suspects [role=status]"), new RegExp(`^${mine.length} of 60 cells judged are suspects; the estimate is that \\d+\\.\\d % of these labels are wrong`));
});

await check("they are narrowed, sorted, and saved as export writes them", async () => {
  await choose("given", "CD8+ T cell");
  const mine = exported.filter((r) => r.strategy === "none" && r.cluster === "CD8+ T cell");
  assert.ok(mine.length >= 2);
  assert.deepEqual(await ids(), mine.map((r) => r.image));
  await choose("likelier", "CD8+ T cell");
  assert.deepEqual(await ids(), []);
  await choose("likelier", "");
  await choose("given", "");
  const all = exported.filter((r) => r.strategy === "none");
  const rows = parseCsv((await downloaded(page, "#suspects-csv", "suspects.csv")).toString());
  const exact = ({ p_cluster, p_likelier, share, ...others }) => others;
  assert.deepEqual(rows.map(exact), all.map(exact));
  rows.forEach((r, i) => ["p_cluster", "p_likelier", "share"].forEach((name) => assert.ok(Math.abs(r[name] - all[i][name]) < 1e-8, name)));
  assert.deepEqual(Object.keys(rows[0]), Object.keys(all[0]));
  await choose("sort", "judged");
  const judged = (await ids()).map((id) => Number(all.find((r) => r.image === id).judged));
  assert.deepEqual(judged, [...judged].sort((a, b) => b - a));
  await choose("sort", "margin");
});

await check("what leaks names no suspects, and says so", async () => {
  await choose("protocol", "report");
  await choose("strategy", "oversample");
  assert.deepEqual(await ids(), []);
  assert.match(await text("#suspects [role=status]"), /^2 jobs are left out that had seen test images .* run protocol kfold, or holdout\.$/);
});

await check("nothing suspected, nothing stored and few seeds agreeing are told apart", async () => {
  const html = readFileSync(suspects, "utf8");
  const [head, rest] = html.split('id="cellsweep-data">');
  const end = rest.indexOf("</script>");
  const show = async (change_) => {
    const doc = JSON.parse(rest.slice(0, end));
    change_(doc);
    const made = join(folder, "doctored-suspects.html");
    writeFileSync(made, `${head}id="cellsweep-data">${JSON.stringify(doc).replaceAll("<", "\\u003c")}${rest.slice(end)}`);
    await page.goto("about:blank");
    await page.goto(`file://${made}`, { waitUntil: "load" });
    await drawn(page);
    return text("#suspects");
  };
  assert.match(await show((doc) => { doc.suspects.rows = []; doc.suspects.groups.forEach((g) => (g.suspects = 0)); }), /None of 60 cells judged is a suspect\./);
  assert.match(await show((doc) => { doc.suspects.rows = []; doc.suspects.groups.forEach((g) => Object.assign(g, { images: 0, suspects: 0, leaky: 0 })); }), /No suspects: no test prediction of a finished job is stored yet\./);
  assert.match(await show((doc) => (doc.cells = null)), /The packed images are not beside the results file/);
  assert.match(await show((doc) => doc.suspects.groups.forEach((g) => (g.suspects = 500))), /The \d+ surest are here; all of them: cellsweep export, --table suspects\./);
  await show((doc) => doc.suspects.rows.forEach((r, i) => (r.seeds_agree = i % 3)));
  const before = (await ids()).length;
  await choose("seeds", "1");
  const after = (await ids()).length;
  assert.ok(after > 0 && after < before, `${after} of ${before}`);
  assert.match(await text("#suspects [role=status]"), new RegExp(`${after} of ${before} are shown`));
});

await finish(page);
