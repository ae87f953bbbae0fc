/* cuts.js - what a threshold on the probability of the positive class gives: a slider, rates and counts of test images with their
 * intervals, and how they go with it. */
import { Chart } from "./chart.js";
import { announce, el, fill, number, select } from "./dom.js";
import { Shown, capital, cellSelects, cellTitle, chosenCell, isCellKey } from "./explorer.js";
import { isSame, named } from "./model.js";
import { faded, visible } from "./theme.js";

const POINTS = 101, LAST = POINTS - 1, UNDEFINED = 65535;
const PLACES = Array.from({ length: POINTS }, (_, k) => k / LAST);
/* In the order of results/stats/cuts.h. */
const RATES = [
  { name: "sensitivity", title: "Sensitivity (recall)", colour: "#0072B2", dash: "solid", what: (p) => `of ${p}, found` },
  { name: "specificity", title: "Specificity", colour: "#D55E00", dash: "dash", what: () => "of the others, left alone" },
  { name: "precision", title: "Precision", colour: "#009E73", dash: "dashdot", what: (p) => `of what is taken for ${p}, right` },
  { name: "f1", title: "F1", colour: "#CC79A7", dash: "dot", what: () => "harmonic mean of sensitivity and precision" },
];

export function cutsDefaults(sweep) {
  return { "cut.strategy": sweep.values("strategy")[0], "cut.at": "" };
}

/** Mean, low and high of every rate of a group, null where undefined. @param {string} base64 @param {number} group */
export function unpackCuts(base64, group) {
  const text = atob(base64);
  return RATES.map((_, v) => [0, 1, 2].map((part) => PLACES.map((_, k) => {
    const at = 2 * (((group * RATES.length + v) * 3 + part) * POINTS + k);
    const value = text.charCodeAt(at) + 256 * text.charCodeAt(at + 1);
    return value === UNDEFINED ? null : value / 10000;
  })));
}

