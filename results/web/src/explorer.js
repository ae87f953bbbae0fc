/* explorer.js - choose pair, strategies, protocol, axes and metric; learning curves of the choice. */
import { Chart } from "./chart.js";
import { curvesFigure, panelOfGroup, panelsOfSplits } from "./curves.js";
import { announce, button, checkbox, el, fill, select } from "./dom.js";
import { sketchLines } from "./lines.js";
import { clustersTitle, metricName } from "./model.js";
import { numberField } from "./numbers.js";

/** Keys of the view that the explorer reads, with their defaults. @param {import("./model.js").Sweep} sweep */
export function explorerDefaults(sweep) {
  const strategies = sweep.values("strategy");
  const defaults = {
    ...Object.fromEntries(sweep.factors().map((f) => [f.key, sweep.values(f.field)[0]])),
    strategy: strategies.slice(0, 6).join(","),
    protocol: sweep.firstProtocol(),
    metric: "balanced_accuracy",
    layout: "strategy", loss: "1", band: "ci", seeds: "0", published: "1", best: "0", shared: "1", log: "0",
    smooth: "none", amount: "5",
  };
  return defaults;
}

/** The cell of the grid that a view points at, but for its strategy. */
export function chosenCell(sweep, view) {
  return {
    clusters: view.get("clusters"),
    protocol: view.get("protocol"),
    model: view.get("model"),
    axis: sweep.doc.axes.map((axis) => view.get(`axis.${axis.name}`)),
  };
}

/** "clusters 8 and 10, protocol holdout, image.size 20": the same in words; models and axes where they vary, but for some factors. */
export function cellTitle(sweep, view, but = []) {
  const cell = chosenCell(sweep, view);
  const owned = sweep.factors().filter((f) => but.includes(f.of)).map((f) => f.name);
  const named = sweep.columns().filter((name) => !["strategy", ...but, ...owned].includes(name));
  return named.map((name) => (name === "clusters" ? clustersTitle(sweep, cell.clusters) : `${name} ${sweep.value(cell, name)}`)).join(", ");
}

/** Groups of the chosen strategies that the sweep has. */
export function chosenGroups(sweep, view) {
  const cell = chosenCell(sweep, view);
  return view.list("strategy").map((strategy) => sweep.find({ ...cell, strategy })).filter(Boolean);
}

/** @returns {import("./curves.js").CurveOptions} */
export function curveOptions(sweep, view) {
  return {
    metric: sweep.doc.metrics.includes(view.get("metric")) ? view.get("metric") : "balanced_accuracy", loss: view.on("loss"), band: view.get("band"), seeds: view.on("seeds"),
    published: view.on("published"), best: view.on("best"), shared: view.on("shared"), logLoss: view.on("log"),
    smoothing: view.get("smooth"), amount: Number(view.get("amount")) || 0,
  };
}

/** Jobs whose curves the chosen metric needs: none of a group whose mean the file keeps. @param {import("./model.js").Group[]} groups */
export function curvesWanted(sweep, view, groups) {
  const { metric } = curveOptions(sweep, view);
  return { curves: groups.filter((g) => !["train", "test"].some((set) => sweep.isMeanOnly(g) && sweep.hasMean(g, set, metric))).flatMap((g) => sweep.counted(g)) };
}

/** Selects for what a group is, but for its strategy and other factors with the axes that belong to them: only those that have a choice. */
export function cellSelects(sweep, view, prefix, but = []) {
  const title = (name, value) => (name === "clusters" ? clustersTitle(sweep, value) : value);
  return sweep
    .factors()
    .filter(({ name, of }) => !["strategy", ...but].includes(name) && !but.includes(of) && (name === "clusters" || sweep.doc.varying.includes(name)))
    .map(({ name, key, field }) => select(key === field ? capital(name) : name, sweep.values(field).map((value) => ({ value, label: title(name, value) })), view.get(key), (value) => view.set({ [key]: value }), { id: `${prefix}-${key}`, dataset: { key } }));
}

/** Make the controls of a part of the page say what the view says. @param {Element} node @param {import("./state.js").View} view */
export function syncControls(node, view) {
  for (const control of node.querySelectorAll("[data-key]")) {
    if (control.type === "checkbox") control.checked = view.on(control.dataset.key);
    else control.value = view.get(control.dataset.key);
  }
  for (const box of node.querySelectorAll("[data-strategy]")) box.checked = view.list("strategy").includes(box.dataset.strategy);
}

/** What a part shows, on paper, where its controls are not: "Clusters 14 and 15, protocol holdout, strategy none." */
export class Shown {
  constructor() {
    this.node = el("p", { class: "print-only" });
  }

  /** @param {...string} more what was chosen besides the cell */
  tell(sweep, view, ...more) {
    this.node.textContent = `${capital([cellTitle(sweep, view), ...more].join(", "))}.`;
  }
}

/** Keys that say which cell of the grid is meant, but for its strategy. */
export const isCellKey = (key) => ["clusters", "protocol", "model"].includes(key) || key.startsWith("axis.");

