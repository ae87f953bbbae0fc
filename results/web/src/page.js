/* page.js - the sections of the page, in the order of the report, and what is made and drawn when.
 *
 *     const page = new Page(doc, app, { predictor });
 *     page.load(newer);            another document of the same sweep
 *     page.curvesChanged();        rows of its curves were updated
 *
 * The first screen is there at once, its picture as a sketch; then Plotly begins. What is in view is drawn at once when a choice
 * changes it; the rest when the browser has time, and of large sweeps only when it comes near the view, or for paper. */
import { FURTHER, furtherTables, lostJobs, provenance } from "./appendix.js";
import { stampDownloads, whenDrawn } from "./chart.js";
import { Misclassified } from "./cells.js";
import { Comparison, comparisonDefaults } from "./comparison.js";
import { Confusion, confusionDefaults } from "./confusion.js";
import { Cuts, cutsDefaults } from "./cuts.js";
import { announce, button, el, fill, idle } from "./dom.js";
import { Explorer, Unbalanced, explorerDefaults, syncControls } from "./explorer.js";
import { DataSection, finalTable, findings, folded, header } from "./front.js";
import { Sweep, haveCuts, haveTrials } from "./model.js";
import { WhichModel, haveModels, modelsDefaults } from "./models.js";
import { loadPlots, plots } from "./plots.js";
import { Reliability, reliabilityDefaults } from "./reliability.js";
import { Roc } from "./roc.js";
import { View } from "./state.js";
import { Runs, runsDefaults } from "./runs.js";
import { Summary, summaryDefaults } from "./summary.js";
import { Suspects, suspectsDefaults } from "./suspects.js";
import { Sweeps, haveSweeps, sweepsDefaults } from "./sweeps.js";
import { toggleTheme } from "./theme.js";
import { Training, haveTraining, trainingDefaults } from "./training.js";
import { Trials, trialsDefaults } from "./trials.js";

const EAGER = 2000; // jobs up to which sections out of view are drawn as soon as the browser has time
const NEAR = "400px 0px"; // of the view: sections that count as seen

const LEFT_OUT = "This file leaves it out, to stay small; cellsweep serve shows it.";
const PARTLY = "This file leaves a part of it out, to stay small; cellsweep serve shows all of it.";

const READING = "Reading …";
const NOT_ON_PAPER = "Not on this paper: the server was still being asked for it. Print again when the page shows it.";

/** Something of a section that choices do not change. */
class Fixed {
  /** @param {() => Array<Node|null|false>} make @param {string[]} pieces of the document that it shows, if they are there */
  constructor(make, pieces = []) {
    this.make = make;
    this.pieces = pieces;
    this.canDoWithout = true;
    this.node = el("div", {});
  }

  needs() {
    return false;
  }

  wants() {
    return { pieces: this.pieces };
  }

  update() {
    fill(this.node, ...this.make());
  }
}

