/* served.mjs - the page of `cellsweep serve` beside a sweep that runs, is killed, goes on and ends:
 * node served.mjs CELLSWEEP SWEEP.yaml RESULTS.h5 CELLS FOLDER
 * CELLS is what `data synth` wrote; one of its images is uploaded. The children that are started here are ended here. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { check, downloaded, drawn, expectComplaint, finish, open, parseCsv, sleep } from "./browser.mjs";

const [program, sweep, results, cells, folder] = process.argv.slice(2);
const TOKEN = "a-token-of-this-test-0123456789";
const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

function start(...command) {
  const child = spawn(program, command, { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.over = new Promise((resolve) => child.on("exit", (code, signal) => (children.delete(child), resolve(signal ?? code))));
  return child;
}

const startRun = () => start("run", sweep, "-o", results);

async function startServer(port) {
  const child = start("serve", results, "--port", String(port), "--token", TOKEN);
  const address = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (part) => {
      text += part;
      const found = text.match(/http:\/\/127\.0\.0\.1:\d+\//);
      if (found) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`serve ended with ${code}: ${text}`)));
  });
  return { child, address };
}

/** Let `child` run for a twentieth of the time, so that a fast machine does not end the sweep before a slow browser has seen it; returns what ends that. */
function throttle(child) {
  const stop = setInterval(() => (child.kill("SIGCONT"), setTimeout(() => child.kill("SIGSTOP"), 25)), 500);
  return () => (clearInterval(stop), setTimeout(() => child.kill("SIGCONT"), 60));
}

let run = startRun();
while (!existsSync(results) && run.exitCode === null) await sleep(0.1);
const unthrottle = throttle(run);
let { child: server, address } = await startServer(0);
const page = await open(folder, address);
await page.goto(`${address}?token=${TOKEN}`, { waitUntil: "load" });
await drawn(page);
await page.evaluate(() => (window.neverReloaded = true));

const text = (selector) => page.$eval(selector, (e) => e.textContent);
const until = (condition, ...given) => page.waitForFunction(condition, { polling: 100 }, ...given);
const points = () => page.$eval("#plot-curves", (plot) => plot.data.filter((t) => t.meta?.curve === "mean").flatMap((t) => t.customdata.map((c) => c[2])).reduce((a, b) => a + b, 0));

/** In the page: curves have more points than when it was last looked at, with no document fetched for half a second before. */
function grewByRows() {
  const fetched = performance.getEntriesByType("resource").filter((e) => e.name.includes("/api/sweep")).length;
  const n = document.getElementById("plot-curves").data.filter((t) => t.meta?.curve === "mean").flatMap((t) => t.customdata.map((c) => c[2])).reduce((a, b) => a + b, 0);
  const last = window.lastLook;
  if (last && last.fetched === fetched && performance.now() - last.since > 500 && n > last.n) return true;
  window.lastLook = { fetched, n, since: last?.fetched === fetched ? last.since : performance.now() };
  return false;
}

await check("curves grow while the sweep runs", async () => {
  await until(() => /^Running: \d of 6 jobs over/.test(document.getElementById("progress-text").textContent));
  await until(grewByRows);
});

await check("a killed run is said to be dead", async () => {
  unthrottle();
  run.kill("SIGKILL");
  assert.equal(await run.over, "SIGKILL", "the sweep was over before it was killed");
  await until(() => /^The run has died: .+/.test(document.getElementById("banner").textContent));
  assert.equal(await page.$eval("#banner", (b) => b.getAttribute("role")), "alert");
});

await check("a resumed run goes on by itself, and ends", async () => {
  run = startRun();
  await until(() => document.getElementById("banner").textContent === "");
  assert.equal(await run.over, 0);
  await until(() => /^Finished: 6 of 6 jobs over/.test(document.getElementById("progress-text").textContent));
  await until(() => /6 of 6 jobs finished/.test(document.querySelector(".lead").textContent));
  await until(() => document.querySelectorAll("#table-final tbody tr").length === 2);
  assert.ok(await page.evaluate(() => window.neverReloaded));
  await drawn(page);
  assert.equal(await points(), 2 * 2 * 6 * 80);
});

const flags = () => page.$$eval(".predicted [data-flag]", (list) => list.map((e) => e.dataset.flag));

