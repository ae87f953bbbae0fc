/* page.js - the sections of the page, in the order of the report, and what is drawn when.
 *
 *     const page = new Page(doc, app, { predictor });
 *     page.load(newer);            another document of the same sweep
 *     page.curvesChanged();        rows of its curves were updated
 *
 * The summary is drawn at once, and so is the explorer when its choice has changed; the rest when the browser has time. */
import { furtherTables, lostJobs, provenance } from "./appendix.js";
import { stampDownloads } from "./chart.js";
import { Misclassified } from "./cells.js";
import { Comparison, comparisonDefaults } from "./comparison.js";
import { Confusion, confusionDefaults } from "./confusion.js";
import { announce, button, el, fill, idle } from "./dom.js";
import { Explorer, Unbalanced, explorerDefaults, syncControls } from "./explorer.js";
import { DataSection, finalTable, findings, folded, header } from "./front.js";
import { Sweep } from "./model.js";
import { WhichModel, haveModels, modelsDefaults } from "./models.js";
import { Reliability, reliabilityDefaults } from "./reliability.js";
import { Roc } from "./roc.js";
import { View } from "./state.js";
import { Runs, runsDefaults } from "./runs.js";
import { Summary, summaryDefaults } from "./summary.js";
import { Suspects, suspectsDefaults } from "./suspects.js";
import { Sweeps, haveSweeps, sweepsDefaults } from "./sweeps.js";
import { toggleTheme } from "./theme.js";

export class Page {
  /** @param {any} doc @param {HTMLElement} app @param {{predictor?: {node: HTMLElement}}} [options] */
  constructor(doc, app, { predictor = null } = {}) {
    this.app = app;
    this.predictor = predictor;
    this.sweep = new Sweep(doc);
    this.view = new View({ ...explorerDefaults(this.sweep), ...summaryDefaults(this.sweep), ...confusionDefaults(this.sweep), ...comparisonDefaults(this.sweep), ...reliabilityDefaults(this.sweep), ...modelsDefaults(this.sweep), ...sweepsDefaults(this.sweep), ...runsDefaults(), ...suspectsDefaults() });
    this.choices = this.#choices();
    this.#build();
    this.view.subscribe(() => {
      this.update();
      this.#showLink();
    });
    window.addEventListener("hashchange", () => this.showSection());
  }

  #build() {
    const { sweep, view } = this;
    stampDownloads(sweep.doc);
    document.title = `${sweep.doc.name} – cellsweep`;
    this.summary = new Summary(sweep, view);
    this.explorer = new Explorer(sweep, view);
    this.unbalanced = new Unbalanced(sweep, view);
    this.data = new DataSection(sweep);
    this.parts = [this.explorer, this.unbalanced, this.data, new Comparison(sweep, view), new Confusion(sweep, view), new Misclassified(sweep, view), new Reliability(sweep, view), new WhichModel(sweep, view), new Sweeps(sweep, view), new Runs(sweep, view), new Suspects(sweep, view), this.summary, new Roc(sweep, view)];
    const [, , , comparison, confusion, cells, reliability, models, sweeps, runs, suspects, , roc] = this.parts;
    this.front = el("div", {});
    this.further = el("div", {});
    this.origin = el("div", {});
    const sections = [
      ["results", "Results", this.front],
      ["data", "Data", this.data.node],
      ["unbalanced", "Unbalanced", this.unbalanced.node],
      ["strategies", "Strategies", this.explorer.node, this.#link()],
      haveSweeps(sweep) && ["sweeps", "Sweeps compared", sweeps.node],
      ["comparisons", "Comparisons", comparison.node],
      haveModels(sweep) && ["models", "Which model", models.node],
      ["confusion", "Confusion matrices", confusion.node],
      ["calibration", "Calibration", reliability.node],
      ["roc", "ROC and PR curves", roc.node],
      ["cells", "Misclassified cells", cells.node],
      ["suspects", "Suspect labels", suspects.node],
      this.predictor && ["classify", "Classify", this.predictor.node],
      ["runs", "Runs", runs.node],
      ["appendix", "Appendix", this.further],
      ["provenance", "Provenance", this.origin],
    ].filter((s) => s && (s[0] !== "unbalanced" || sweep.values("strategy").includes("none")));
    const main = el("main", { id: "main" }, ...sections.map(([id, title, ...content]) => section(id, title, content)));
    this.status = el("div", { id: "status" });
    const top = this.#top(sections);
    new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${top.offsetHeight}px`)).observe(top);
    fill(this.app, top, this.status, main, el("div", { id: "announcer", class: "hidden", "aria-live": "polite" }));
    this.#texts();
    this.update();
  }

  #texts() {
    const { sweep } = this;
    fill(this.front, header(sweep), el("div", { class: "answer" }, this.summary.node, findings(sweep)), folded("all-results", "All results as a table", finalTable(sweep)));
    fill(this.further, lostJobs(sweep), ...furtherTables(sweep));
    if (!this.further.firstChild) fill(this.further, el("p", { class: "hint", text: "No further tables." }));
    fill(this.origin, provenance(sweep));
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
    this.anchor.href = this.view.link("strategies");
  }

  #choices() {
    return JSON.stringify(this.sweep.factors().map((f) => this.sweep.values(f.field)));
  }

  /** Draw what the view or the data changed: the explorer at once. @param {boolean} [newData] */
  update(newData = false) {
    const stale = this.parts.filter((part) => newData || part.drawnFor !== this.#signature(part));
    for (const part of stale) part.drawnFor = this.#signature(part);
    syncControls(this.app, this.view);
    const begins = !this.drawn;
    if (stale.includes(this.summary)) this.summary.update();
    performance.mark("cellsweep-first-plot");
    if (stale.includes(this.explorer) && !begins) this.explorer.update(newData);
    for (const part of stale) if (part !== this.summary && (part !== this.explorer || begins)) idle(() => part.update(true));
    this.drawn = true;
    idle(() => this.#markDrawn());
  }

  /** The values of the view that a part depends on. */
  #signature(part) {
    return JSON.stringify(Object.entries(this.view.values).filter(([key]) => part.needs(key)));
  }

  #markDrawn() {
    this.app.dataset.drawn = String(Number(this.app.dataset.drawn ?? 0) + 1);
  }

  /** Another document of the same sweep. */
  load(doc) {
    this.sweep.load(doc);
    this.#texts();
    const choices = this.#choices();
    if (choices !== this.choices || !this.parts[3].has || !this.parts[5].has || !this.parts[6].has || !this.parts[10].has || !this.parts[12].has || (haveModels(this.sweep) && !this.parts[7].has)) for (const part of this.parts) part.build?.();
    else for (const part of this.parts.slice(3)) if (!part.node.contains(document.activeElement)) part.build?.();
    this.choices = choices;
    this.update(true);
  }

  /** Only curves have grown. */
  curvesChanged() {
    this.explorer.update(true);
    idle(() => this.unbalanced.update());
  }

  showSection() {
    const heading = document.getElementById(`h-${this.view.section}`);
    if (!heading) return;
    heading.focus({ preventScroll: true });
    document.getElementById(this.view.section).scrollIntoView();
  }
}

function section(id, title, content) {
  return el("section", { id, "aria-labelledby": `h-${id}` }, el("h2", { id: `h-${id}`, text: title, tabindex: "-1" }), ...content);
}