export class Page {
  /** @param {any} doc @param {HTMLElement} app @param {{predictor?: {node: HTMLElement}}} [options] */
  constructor(doc, app, { predictor = null } = {}) {
    this.app = app;
    this.predictor = predictor;
    this.sweep = new Sweep(doc);
    this.view = new View({ ...explorerDefaults(this.sweep), ...summaryDefaults(this.sweep), ...confusionDefaults(this.sweep), ...comparisonDefaults(this.sweep), ...reliabilityDefaults(this.sweep), ...modelsDefaults(this.sweep), ...trainingDefaults(this.sweep), ...sweepsDefaults(this.sweep), ...cutsDefaults(this.sweep), ...runsDefaults(), ...suspectsDefaults(), ...trialsDefaults() });
    this.choices = this.#choices();
    this.parts = [];
    this.marks = 0; // updates that wait for what they changed to be drawn
    this.seen = new Set();
    this.#build();
    this.view.subscribe(() => {
      this.update();
      this.#showLink();
    });
    window.addEventListener("hashchange", () => this.showSection());
    window.addEventListener("beforeprint", () => this.#drawAll());
    window.addEventListener("afterprint", () => this.#afterPaper());
    afterPaint(() => this.#begin());
  }

  /** Sections with what makes them; the first is made here, the others when their turn comes. */
  #build() {
    const { sweep, view } = this;
    stampDownloads(sweep.doc);
    document.title = `${sweep.doc.name} – cellsweep`;
    this.summary = new Summary(sweep, view);
    this.header = el("div", {});
    this.found = el("div", {});
    this.front = el("div", {}, this.header, el("div", { class: "answer" }, this.summary.node, this.found));
    const further = () => {
      const tables = furtherTables(sweep);
      const none = !tables.length && sweep.countState("failed") + sweep.countState("diverged") === 0 && !sweep.lacks({ pieces: FURTHER });
      return none ? [el("p", { class: "hint", text: "No further tables." })] : [lostJobs(sweep), ...tables];
    };
    const sections = [
      ["results", "Results", () => [new Fixed(() => [folded("all-results", "All results as a table", finalTable(sweep))])]],
      ["data", "Data", () => [new DataSection(sweep)]],
      sweep.values("strategy").includes("none") && ["unbalanced", "Unbalanced", () => [(this.unbalanced = new Unbalanced(sweep, view))]],
      ["strategies", "Strategies", () => [(this.explorer = new Explorer(sweep, view))]],
      haveSweeps(sweep) && ["sweeps", "Sweeps compared", () => [new Sweeps(sweep, view)]],
      ["comparisons", "Comparisons", () => [new Comparison(sweep, view)]],
      haveModels(sweep) && ["models", "Which model", () => [new WhichModel(sweep, view)]],
      haveTraining(sweep) && ["training", "Training size and cost", () => [new Training(sweep, view)]],
      ["confusion", "Confusion matrices", () => [new Confusion(sweep, view)]],
      ["calibration", "Calibration", () => [new Reliability(sweep, view)]],
      ["roc", "ROC and PR curves", () => [new Roc(sweep, view)]],
      haveCuts(sweep) && ["thresholds", "Threshold", () => [new Cuts(sweep, view)]],
      ["cells", "Misclassified cells", () => [new Misclassified(sweep, view)]],
      ["suspects", "Suspect labels", () => [new Suspects(sweep, view)]],
      this.predictor && ["classify", "Classify", () => []],
      haveTrials(sweep) && ["trials", "Tuning trials", () => [new Trials(sweep, view)]],
      ["runs", "Runs", () => [new Runs(sweep, view)]],
      ["appendix", "Appendix", () => [new Fixed(further, FURTHER)]],
      ["provenance", "Provenance", () => [new Fixed(() => [provenance(sweep)])]],
    ].filter(Boolean);
    this.sections = sections.map(([id, title, make]) => ({ id, make, node: section(id, title) }));
    const main = el("main", { id: "main" }, ...this.sections.map((s) => s.node));
    this.#at("results").append(this.front);
    if (this.predictor) this.#at("classify").append(this.predictor.node);
    this.status = el("div", { id: "status" });
    const top = this.#top(sections);
    new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${top.offsetHeight}px`)).observe(top);
    fill(this.app, top, this.status, main, el("div", { id: "announcer", class: "hidden", "aria-live": "polite" }));
    this.#add(this.summary, "results");
    this.#texts();
    this.#draw(this.summary);
    performance.mark("cellsweep-first-plot");
  }

  #at(id) {
    return this.sections.find((s) => s.id === id)?.node;
  }

  #texts() {
    fill(this.header, header(this.sweep));
    fill(this.found, findings(this.sweep));
  }

  /** After the first screen: Plotly, then what is in view, then the rest. */
  #begin() {
    this.watch = new IntersectionObserver((entries) => this.#looked(entries), { rootMargin: NEAR });
    for (const s of this.sections) this.watch.observe(s.node);
    idle(() => loadPlots());
    for (const s of this.sections) if (this.#isEager()) idle(() => this.#make(s));
    idle(() => this.update());
    if (this.view.section) this.#settle();
  }

  /** Sections above may have grown since the page went to one: once more, unless the reader has gone elsewhere. */
  #settle() {
    let gone = false;
    for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"]) window.addEventListener(kind, () => (gone = true), { once: true, passive: true });
    idle(() => idle(() => !gone && this.showSection()));
  }

  #isEager() {
    return this.sweep.nJobs <= EAGER;
  }

  #looked(entries) {
    for (const entry of entries) entry.isIntersecting ? this.seen.add(entry.target.id) : this.seen.delete(entry.target.id);
    idle(() => this.update());
  }

  /** What a section holds, once. */
  #make(s) {
    if (s.made) return;
    s.made = true;
    for (const part of s.make()) {
      s.node.append(part.node);
      this.#add(part, s.id);
    }
    if (s.id === "strategies") s.node.append(this.#link());
    s.node.classList.remove("waiting");
    syncControls(s.node, this.view);
  }

  #add(part, id) {
    part.section = id;
    this.parts.push(part);
    this.#markBuilt(part);
    if (this.sweep.supply && this.#isUnknown(part)) this.#tellReading(part);
  }

  /** For paper: all of it, now. */
  #drawAll() {
    loadPlots();
    for (const s of this.sections) this.#make(s);
    for (const part of this.parts) if (this.#isStale(part)) this.#draw(part);
    for (const part of this.parts) if (part.isFetching) this.#tell(part, NOT_ON_PAPER, true);
  }

  /** What was not there for paper is shown when it has come. */
  #afterPaper() {
    for (const part of this.parts) if (part.isFetching) this.#tellReading(part);
  }

  #top(sections) {
    const { doc } = this.sweep;
    return el(
      "header",
      { class: "top" },
      el("h1", { text: doc.name }),
      doc.synthetic && el("span", { class: "badge", text: "SYNTHETIC DATA" }),
      el("nav", { "aria-label": "Sections" }, el("ul", {}, ...sections.map(([id, title]) => el("li", {}, el("a", { href: `#${id}`, text: title, onclick: (event) => this.#go(event, id) }))))),
      button("Dark or light", toggleTheme, { id: "theme" }),
    );
  }

  /** To a section, keeping what was chosen in the address. */
  #go(event, id) {
    event.preventDefault();
    this.view.section = id;
    history.replaceState(null, "", this.view.hash());
    this.showSection();
  }

