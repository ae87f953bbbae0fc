/* reliability.js - how far probabilities can be trusted: reliability diagrams of the strategies of a cell of the grid, with counts, and
 * their scores as stored and put right on val sets. */
import { Chart } from "./chart.js";
import { costsFigure } from "./costs.js";
import { el, fill, interval, number, pValue, select } from "./dom.js";
import { Shown, capital, cellSelects, cellTitle, isCellKey } from "./explorer.js";
import { SortableTable, reader } from "./table.js";
import { visible } from "./theme.js";

const WAYS = { none: "as they are stored", prior: "put right by prior", temperature: "put right by temperature" };
const SCORES = [["brier", "Brier score"], ["nll", "−log likelihood"], ["ece", "ECE"], ["slope", "slope"], ["intercept", "intercept"], ["balanced_accuracy", "balanced accuracy"]];

export function reliabilityDefaults(sweep) {
  const { rows = [], columns = [] } = sweep.doc.tables?.reliability ?? {};
  return { "rel.way": rows[0]?.[columns.indexOf("recalibrate")] ?? "" };
}

/** Fewer decimals of large numbers: a slope of hundreds is known to no thousandth. */
const brief = (x) => number(x, Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 10 ? 1 : 3);

export class Reliability {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.node = el("div", {});
    this.controls = el("div", { class: "row controls" });
    this.chart = new Chart({ name: "reliability", label: "Reliability diagram of the strategies" });
    this.costs = new Chart({ name: "costs", label: "What strategies gain over none, and cost in calibration" });
    this.table = el("div", {});
    this.shown = new Shown();
    this.build();
  }

  build() {
    const { sweep, view } = this;
    const { reliability } = sweep.doc.tables ?? {};
    this.has = reliability?.rows.length > 0;
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: "No probabilities of test images yet: that takes a finished job." }));
    const { cost } = sweep.doc.summary ?? {};
    this.read = reader(reliability.columns);
    this.ways = [...new Set(reliability.rows.map((r) => this.read(r, "recalibrate")))];
    view.settle("rel.way", this.ways[0]);
    fill(this.node, cost && el("p", { id: "cost", text: cost }), this.controls, this.shown.node, this.chart.node, this.table, this.costs.node, this.#costs());
    const ways = this.ways.map((value) => ({ value, label: WAYS[value] ?? value }));
    fill(this.controls, ...cellSelects(sweep, view, "reliability"), ways.length > 1 && select("Probabilities", ways, view.get("rel.way"), (value) => view.set({ "rel.way": value }), { id: "reliability-way", dataset: { key: "rel.way" } }));
  }

  wants() {
    return { pieces: ["reliability", "calibration"] };
  }

  needs(key) {
    return isCellKey(key) || key.startsWith("rel.");
  }

  #way() {
    return this.ways.includes(this.view.get("rel.way")) ? this.view.get("rel.way") : this.ways[0];
  }

  /** Rows of a table that the chosen cell has, whatever their strategy and what only some strategies read. */
  #mine(table) {
    const read = reader(table.columns);
    const cell = this.sweep.factors().filter((f) => f.name !== "strategy");
    return table.rows.filter((r) => cell.every((f) => String(read(r, f.name) ?? "") === "" || String(read(r, f.name)) === this.view.get(f.key)));
  }

  update() {
    if (!this.has) return;
    const { sweep, view, read } = this;
    const rows = this.#mine(sweep.doc.tables.reliability).filter((r) => read(r, "recalibrate") === this.#way());
    this.shown.tell(sweep, view, `probabilities ${WAYS[this.#way()]}`);
    this.chart.node.hidden = rows.length === 0;
    if (rows.length) this.chart.draw((paint) => this.#diagram(rows, paint));
    this.#drawCosts();
    fill(this.table, rows.length ? this.#scores() : el("p", { class: "hint", text: "No finished job for this choice." }));
  }

  #drawCosts() {
    const { sweep, view } = this;
    const table = sweep.doc.tables.calibration_cost;
    const mine = table?.rows.length ? this.#mine(table) : [];
    this.costs.node.hidden = mine.length === 0;
    if (mine.length === 0) return;
    const read = reader(table.columns);
    const rows = mine.map((r, at) => {
      const group = sweep.groups.find((g) => sweep.factors().every((f) => String(read(r, f.name) ?? "") === String(sweep.value(g, f.name))));
      return { at, strategy: read(r, "strategy"), title: sweep.title(read(r, "strategy")), leaks: (group && sweep.leak(group)?.leak > 0) || false, value: (name) => read(r, name) };
    });
    this.costs.draw((paint) => costsFigure(sweep, rows, cellTitle(sweep, view), paint));
  }

  #diagram(rows, paint) {
    const { sweep, view, read } = this;
    const strategies = [...new Set(rows.map((r) => read(r, "strategy")))];
    const of = (strategy) => rows.filter((r) => read(r, "strategy") === strategy);
    const positive = read(rows[0], "positive");
    const what = (positive ?? "") === "" ? "largest probability" : `probability of ${positive}`;
    const lines = strategies.flatMap((strategy) => {
      const colour = visible(sweep.doc.colors[strategy] ?? "#009E73", paint.theme);
      const mine = of(strategy);
      const n = mine.map((r) => read(r, "n"));
      const x = mine.map((r) => read(r, "probability"));
      const base = { type: "scatter", mode: "lines+markers", x, line: { color: colour, width: 1.8 }, marker: { color: colour, size: 6 }, name: sweep.title(strategy), legendgroup: strategy };
      return [
        { ...base, y: mine.map((r) => read(r, "observed")), customdata: n, hovertemplate: "%{x:.2f} said, %{y:.2f} observed, %{customdata} images<extra>%{fullData.name}</extra>" },
        { ...base, y: n, yaxis: "y2", showlegend: false, hovertemplate: "%{x:.2f}: %{y} images<extra>%{fullData.name}</extra>" },
      ];
    });
    const diagonal = { type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], line: { color: paint.colours.muted, width: 1, dash: "dot" }, showlegend: false, hoverinfo: "skip" };
    const columns = ["strategy", "recalibrate", "positive", "above", "to", "n", "probability", "observed"];
    return {
      traces: [diagonal, ...lines],
      layout: {
        width: Math.min(paint.width, 640),
        xaxis: { range: [0, 1], title: { text: what }, anchor: "y2" },
        yaxis: { range: [-0.02, 1.02], domain: [0.3, 1], title: { text: "observed share" } },
        yaxis2: { domain: [0, 0.22], type: "log", title: { text: "images" }, dtick: 1 },
        legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
        margin: { l: 56, r: 12, t: 64, b: 46 },
      },
      height: 560,
      csv: { columns, rows: rows.map((r) => columns.map((c) => read(r, c) ?? null)) },
      title: `${cellTitle(sweep, view)}, probabilities ${WAYS[this.#way()]}`,
      summary: `${capital(cellTitle(sweep, view))}, probabilities ${WAYS[this.#way()]}. ${strategies.map((s) => inWords(sweep.title(s), of(s), read)).join(" ")}`,
    };
  }

  /** A row a strategy and way: scores as mean and interval. */
  #scores() {
    const { calibration } = this.sweep.doc.tables;
    const read = reader(calibration.columns);
    const keys = this.sweep.columns();
    const groups = new Map();
    for (const r of this.#mine(calibration)) {
      const name = JSON.stringify([...keys.map((k) => read(r, k)), read(r, "recalibrate")]);
      if (!groups.has(name)) groups.set(name, { first: r, of: {} });
      groups.get(name).of[read(r, "score")] = r;
    }
    const rows = [...groups.values()];
    const cell = (g, score, column) => (g.of[score] ? (read(g.of[score], column) ?? null) : null);
    const columns = [
      ...keys.filter((k) => k === "strategy").map((k) => ({ label: k, value: (g) => read(g.first, k) })),
      { label: "probabilities", value: (g) => read(g.first, "recalibrate") },
      { label: "n", value: (g) => cell(g, "brier", "n") },
      ...SCORES.map(([score, label]) => ({ label, value: (g) => cell(g, score, "mean"), text: (g) => `${brief(cell(g, score, "mean"))}${cell(g, score, "low") === null ? "" : `\n(${brief(cell(g, score, "low"))} to ${brief(cell(g, score, "high"))})`}`, title: () => "mean and 95 % interval" })),
    ];
    return new SortableTable({ name: "calibration", caption: `Calibration on the test set: ${cellTitle(this.sweep, this.view)}`, rows, columns, all: calibration, notes: calibration.notes }).node;
  }

  /** What strategies gained over none, and cost. */
  #costs() {
    const { calibration_cost: table } = this.sweep.doc.tables;
    if (!table?.rows.length) return false;
    const read = reader(table.columns);
    const key = (name, label = name) => ({ label, value: (r) => read(r, name) ?? null });
    const range = (label, low, high) => ({ label, value: (r) => read(r, low) ?? null, text: (r) => interval(read(r, low), read(r, high)) });
    const columns = [
      ...this.sweep.columns().map((c) => key(c)), key("n"),
      key("balanced_accuracy", "balanced accuracy"), range("95 % interval", "balanced_accuracy_low", "balanced_accuracy_high"),
      { ...key("p_holm", "p, Holm"), text: (r) => pValue(read(r, "p_holm")) }, key("outcome", "is"),
      key("brier", "Brier score"), range("interval", "brier_low", "brier_high"),
      { ...key("brier_p_holm", "p (Brier)"), text: (r) => pValue(read(r, "brier_p_holm")) }, key("brier_outcome", "is (Brier)"),
      key("log_loss", "log loss"), key("log_loss_outcome", "is (log loss)"),
      key("ece", "ECE"), key("ece_outcome", "is (ECE)"),
    ];
    return new SortableTable({ name: "calibration-cost", caption: "What each strategy gained over none in balanced accuracy, and cost in calibration", rows: table.rows, columns, all: table, notes: table.notes }).node;
  }
}

/** "Unbalanced: 0.81 said, 0.74 observed, on average over 120 images; furthest apart near 0.65, by 0.21." */
function inWords(title, rows, read) {
  const total = rows.reduce((s, r) => s + read(r, "n"), 0);
  const mean = (column) => rows.reduce((s, r) => s + read(r, "n") * read(r, column), 0) / total;
  const apart = (r) => read(r, "observed") - read(r, "probability");
  const worst = rows.reduce((a, b) => (Math.abs(apart(b)) > Math.abs(apart(a)) ? b : a));
  return `${title}: ${number(mean("probability"), 2)} said, ${number(mean("observed"), 2)} observed, on average over ${total} images; furthest apart near ${number(read(worst, "probability"), 2)} (${read(worst, "n")} ${read(worst, "n") === 1 ? "image" : "images"}), by ${number(Math.abs(apart(worst)), 2)}.`;
}