/** The flags that an answer of two classes and one image must have. */
function flagsOf({ images: [image], clusters }) {
  const { copy, distance, usual } = image.known;
  const p = Math.max(...image.probabilities);
  const jobs = image.votes.reduce((a, b) => a + b);
  const found = { empty: image.flat, "of another class": copy && !clusters.includes(copy.cluster), copy: copy && clusters.includes(copy.cluster), "unlike all": distance > usual, unsure: p < 0.75, divided: image.votes[image.probabilities.indexOf(p)] < 0.8 * jobs };
  return Object.keys(found).filter((name) => found[name]);
}

const outlines = ["cell_boundaries.csv", "cell_boundaries.csv.gz"].map((name) => join(cells, name)).find(existsSync);
const picture = join(cells, "cell_images", "cluster_14", readdirSync(join(cells, "cell_images", "cluster_14"))[0]);
await check("an uploaded image is shown and classified as the server says", async () => {
  await until(() => document.querySelectorAll("#predict-model option").length === 2);
  await (await page.$("#predict-images")).uploadFile(picture);
  await page.waitForSelector(".predicted [data-probability]");
  const form = new FormData();
  form.append("image", new Blob([readFileSync(picture)]), "cell.png");
  const model = await page.$eval("#predict-model", (m) => m.value); // the first that there was stays chosen when others come
  const answer = await (await fetch(`${address}api/predict?model=${model}`, { method: "POST", body: form, headers: { Authorization: `Bearer ${TOKEN}` } })).json();
  const shown = await page.$$eval(".predicted [data-probability]", (list) => list.map((e) => Number(e.dataset.probability)));
  assert.deepEqual(shown, answer.images[0].probabilities);
  const best = answer.clusters[shown.indexOf(Math.max(...shown))];
  assert.match(await text(".predicted p"), new RegExp(`(The image belongs to|the networks choose) cluster ${best}\\b`));
  const votes = answer.images[0].votes;
  assert.match(await text(".predicted .caution"), new RegExp(`^Chosen among clusters \\d+, \\d+: one of them is named whatever the image shows\\. ${votes[answer.clusters.indexOf(best)]} of 3 jobs that vote find cluster ${best} likeliest; the standard deviation`));
  assert.deepEqual(await flags(), flagsOf(answer));
  await until(() => [...document.querySelectorAll(".predicted img")].every((i) => i.complete && i.naturalWidth > 0));
  assert.equal(await page.$$eval(".predicted > .steps img", (l) => l.length), 2, "not masked: two pictures");
  assert.equal(await page.$$eval(".predicted details img", (l) => l.length), 5);
  assert.equal(await page.$$eval(".predicted canvas", (l) => l.length), 1);
});

await check("the predictions are downloaded as CSV", async () => {
  const [row] = parseCsv((await downloaded(page, "#classify button[aria-label*=CSV]", "synthetic-predictions.csv")).toString());
  const shown = await page.$$eval(".predicted [data-probability]", (list) => list.map((e) => e.dataset.probability));
  assert.deepEqual([row.p_14, row.p_15], shown);
});

await check("a cell of the sweep is known again, and not taken for a new one", async () => {
  await (await page.$("#predict-boundaries")).uploadFile(outlines);
  await page.waitForSelector('.predicted [data-flag="copy"]');
  assert.match(await text('.predicted [data-flag="copy"]'), new RegExp(`^It equals cell ${basename(picture).match(/\d+/)[0]} of cluster 14 of the sweep in every pixel`));
  assert.equal(await page.$$eval(".predicted > .steps img", (l) => l.length), 3);
  const [row] = parseCsv((await downloaded(page, "#classify button[aria-label*=CSV]", "synthetic-predictions.csv")).toString());
  assert.deepEqual([row.copy_of, row.jobs, /copy/.test(row.beware)], [basename(picture).match(/\d+/)[0], "3", true]);
});

