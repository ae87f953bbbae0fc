/* live.js - the page of `cellsweep serve`: progress every two seconds, curves that grow, the document again when jobs end.
 *
 * Progress tells the state and epochs of every job. Rows that changed are fetched by themselves; the whole document, with its
 * tables, only when jobs have ended, and never more often than it takes four times to make, the pieces that were asked for
 * since counted. */
import { Unreachable, api, sleep } from "./api.js";
import { announce, el, fill } from "./dom.js";
import { duration } from "./front.js";
import { Page } from "./page.js";
import { Predictor } from "./predictor.js";

const POLL = 2;
const POLL_HIDDEN = 15;
const POLL_MAX = 30;
const ROWS = 300; // jobs a request for curves
const STATES = { w: "waiting", r: "running", d: "done", f: "failed", x: "diverged" };
const TITLES = { running: "Running", finished: "Finished", stopped: "Stopped", dead: "The run has died" };

/** @param {HTMLElement} app */
export async function startServed(app) {
  const wait = el("p", { class: "banner", role: "alert" });
  fill(app, el("main", {}, el("p", { text: "Reading the sweep …" })), wait);
  for (let pause = POLL; ; pause = Math.min(POLL_MAX, 1.7 * pause)) {
    try {
      const doc = await api("api/sweep?part=first");
      return new Live(doc, app).run();
    } catch (error) {
      wait.textContent = error instanceof Unreachable ? "Server unreachable: trying again." : `${error.message}`;
      await sleep(pause);
    }
  }
}

class Live {
  constructor(doc, app) {
    this.predictor = new Predictor();
    this.page = new Page(doc, app, { predictor: this.predictor });
    this.page.sweep.supply = (lacking) => this.#supply(lacking);
    this.page.sweep.readLog = (j) => api(`api/log?jobs=${j}`);
    this.coming = new Map();
    this.banner = el("p", { class: "banner", role: "alert", id: "banner" });
    this.bar = el("progress", { max: "1", value: "0", "aria-label": "Jobs that are over" });
    this.text = el("span", { id: "progress-text" });
    this.ranks = el("ul", { class: "ranks", "aria-label": "What the ranks do" });
    fill(this.page.status, this.banner, el("div", { class: "progress", role: "region", "aria-label": "Progress of the sweep" }, this.bar, this.text, this.ranks));
    this.fetched = performance.now();
    this.took = 0;
    this.stale = false;
    this.told = jobsOver(doc);
    this.predictor.refresh();
    this.page.showSection();
  }

  async run() {
    let pause = POLL;
    for (;;) {
      try {
        await this.#step();
        pause = document.hidden ? POLL_HIDDEN : POLL;
      } catch (error) {
        this.#say(error instanceof Unreachable ? "Server unreachable: what is shown may be old. Trying again." : `The server says: ${error.message}`);
        pause = Math.min(POLL_MAX, 1.7 * pause);
      }
      await Promise.race([sleep(pause), becomesVisible()]);
    }
  }

