/* sweeps.js - sweeps that a file keeps apart, each against the first: differences of every combination that both have, what only one has,
 * and of how many jobs the bits are equal. */
import { Chart, plain } from "./chart.js";
import { el, fill, interval, number, pValue, select } from "./dom.js";
import { SortableTable, reader } from "./table.js";
import { visible } from "./theme.js";

const METRIC_NAMES = { balanced_accuracy: "balanced accuracy", accuracy: "accuracy", auroc: "AUROC", loss: "loss" };

export function sweepsDefaults(sweep) {
  const { sweeps } = sweep.doc.tables ?? {};
  return { "vs.second": sweeps?.rows.length ? reader(sweeps.columns)(sweeps.rows[0], "second") : "", "vs.metric": "balanced_accuracy" };
}

/** 1 when there are sweeps to compare. */
export const haveSweeps = (sweep) => sweep.doc.tables?.sweeps?.rows.length > 0;

export class Sweeps {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.node = el("div", {});
    this.controls = el("div", { class: "row controls" });
    this.words = el("p", { id: "sweep-words" });
    this.chart = new Chart({ name: "sweeps", label: "Differences between two sweeps" });
    this.table = el("div", {});
    this.build();
  }

  build() {
    const { sweep, view } = this;
    this.has = haveSweeps(sweep);
    if (!this.has) return fill(this.node);
    this.source = sweep.doc.tables.sweeps;
    this.read = reader(this.source.columns);
    this.seconds = [...new Set(this.source.rows.map((r) => this.read(r, "second")))];
    const metrics = [...new Set(this.source.rows.map((r) => this.read(r, "metric")))];
    const choice = (label, key, options) => options.length > 1 && select(label, options, view.get(key), (value) => view.set({ [key]: value }), { id: `sweeps-${key}`, dataset: { key } });
    fill(this.node, this.controls, this.words, this.chart.node, this.table);
    fill(this.controls, choice("Sweep", "vs.second", this.seconds.map((s) => ({ value: s, label: s }))), choice("Metric", "vs.metric", metrics.map((m) => ({ value: m, label: METRIC_NAMES[m] ?? m }))));
  }

  needs(key) {
    return key.startsWith("vs.");
  }

  #second() {
    return this.seconds.includes(this.view.get("vs.second")) ? this.view.get("vs.second") : this.seconds[0];
  }

  #metric() {
    return METRIC_NAMES[this.view.get("vs.metric")] ? this.view.get("vs.metric") : "balanced_accuracy";
  }

  update() {
    if (!this.has) return;
    const { read } = this;
    const rows = this.source.rows.filter((r) => read(r, "second") === this.#second() && read(r, "metric") === this.#metric());
    const compared = rows.filter((r) => typeof read(r, "difference") === "number");
    this.words.textContent = this.sweep.doc.summary.sweeps?.[this.seconds.indexOf(this.#second())] ?? "";
    this.chart.node.hidden = compared.length === 0;
    if (compared.length) this.chart.draw((paint) => this.#forest(compared, paint));
    fill(this.table, this.#tests(rows));
  }

  /** "8-10, oversample, report": what tells the rows apart. */
  #label(row) {
    const names = ["clusters", "strategy", "protocol", ...this.sweep.doc.varying.filter((v) => !["clusters", "strategy", "protocol"].includes(v))];
    return names.map((name) => [name, this.read(row, name)]).filter(([, v]) => v !== null && v !== undefined && v !== "").map(([name, v]) => (["clusters", "strategy", "protocol", "model"].includes(name) ? v : `${name} ${v}`)).join(", ");
  }

  #forest(rows, paint) {
    const { read } = this;
    const metric = METRIC_NAMES[this.#metric()];
    const wide = paint.width > 640;
    const kinds = [
      { name: "equal to the bit", test: (r) => read(r, "verdict") === "equal to the bit", colour: visible("#009E73", paint.theme), symbol: "circle-open" },
      { name: "significant after Holm’s correction", test: (r) => /^(better|worse|significant)/.test(read(r, "verdict")), colour: visible("#0072B2", paint.theme), symbol: "diamond" },
      { name: "not significant, or not tested", test: () => true, colour: paint.colours.muted, symbol: "circle" },
    ];
    const left = new Set(rows);
    const traces = kinds.map((kind) => {
      const mine = [...left].filter(kind.test);
      mine.forEach((r) => left.delete(r));
      return this.#trace(mine, kind);
    });
    const names = rows.map((r) => plain(this.#label(r))).reverse();
    const [first, second] = [read(rows[0], "first"), this.#second()];
    const columns = this.source.columns;
    return {
      traces: traces.filter((t) => t.x.length > 0),
      layout: {
        xaxis: { title: { text: wide ? `${second} minus ${first}: test ${metric}` : "difference" }, zeroline: true, zerolinewidth: 1.5 },
        yaxis: { type: "category", categoryorder: "array", categoryarray: names, range: [-0.6, names.length - 0.4], tickfont: { size: wide ? 12 : 10 }, automargin: true },
        legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
        margin: { l: wide ? 190 : 130, r: 16, t: wide ? 40 : 84, b: 46 },
      },
      height: 26 * rows.length + (wide ? 120 : 160),
      csv: { columns, rows },
      title: `${second} against ${first}, test ${metric}`,
      summary: `${rows.length} combination${rows.length === 1 ? "" : "s"} of ${second} against ${first}, test ${metric}, intervals of 95 %: ${rows.map((r) => `${this.#label(r)} ${number(read(r, "difference"))}`).slice(0, 12).join("; ")}.`,
    };
  }

  #trace(rows, kind) {
    const { read } = this;
    const x = rows.map((r) => read(r, "difference"));
    const arm = (side, sign) => rows.map((r, i) => (typeof read(r, side) === "number" ? Math.max(0, sign * (read(r, side) - x[i])) : 0));
    return {
      type: "scatter", mode: "markers", name: kind.name, x, y: rows.map((r) => plain(this.#label(r))),
      error_x: { type: "data", symmetric: false, array: arm("high", 1), arrayminus: arm("low", -1), color: kind.colour, thickness: 1.6, width: 4 },
      marker: { color: kind.colour, symbol: kind.symbol, size: 10, line: { width: 2, color: kind.colour } },
      customdata: rows.map((r) => [interval(read(r, "low"), read(r, "high")), pValue(read(r, "p_holm")), read(r, "n")]),
      hovertemplate: "%{y}<br>%{x:.3f} (%{customdata[0]})<br>Holm %{customdata[1]}, n = %{customdata[2]}<extra></extra>",
    };
  }

  #tests(rows) {
    const { read } = this;
    const key = (name, label = name) => ({ label, value: (r) => read(r, name) ?? null });
    const columns = [
      { label: "combination", value: (r) => this.#label(r) },
      key("first_mean", read(rows[0], "first")), key("second_mean", this.#second()), key("difference"),
      { label: "95 % interval", value: (r) => read(r, "low") ?? null, text: (r) => interval(read(r, "low"), read(r, "high")) },
      { label: "p, Holm", value: (r) => read(r, "p_holm") ?? null, text: (r) => pValue(read(r, "p_holm")) },
      key("n"), key("verdict"),
      { label: "equal bits", value: (r) => read(r, "jobs_equal_bits"), text: (r) => (read(r, "jobs_same") > 0 ? `${read(r, "jobs_equal_bits")} of ${read(r, "jobs_same")}` : "–") },
    ];
    return new SortableTable({ name: "sweeps", caption: `${this.#second()} against ${read(rows[0], "first")}, test ${METRIC_NAMES[this.#metric()]}`, rows, columns, all: { columns: this.source.columns, rows }, notes: this.source.notes }).node;
  }
}