await check("many images come as a table, what is unreadable before it", async () => {
  const folder = (n) => join(cells, "cell_images", `cluster_${n}`);
  const files = [14, 15].flatMap((n) => readdirSync(folder(n)).slice(0, 3).map((name) => join(folder(n), name)));
  const foreign = join(folder(1), readdirSync(folder(1))[0]);
  await (await page.$("#predict-images")).uploadFile(...files.slice(0, 3), sweep, ...files.slice(3), foreign);
  await until(() => document.querySelectorAll("#table-predictions tbody tr").length === 7);
  assert.match(await text("#predictions-table .warning li"), /live\.yaml/);
  assert.deepEqual(await page.$$eval("#predictions > *", (l) => l.map((e) => `${e.tagName} ${e.open ?? ""}`)), Array(7).fill("DETAILS false"));
  assert.match(await text(`#predictions details[data-name="${basename(foreign)}"] [data-flag="of another class"]`), /of cluster 1, which is none of clusters 14, 15\.$/);
  assert.match(await text("#classify [role=status]"), /^7 images classified, 1 could not be read; beware of 7\.$/);
  await page.click("#table-predictions thead th:nth-child(3) button");
  const p = await page.$$eval("#table-predictions tbody td:nth-child(3)", (l) => l.map((e) => Number(e.textContent)));
  assert.deepEqual(p, [...p].sort((a, b) => b - a));
  await page.$eval("#predict-boundaries", (e) => (e.value = ""));
});

await check("what is no image is refused by name", async () => {
  await (await page.$("#predict-images")).uploadFile(sweep);
  await page.waitForSelector(".predicted .warning");
  assert.match(await text(".predicted .warning"), /live\.yaml/);
});

await check("a model that has moved in the server's list is still the one that was chosen", async () => {
  await page.evaluateOnNewDocument(() => {
    const real = window.fetch;
    window.fetch = async (...request) => {
      const response = await real(...request);
      if (window.moved || !String(request[0]).includes("api/models")) return response;
      window.moved = true;
      return new Response(JSON.stringify((await response.json()).reverse()));
    };
  });
  await page.goto(address, { waitUntil: "load" });
  await until(() => document.querySelectorAll("#predict-model option").length === 2 && window.moved);
  const filter = await page.$eval("#predict-model option", (o) => o.title);
  await (await page.$("#predict-images")).uploadFile(picture);
  await page.waitForSelector(".predicted [data-probability]");
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const models = await (await fetch(`${address}api/models`, { headers })).json();
  const form = new FormData();
  form.append("image", new Blob([readFileSync(picture)]), "cell.png");
  const answer = await (await fetch(`${address}api/predict?model=${models.findIndex((m) => m.filter === filter)}`, { method: "POST", body: form, headers })).json();
  assert.notEqual(models[0].filter, filter);
  assert.deepEqual(await page.$$eval(".predicted [data-probability]", (list) => list.map((e) => Number(e.dataset.probability))), answer.images[0].probabilities);
  await page.evaluate(() => (window.neverReloaded = true));
});

await check("what is apart is asked for when it is drawn", async () => {
  await page.evaluateOnNewDocument(() => {
    const real = window.fetch;
    const apart = {}, holds = location.hash.includes("held");
    window.asked = [];
    window.fetch = async (...request) => {
      const url = String(request[0]);
      if (holds && !window.released && url.includes("api/curves")) await new Promise((go) => (window.held ??= []).push(go));
      const piece = /part=(\w+)/.exec(url)?.[1];
      window.asked.push(url);
      if (piece && piece !== "first") return new Response(JSON.stringify(apart[piece]));
      const response = await real(...request);
      if (!piece) return response;
      const doc = await response.json();
      apart.comparisons = { version: doc.version, tables: { comparisons: doc.tables.comparisons } };
      delete doc.tables.comparisons;
      Object.assign(doc, { left_out: ["curves", "confusion", "comparisons"], curves: { train: {}, test: {} }, confusion: { test: null, all: null } });
      return new Response(JSON.stringify(doc));
    };
  });
  const seen = () => page.$eval("#plot-confusion", (plot) => plot.data[0].z.flat());
  await drawn(page);
  const before = [await points(), await seen()];
  await page.goto("about:blank");
  await page.goto(address, { waitUntil: "load" });
  await drawn(page);
  assert.deepEqual([await points(), await seen()], before);
  await until(() => document.querySelectorAll("#table-runs .spark").length === 6 && document.querySelector("#plot-comparisons .points"));
  const asked = await page.evaluate(() => window.asked);
  assert.ok(asked.some((url) => /curves\?matrices=1&jobs=/.test(url)) && asked.filter((url) => /part=comparisons&version=\w+-\d+$/.test(url)).length === 1, asked.join(" "));
  await page.evaluate(() => (window.neverReloaded = true));
});