  async #step() {
    const p = await api("api/progress", {}, 20);
    this.same = p.jobs.state.length === this.page.sweep.nJobs; // else the page shows a part, and numbers of jobs are others
    this.#show(p);
    const changed = this.same ? this.#changed(p) : [];
    if (!this.same && p.updated !== this.updated) this.stale = true;
    this.updated = p.updated;
    if (changed.some((j) => "dfx".includes(p.jobs.state[j]))) this.stale = true;
    if (changed.length > 0 && !(this.stale && this.#due())) await this.#rows(p, changed);
    if (this.stale && this.#due()) await this.#document();
  }

  /** Jobs whose state or epochs are not what the page has. */
  #changed(p) {
    const { jobs } = this.page.sweep;
    const out = [];
    for (let j = 0; j < p.jobs.state.length; j++) if (STATES[p.jobs.state[j]] !== jobs.state[j] || p.jobs.epochs_done[j] !== jobs.epochs_done[j]) out.push(j);
    return out;
  }

  /** What a picture lacks: pieces of the document, and rows of jobs. */
  async #supply({ jobs, pieces }) {
    const { sweep } = this.page;
    const { nJobs } = sweep;
    try {
      await Promise.all(pieces.map((name) => this.#piece(name)));
      for (let i = 0; i < jobs.length; i += ROWS) {
        const rows = await api(`api/curves?matrices=1&jobs=${jobs.slice(i, i + ROWS).join(",")}`);
        if (sweep.nJobs !== nJobs) throw new Error("the sweep has gone on meanwhile"); // numbers of jobs are others
        sweep.updateCurves(rows);
      }
    } catch (error) {
      this.stale = true; // what is lacking is asked for again with the next document
      throw error;
    }
  }

  /** Several may want the same one. While some come, the server works for this page as it does for the document. */
  #piece(name) {
    const { sweep } = this.page;
    const take = async () => {
      try {
        sweep.take(name, await api(`api/sweep?part=${name}&version=${encodeURIComponent(sweep.doc.version ?? "")}`));
      } finally {
        this.coming.delete(name);
        if (this.coming.size === 0) this.took += performance.now() - this.asked;
      }
    };
    if (this.coming.size === 0) this.asked = performance.now();
    if (!this.coming.has(name)) this.coming.set(name, take());
    return this.coming.get(name);
  }

  /** Rows that the page holds anew; others come when they are drawn. */
  async #rows(p, changed) {
    const { sweep } = this.page;
    const held = changed.filter((j) => sweep.held.curves[j]);
    for (let i = 0; i < held.length; i += ROWS) sweep.updateCurves(await api(`api/curves?jobs=${held.slice(i, i + ROWS).join(",")}`));
    for (const j of changed) {
      sweep.jobs.state[j] = STATES[p.jobs.state[j]];
      sweep.jobs.epochs_done[j] = p.jobs.epochs_done[j];
    }
    this.page.curvesChanged();
  }

  #due() {
    return performance.now() - this.fetched > Math.max(5000, 4 * this.took);
  }

  async #document() {
    const start = performance.now();
    const doc = await api("api/sweep?part=first");
    this.page.load(doc);
    this.told = jobsOver(doc);
    this.predictor.refresh();
    this.stale = false;
    this.fetched = performance.now();
    this.took = this.fetched - start;
  }

  #show(p) {
    const over = p.done + p.failed + p.diverged;
    this.bar.max = p.n_jobs;
    this.bar.value = over;
    const lost = p.failed + p.diverged;
    const parts = [`${TITLES[p.state] ?? p.state}: ${over} of ${p.n_jobs} jobs over`, p.running > 0 && p.state === "running" && `${p.running} running`, p.waiting > 0 && `${p.waiting} waiting`, p.images_per_second && p.state === "running" && `${Math.round(p.images_per_second)} images/s`, p.eta_seconds && p.state === "running" && `about ${duration(p.eta_seconds)} left`, this.#lag(over)].filter(Boolean);
    fill(this.text, parts.join(", "), lost > 0 && ". ", lost > 0 && el("a", { href: "#lost-jobs", text: [p.failed && `${p.failed} failed`, p.diverged && `${p.diverged} diverged`].filter(Boolean).join(", "), onclick: (event) => (event.preventDefault(), this.page.showLostJobs()) }));
    fill(this.ranks, ...(p.state === "running" ? p.ranks.slice(0, 16).map((r) => el("li", { text: this.#rank(r) })) : []));
    const trouble = p.state === "dead" || p.state === "stopped";
    this.#say(trouble ? `${TITLES[p.state]}${p.message ? `: ${p.message}` : "."}` : "");
    if (p.state !== this.state && this.state) announce(`${TITLES[p.state]}: ${over} of ${p.n_jobs} jobs over.`);
    this.state = p.state;
  }

  /** Tables and sentences are of the last document, which comes when it is due. */
  #lag(over) {
    if (!this.same || over === this.told) return "";
    return `the text below is of when ${this.told} were`;
  }

  #rank(r) {
    const { jobs } = this.page.sweep;
    const name = !this.same ? `job ${r.job}` : `${jobs.clusters[r.job]} ${jobs.strategy[r.job]} seed ${jobs.seed[r.job]}`;
    return `rank ${r.rank}: ${name}${r.epoch === undefined || !this.same ? "" : `, epoch ${r.epoch} of ${this.page.sweep.epochsOf(r.job)}`}`;
  }

  #say(text) {
    if (this.banner.textContent !== text) this.banner.textContent = text;
  }
}

/** Jobs that were over when a document was made. */
const jobsOver = (doc) => doc.jobs.state.filter((s) => s === "done" || s === "failed" || s === "diverged").length;

function becomesVisible() {
  return new Promise((resolve) => {
    if (document.hidden) document.addEventListener("visibilitychange", resolve, { once: true });
  });
}
