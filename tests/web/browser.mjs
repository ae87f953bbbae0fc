/* browser.mjs - a headless Chromium for the tests of the page: what it complains about, what it asks for, what it downloads.
 *
 *     const page = await open(folder);      folder: for downloads
 *     await check("the title is there", async () => assert.equal(...));
 *     await finish(page);                    console and requests are judged here
 *
 * WEB_MODULES names the folder that puppeteer-core is installed in. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { check, failed, parseCsv } from "./results.mjs";

export { check, parseCsv };

const require = createRequire(resolve(process.env.WEB_MODULES, "from-here.js"));
const puppeteer = require("puppeteer-core");

/** Milliseconds after which something hangs; never a measure of how long anything takes. */
export const HANGS = 500000;

const complaints = [], strangers = [];
let browser, downloads, expected = [];

/** A page whose console and requests are watched. `own`: requests to addresses that begin so, one or several, are its own. */
export async function open(folder, own = "file://") {
  downloads = resolve(folder);
  browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, timeout: HANGS, protocolTimeout: HANGS, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  const page = await browser.newPage();
  page.setDefaultTimeout(HANGS);
  page.on("console", (m) => ["error", "warn", "warning"].includes(m.type()) && complaints.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => complaints.push(`exception: ${e.message}`));
  page.on("request", (r) => !["data:", "blob:", own].flat().some((start) => r.url().startsWith(start)) && strangers.push(r.url()));
  const session = await browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads });
  await page.setViewport({ width: 1280, height: 900 });
  return page;
}

/** Complaints that match are the test's own doing. */
export function expectComplaint(pattern) {
  expected.push(pattern);
}

/** The sections have all been drawn, more often than `before`, and nothing is left to do. */
export async function drawn(page, before = 0) {
  await page.waitForFunction((n) => {
    const { drawn: count, busy } = document.getElementById("app").dataset;
    return Number(count ?? 0) > n && busy === undefined;
  }, {}, before);
}

/** Do something that changes the view, and wait until all of it is drawn again: what was going on before is not taken for that. */
export async function change(page, action) {
  await drawn(page);
  const before = await page.$eval("#app", (app) => Number(app.dataset.drawn));
  await action();
  await drawn(page, before);
}

/** Click, and wait for the file that comes of it. */
export async function downloaded(page, selector, name) {
  const file = join(downloads, name);
  rmSync(file, { force: true });
  await page.$eval(selector, (button) => button.click());
  for (const end = Date.now() + HANGS; Date.now() < end && !existsSync(file); ) await sleep(0.05);
  await sleep(0.05);
  return readFileSync(file);
}

export const sleep = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

export async function finish() {
  const wrong = complaints.filter((c) => !expected.some((pattern) => pattern.test(c)));
  await check("nothing is said on the console", () => {
    if (wrong.length) throw new Error(wrong.slice(0, 5).join("\n"));
  });
  await check("no request leaves the page", () => {
    if (strangers.length) throw new Error(strangers.slice(0, 5).join("\n"));
  });
  await browser.close();
  process.exit(failed() ? 1 : 0);
}