await check("what has not come yet is said to be missing on paper, and comes later", async () => {
  await page.goto("about:blank");
  await page.goto(`${address}#held`, { waitUntil: "load" });
  await until(() => window.held?.length > 0 && document.getElementById("strategies").innerText.includes("Reading …"));
  await page.waitForSelector("#table-runs tbody a");
  await page.$eval("#table-runs tbody tr:last-child a", (a) => a.click());
  await until(() => /^Run \w+/.test(document.getElementById("run").innerText) && document.getElementById("run").previousElementSibling.textContent === "Reading …"); // what is here of it
  assert.equal(await page.$eval("#run .chart", (c) => c.hidden), true);
  const onPaper = await page.evaluate(() => {
    window.dispatchEvent(new Event("beforeprint"));
    const text_ = document.getElementById("strategies").innerText;
    const reading = document.body.innerText.includes("Reading …");
    window.dispatchEvent(new Event("afterprint"));
    return [text_, reading, document.getElementById("strategies").innerText];
  });
  assert.match(onPaper[0], /Not on this paper: the server was still being asked for it/);
  assert.equal(onPaper[1], false);
  assert.match(onPaper[2], /Reading …/);
  await page.evaluate(() => ((location.hash = "#strategies"), (window.released = true), window.held.forEach((go) => go())));
  await until(() => !document.querySelector("#run .chart").hidden);
  await page.click("#run-close");
  await until(() => document.querySelector("#plot-curves svg") && !/Reading …|Not on this paper/.test(document.getElementById("strategies").innerText));
  await page.evaluate(() => (window.neverReloaded = true));
});

await check("one run's view has the lines of the event log, as text", async () => {
  const lines = readFileSync(`${results}.events.jsonl`, "utf8").split("\n").filter((line) => line.includes('"job": 0,')).map((line) => JSON.parse(line));
  const message = '<img src=x onerror="document.title=1">';
  appendFileSync(`${results}.events.jsonl`, `${JSON.stringify({ time: "2999-01-01T00:00:00.000Z", event: "job_failed", job: 0, rank: 0, attempt: 9, last: false, message }).replaceAll('":', '": ')}\n`);
  appendFileSync(`${results}.events.jsonl`, '{"time": "2999-01-01T00:00:01Z", "event": "job_finished", "job": 0, "rank": 0, "seconds": "x", "epochs": 80, "loss": {}}\n');
  await page.$eval("#table-runs tbody a", (a) => a.click());
  await until(() => document.getElementById("run-log").innerText.includes("2999"));
  const shown = await page.$$eval("#run-log li", (list) => list.map((li) => li.textContent));
  assert.equal(shown.length, lines.length + 2);
  assert.match(shown[0], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC attempt 1 started on rank 0$/);
  assert.ok(shown.some((line) => / finished on rank 0 in [\d.]+ (s|min), 80 epochs; test loss [\d.]+, balanced accuracy [\d.]+$/.test(line)), shown.join("\n"));
  assert.equal(shown.at(-1), "2999-01-01 00:00:01 UTC finished on rank 0 in – s, 80 epochs; test loss –, balanced accuracy –");
  assert.equal(shown.at(-2), `2999-01-01 00:00:00 UTC attempt 9 failed on rank 0: ${message}; it is tried again`);
  assert.equal(await page.$$eval("#run-log img", (list) => list.length), 0);
  assert.equal(await text("#run-log-said"), "From the event log beside the results file.");
});

await check("the token is in no link", async () => {
  const links = await page.$$eval("a", (list) => list.map((a) => a.getAttribute("href")));
  assert.ok(links.length > 5 && !links.some((href) => href.includes("token")));
});

await check("an unreachable server is said to be, and the page comes back with it", async () => {
  expectComplaint(/ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED/);
  server.kill("SIGTERM");
  await server.over;
  await until(() => /^Server unreachable/.test(document.getElementById("banner").textContent));
  ({ child: server } = await startServer(new URL(address).port));
  await until(() => document.getElementById("banner").textContent === "");
  assert.ok(await page.evaluate(() => window.neverReloaded));
});

server.kill("SIGTERM");
await finish();