export class Cuts {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.node = el("div", {});
    this.controls = el("div", { class: "row controls" });
    this.chart = new Chart({ name: "cuts", label: "Rates against the threshold" });
    this.said = el("p", { id: "cut-said", class: "hint" });
    this.tables = el("div", { class: "two", id: "cut-tables" });
    this.missing = el("p", { class: "hint", text: "No finished job for this choice, or more than two classes: a threshold is of two." });
    this.shown = new Shown();
    this.build();
  }

  build() {
    const { sweep, view } = this;
    const { cuts } = sweep.doc;
    this.has = Boolean(cuts?.n.some((n) => n > 0));
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: "No probabilities of two classes yet: that takes a finished job." }));
    const strategies = sweep.strategyOptions();
    this.slider = el("input", { type: "range", id: "cut-at", min: "0", max: "1", step: "0.01", "aria-describedby": "cut-said", oninput: () => this.#move(this.slider.value) });
    this.output = el("output", { for: "cut-at", class: "at" });
    const stored = el("button", { type: "button", text: "As stored", onclick: () => this.#move("") });
    const slide = el("div", { class: "field slide no-print" }, el("label", { for: "cut-at", text: "Threshold" }), el("div", { class: "row" }, this.slider, this.output, stored));
    const warning = el("p", { class: "warning", text: "Numbers here are of the test set. A threshold that is picked because they look best is chosen on the reported set, and they are then too good; threshold: tuned in the sweep file chooses it on a val set." });
    fill(this.node, this.controls, this.shown.node, this.missing, slide, this.said, warning, this.tables, this.chart.node);
    fill(this.controls, strategies.length > 1 && select("Strategy", strategies, view.get("cut.strategy"), (value) => view.set({ "cut.strategy": value }), { id: "cuts-strategy", dataset: { key: "cut.strategy" } }), ...cellSelects(sweep, view, "cuts"));
    this.parts = [slide, this.said, this.tables, this.chart.node, warning];
  }

  wants() {
    return { pieces: ["cuts"] };
  }

  needs(key) {
    return isCellKey(key) || key.startsWith("cut.");
  }

  #move(value) {
    this.view.set({ "cut.at": value });
    if (this.one) announce(`Threshold ${this.slider.value}: ${inWords(this.one, this.#place())}`);
  }

  /** The chosen group with its numbers, or null. */
  #chosen() {
    const { sweep, view } = this;
    const { cuts } = sweep.doc;
    const cell = { ...chosenCell(sweep, view), strategy: view.get("cut.strategy") };
    const i = sweep.groups.findIndex((g, at) => isSame(g, cell) && cuts.n[at] > 0);
    if (i < 0) return null;
    const leak = sweep.leak(sweep.groups[i]);
    return { group: sweep.groups[i], n: cuts.n[i], positive: cuts.positive[i], positives: cuts.positives[i], negatives: cuts.negatives[i], stored: cuts.stored[i], leak: leak && leak.leak > 0 ? leak.leak / leak.nTest : 0, rates: unpackCuts(cuts.rates, i) };
  }

  /** The place of the threshold: the reader's, or else the stored one. */
  #place() {
    const asked = Number.parseFloat(this.view.get("cut.at"));
    const at = Number.isFinite(asked) ? asked : (this.one.stored ?? 0.5);
    return Math.round(Math.min(Math.max(at, 0), 1) * LAST);
  }

  update() {
    if (!this.has) return;
    this.one = this.#chosen();
    this.missing.hidden = this.one !== null;
    for (const part of this.parts) part.hidden = this.one === null;
    if (!this.one) return this.shown.tell(this.sweep, this.view);
    const k = this.#place();
    this.slider.value = String(k / LAST);
    this.output.textContent = (k / LAST).toFixed(2);
    this.shown.tell(this.sweep, this.view, `strategy ${this.sweep.title(this.one.group.strategy)}`, `threshold ${(k / LAST).toFixed(2)}`);
    this.said.textContent = this.#about();
    fill(this.tables, this.#rates(k), this.#counts(k));
    const { one } = this;
    this.chart.draw((paint) => this.#lines(one, k, paint));
  }

  #about() {
    const { stored, positive, n, leak } = this.one;
    const tuned = Math.abs(stored - 0.5) > 1e-9;
    return [
      `An image is taken for ${named(positive)} when its probability is above the threshold.`,
      tuned ? `Stored: every job's own, tuned on its val set, ${number(stored)} in the mean.` : "Stored: 0.5, the larger of two probabilities.",
      `Means over ${n} ${n === 1 ? "run" : "runs"}, each cut by itself, and their 95 % interval.`,
      leak > 0 && `LEAK: ${(100 * leak).toFixed(0)} % of the test images were seen in training; these numbers are no estimate of what new cells would give.`,
    ].filter(Boolean).join(" ");
  }

  #rates(k) {
    const name = named(this.one.positive);
    const rows = RATES.map((rate, v) => {
      const [mean, low, high] = this.one.rates[v].map((part) => part[k]);
      return el("tr", {}, el("th", { scope: "row" }, rate.title, el("span", { class: "what", text: rate.what(name) })), el("td", { class: "number", text: share(mean) }), el("td", { class: "number", text: low === null ? "–" : `${share(low)} to ${share(high)}` }));
    });
    return el("table", { id: "cut-rates" }, el("caption", { text: `At a threshold of ${(k / LAST).toFixed(2)}` }), el("thead", {}, el("tr", {}, ...["rate", "mean", "95 % interval"].map((text) => el("th", { scope: "col", text })))), el("tbody", {}, ...rows));
  }

  /** Images of the mean test set: rates times its classes, so that counts and rates tell the same. */
  #counts(k) {
    const { positive, positives, negatives, rates } = this.one;
    const name = named(positive);
    const times = ([mean, low, high], images) => (low[k] === null ? count(mean[k] * images) : `${count(mean[k] * images)}\n(${count(low[k] * images)} to ${count(high[k] * images)})`);
    const rest = ([mean, low, high]) => [mean, high, low].map((part) => part.map((v) => (v === null ? null : 1 - v)));
    const cell = (text, right) => el("td", { class: `number${right ? " right" : ""}`, text });
    const [sensitivity, specificity] = rates;
    return el(
      "table",
      { id: "cut-counts" },
      el("caption", { text: `Test images of a run, ${count(positives + negatives)} in the mean` }),
      el("thead", {}, el("tr", {}, el("td", {}), el("th", { scope: "col", class: "number", text: `taken for ${name}` }), el("th", { scope: "col", class: "number", text: "not" }))),
      el("tbody", {}, el("tr", {}, el("th", { scope: "row", text: capital(name) }), cell(times(sensitivity, positives), true), cell(times(rest(sensitivity), positives))), el("tr", {}, el("th", { scope: "row", text: "The other" }), cell(times(rest(specificity), negatives)), cell(times(specificity, negatives), true))),
    );
  }

  #lines(one, k, paint) {
    const { sweep, view } = this;
    const shown = RATES.map((rate, v) => ({ ...rate, colour: visible(rate.colour, paint.theme), of: one.rates[v] }));
    const base = { type: "scatter", mode: "lines", x: PLACES };
    const bands = shown.filter((r) => r.of[1].some((v) => v !== null)).flatMap((r) => [{ ...base, y: r.of[1], line: { width: 0 }, showlegend: false, hoverinfo: "skip" }, { ...base, y: r.of[2], line: { width: 0 }, fill: "tonexty", fillcolor: faded(r.colour, 0.12), showlegend: false, hoverinfo: "skip" }]);
    const lines = shown.map((r) => ({ ...base, y: r.of[0], name: r.title, line: { color: r.colour, width: 2, dash: r.dash }, meta: { rate: r.name }, hovertemplate: `%{x:.2f}: %{y:.3f}<extra>${r.title}</extra>` }));
    const title = `strategy ${sweep.title(one.group.strategy)}, ${cellTitle(sweep, view)}`;
    const up = (x, dash, color) => ({ type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color, width: 1.5, dash } });
    return {
      traces: [...bands, ...lines],
      layout: {
        width: Math.min(paint.width, 760),
        xaxis: { range: [0, 1], dtick: paint.width < 420 ? 0.2 : 0.1, title: { text: `threshold on the probability of ${named(one.positive)}` } },
        yaxis: { range: [0, 1.01], dtick: 0.2, title: { text: "rate on test images" } },
        shapes: [up(one.stored ?? 0.5, "dot", paint.colours.muted), up(k / LAST, "solid", paint.colours.text)],
        legend: { orientation: "h", traceorder: "normal", x: 0, y: 1.01, yanchor: "bottom" },
        margin: { l: 52, r: 14, t: paint.width < 560 ? 76 : 40, b: 46 },
      },
      height: 380,
      csv: { columns: ["threshold", ...RATES.flatMap((r) => [r.name, `${r.name}_low`, `${r.name}_high`]), "n"], rows: PLACES.map((x, i) => [x, ...one.rates.flatMap((of) => of.map((part) => part[i])), one.n]) },
      title: `thresholds, ${title}`,
      summary: `${capital(title)}. At ${(k / LAST).toFixed(2)}: ${inWords(one, k)}. Solid line: this threshold; dotted: the stored one. Bands: 95 % interval at each threshold, of ${one.n} ${one.n === 1 ? "run" : "runs"}.`,
    };
  }
}

/** Rates of a group at a place. */
const inWords = (one, k) => RATES.map((rate, v) => `${rate.name} ${number(one.rates[v][0][k], 2)}`).join(", ");
const share = (x) => (x === null ? "–" : x.toFixed(3));
const count = (x) => (Math.abs(x - Math.round(x)) < 0.05 || x >= 100 ? String(Math.round(x)) : x.toFixed(1));