  #link() {
    this.anchor = el("a", { id: "link", text: "Link to this view" });
    const copy = button("Copy", async () => {
      try {
        await navigator.clipboard.writeText(this.anchor.href);
        announce("The link was copied.");
      } catch {
        announce("The browser forbids copying: copy the link itself.");
      }
    }, { "aria-label": "Copy the link to this view" });
    this.#showLink();
    return el("p", { class: "tools no-print" }, this.anchor, copy);
  }

  #showLink() {
    if (this.anchor) this.anchor.href = this.view.link("strategies");
  }

  #choices() {
    return JSON.stringify(this.sweep.factors().map((f) => this.sweep.values(f.field)));
  }

  #isStale(part) {
    return part.drawnFor !== this.#signature(part);
  }

  /** A part, when all that it shows is here; the first time, and for newer data, nothing is read out. */
  #draw(part) {
    const quietly = !part.drawnFor;
    const lacking = part.wants ? this.sweep.lacks(part.wants()) : null;
    if (!lacking && part.builtWithout) this.#rebuild(part);
    part.drawnFor = this.#signature(part);
    if (lacking && this.sweep.supply && part.beginsWithout) part.update(quietly);
    if (lacking && this.sweep.supply) return this.#fetch(part, lacking);
    const partly = part.partly ?? (part.canDoWithout ? PARTLY : "");
    if (part.wants) this.#tell(part, lacking ? partly || LEFT_OUT : "", Boolean(lacking) && !partly);
    part.update(quietly);
  }

  /** What a part lacks is asked for; then it is drawn, if it is still seen. */
  async #fetch(part, lacking) {
    this.#tellReading(part);
    part.isFetching = true;
    try {
      if (part.partly && lacking.pieces.length) {
        if (lacking.jobs.length) await this.sweep.supply({ jobs: lacking.jobs, pieces: [] }); // rows are there long before pieces are made
        part.update(true);
        await this.sweep.supply({ jobs: [], pieces: lacking.pieces });
      } else await this.sweep.supply(lacking);
    } catch (error) {
      return this.#tell(part, `Not read: ${error.message}.`, this.#isUnknown(part));
    } finally {
      part.isFetching = false;
    }
    this.#tell(part, "", false);
    if (lacking.pieces.length || part.builtWithout) this.#rebuild(part);
    if (part.wants && !this.sweep.lacks(part.wants())) part.update(true);
    else part.drawnFor = null;
    this.update();
  }

  /** Whether a part was made without a piece, so that it holds what was said then: it is made again, whichever part asked for it. */
  #markBuilt(part) {
    part.builtWithout = Boolean(part.wants && this.sweep.lacks({ pieces: part.wants().pieces }));
  }

  #rebuild(part) {
    if (!part.partly) part.build?.();
    this.#markBuilt(part);
  }

  /** Whether a part waits for a piece that was never here, without which it would say that there is nothing to show. */
  #isUnknown(part) {
    return !part.partly && (part.wants?.().pieces ?? []).some((name) => this.sweep.isUnknown(name));
  }

  #tellReading(part) {
    this.#tell(part, READING, this.#isUnknown(part));
  }

  /** A line above a part; hidden: the part itself is not shown. */
  #tell(part, text, hidden) {
    part.told ??= el("p", { class: "hint", role: "status" });
    if (text && !part.told.isConnected) (part.tellAt ?? part.node).before(part.told);
    if (!text) part.told.remove();
    part.told.textContent = text;
    part.node.hidden = hidden;
  }

  /** Draw what the view changed, or the data: in view at once, the rest later. @param {boolean} [newData] */
  update(newData = false) {
    if (newData) for (const part of this.parts) part.drawnFor = null;
    syncControls(this.app, this.view);
    if (plots()) {
      for (const s of this.sections) if (this.seen.has(s.id)) this.#make(s);
      const due = this.parts.filter((part) => this.#isNow(part) && this.#isStale(part));
      const asked = due.filter((part) => this.#isAsked(part));
      for (const part of asked.length ? asked : due) this.#draw(part);
      const later = asked.length || this.#isEager() ? this.parts.filter((part) => this.#isStale(part) && (this.#isEager() || this.#isNow(part))) : [];
      for (const part of later) idle(() => this.#isStale(part) && this.#draw(part));
    }
    this.marks++;
    this.app.dataset.busy = "";
    idle(() => whenDrawn(() => this.#markDrawn()));
  }

  /** The part with the choice that was made: what a reader looks at is not kept waiting by the others. */
  #isAsked(part) {
    return this.view.changed.some((key) => part.node.querySelector(`[data-key="${CSS.escape(key)}"]`));
  }

  #isNow(part) {
    return part === this.summary || this.seen.has(part.section);
  }

  /** The values of the view that a part depends on. */
  #signature(part) {
    return JSON.stringify(Object.entries(this.view.values).filter(([key]) => part.needs(key)));
  }

  /** All that is due has been drawn: data-drawn counts how often that was so, data-busy is there while something is left to do. */
  #markDrawn() {
    this.marks--;
    const due = (part) => part.isFetching || (this.#isStale(part) && (this.#isEager() || this.#isNow(part)));
    if (!plots() || this.parts.some(due)) return;
    this.app.dataset.drawn = String(Number(this.app.dataset.drawn ?? 0) + 1);
    if (this.marks === 0) delete this.app.dataset.busy;
  }

  /** Another document of the same sweep. */
  load(doc) {
    this.sweep.load(doc);
    this.#texts();
    const choices = this.#choices();
    const all = choices !== this.choices || this.parts.some((part) => part.has === false);
    const kept = (part) => part === this.explorer || part.node.contains(document.activeElement);
    for (const part of this.parts) {
      if (all || !kept(part)) part.build?.();
      this.#markBuilt(part);
    }
    this.choices = choices;
    this.update(true);
  }

  /** Only curves have grown. */
  curvesChanged() {
    for (const part of [this.explorer, this.unbalanced]) if (part) part.drawnFor = null;
    this.update();
  }

  /** To the jobs that failed or diverged, which are in the appendix. */
  showLostJobs() {
    const appendix = this.sections.find((s) => s.id === "appendix");
    this.#make(appendix);
    for (const part of this.parts) if (part.section === "appendix" && this.#isStale(part)) this.#draw(part);
    (document.getElementById("lost-jobs") ?? appendix.node).scrollIntoView();
  }

  showSection() {
    if (this.view.section === "lost-jobs") return this.showLostJobs();
    const heading = document.getElementById(`h-${this.view.section}`);
    if (!heading) return;
    heading.focus({ preventScroll: true });
    document.getElementById(this.view.section).scrollIntoView();
  }
}

function section(id, title) {
  return el("section", { id, class: "waiting", "aria-labelledby": `h-${id}` }, el("h2", { id: `h-${id}`, text: title, tabindex: "-1" }));
}

/** When the first screen has been painted; a page in the background has no frames. */
function afterPaint(task) {
  let begun = false;
  const once = () => {
    if (!begun) task();
    begun = true;
  };
  requestAnimationFrame(() => setTimeout(once));
  setTimeout(once, 1000);
}