export class Explorer {
  /** @param {import("./model.js").Sweep} sweep @param {import("./state.js").View} view */
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.controls = el("div", { class: "controls" });
    this.chart = new Chart({ name: "curves", label: "Learning curves of the chosen strategies", sketch: sketchLines });
    this.missing = el("p", { class: "hint", role: "status" });
    this.node = el("div", { class: "explorer" }, this.controls, this.missing, this.chart.node);
    this.build();
  }

  /** Controls for the choices of the sweep; the chart follows in update(). */
  build() {
    const { sweep, view } = this;
    fill(
      this.controls,
      el("div", { class: "row" }, ...cellSelects(sweep, view, "choose"), this.#choice("Metric", "metric", sweep.metrics().map((m) => [m, metricName(m)])), this.#choice("Panels", "layout", [["strategy", "one a strategy"], ["split", "training and validation"]])),
      this.#strategies(),
      el("details", { class: "more", open: true }, el("summary", { text: "How it is drawn" }), el("div", { class: "row" }, ...this.#drawing())),
    );
  }

  #choice(label, key, options) {
    return select(label, options.map(([value, text]) => ({ value, label: text })), this.view.get(key), (value) => this.view.set({ [key]: value }), { id: `choose-${key}`, dataset: { key } });
  }

  #flag(label, key) {
    return checkbox(label, this.view.on(key), (on) => this.view.set({ [key]: on ? "1" : "0" }), { id: `choose-${key}`, dataset: { key } });
  }

  #strategies() {
    const { sweep, view } = this;
    const all = sweep.values("strategy");
    const change = (strategy, on) => view.set({ strategy: all.filter((s) => (s === strategy ? on : view.list("strategy").includes(s))).join(",") });
    const boxes = all.map((s) => checkbox(sweep.title(s), view.list("strategy").includes(s), (on) => change(s, on), { dataset: { strategy: s } }));
    const choose = (list) => view.set({ strategy: list.join(",") });
    return el("fieldset", { class: "row" }, el("legend", { text: "Strategies" }), ...boxes, button("All", () => choose(all)), button("None", () => choose([])));
  }

  #drawing() {
    const amount = numberField("by", { min: 1, max: 99, whole: true, value: this.view.get("amount"), id: "choose-amount", dataset: { key: "amount" }, onchange: (value) => this.view.set({ amount: String(value) }) });
    return [
      this.#choice("Band", "band", [["ci", "95 % interval"], ["sd", "standard deviation"], ["range", "range"], ["none", "none"]]),
      this.#choice("Smoothing", "smooth", [["none", "off"], ["moving", "mean of last epochs"], ["exponential", "exponential, %"]]),
      amount,
      this.#flag("Loss below", "loss"),
      this.#flag("Single jobs", "seeds"),
      ...(this.sweep.hasPublished() ? [this.#flag("Published curve", "published")] : []),
      this.#flag("Best epoch", "best"),
      this.#flag("Same axes", "shared"),
      this.#flag("Logarithmic loss", "log"),
    ];
  }

  /** Whether a value of the view matters here. */
  needs(key) {
    return !/^(cm|cmp|cut|sum|sus|runs|tri)\./.test(key);
  }

  wants() {
    return curvesWanted(this.sweep, this.view, chosenGroups(this.sweep, this.view));
  }

  /** Draw what the view says. @param {boolean} [quietly] nothing is read out: the data changed, not the choice */
  update(quietly = false) {
    const { sweep, view } = this;
    const groups = chosenGroups(sweep, view);
    const absent = view.list("strategy").filter((s) => !groups.some((g) => g.strategy === s));
    const flat = sweep.doc.at_once.find((model) => groups.some((g) => g.model === model));
    this.missing.textContent = [
      absent.length && `Not in this sweep for this choice: ${absent.map((s) => sweep.title(s)).join(", ")}.`,
      flat && `Model ${flat} learns at once, not epoch by epoch: its curves are horizontal lines.`,
    ].filter(Boolean).join(" ");
    const options = curveOptions(sweep, view);
    this.chart.draw((paint) => {
      const panels = view.get("layout") === "split" ? panelsOfSplits(sweep, groups, paint) : groups.map((g) => panelOfGroup(sweep, g, sweep.title(g.strategy), paint));
      return curvesFigure(sweep, groups.length ? panels : [], options, paint);
    });
    if (!quietly) announce(this.chart.summary.textContent);
  }
}

/** Fig. 2 of the report: the unbalanced learning curves, a panel a pair, for the chosen protocol. */
export class Unbalanced {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.chart = new Chart({ name: "unbalanced", label: "Unbalanced learning curves", sketch: sketchLines });
    this.node = this.chart.node;
  }

  needs(key) {
    return !["clusters", "strategy", "layout", "best"].includes(key) && !/^(cm|cmp|cut|sum|sus|runs|tri)\./.test(key);
  }

  #groups() {
    const cell = chosenCell(this.sweep, this.view);
    return this.sweep.values("clusters").map((clusters) => this.sweep.find({ ...cell, clusters, strategy: "none" })).filter(Boolean).slice(0, 12);
  }

  wants() {
    return curvesWanted(this.sweep, this.view, this.#groups());
  }

  update() {
    const { sweep, view } = this;
    const groups = this.#groups();
    const options = { ...curveOptions(sweep, view), best: false };
    this.chart.draw((paint) => curvesFigure(sweep, groups.map((g) => panelOfGroup(sweep, g, capital(clustersTitle(sweep, g.clusters)), paint)), options, paint));
  }
}

export function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
