/* comparison.js - strategies, models or values of an axis compared in pairs: differences with their intervals as a forest plot, and the tests. */
import { Chart } from "./chart.js";
import { el, fill, interval, number, pValue, select } from "./dom.js";
import { Shown, capital, cellSelects, cellTitle, isCellKey } from "./explorer.js";
import { SortableTable, reader } from "./table.js";
import { visible } from "./theme.js";

const SET_NAMES = { test: "test set, judged epoch", all: "all original images, training images included", oof: "out of fold" };

/** What is compared, on what, and under which strategy where strategies are not. */
export function comparisonDefaults(sweep) {
  return { "cmp.factor": "strategy", "cmp.set": "test", "cmp.strategy": sweep.values("strategy")[0] };
}

export class Comparison {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.node = el("div", {});
    this.controls = el("div", { class: "row controls" });
    this.chart = new Chart({ name: "comparisons", label: "Differences between strategies, or what else is compared" });
    this.table = el("div", {});
    this.shown = new Shown();
    this.build();
  }

  #frame() {
    fill(this.node, el("p", { text: "Difference of two strategies, models or values of an axis, all else the same, first minus second, paired by seed or fold. An interval that holds 0 says that the order of the two may be chance; Holm’s correction accounts for the number of comparisons of one setting in the whole file, also when a filter shows only some. On images that were trained on nothing is tested." }), this.controls, this.shown.node, this.chart.node, this.table);
  }

  /** Factors that have rows: strategy, and those of the table of factors. */
  #factors() {
    const { comparisons, factors } = this.sweep.doc.tables ?? {};
    const at = factors?.columns.indexOf("factor");
    return [...(comparisons?.rows.length ? ["strategy"] : []), ...new Set((factors?.rows ?? []).map((r) => r[at]))];
  }

  /** What is compared: what was chosen, if there is any of it. */
  #factor() {
    const factors = this.#factors();
    return factors.includes(this.view.get("cmp.factor")) ? this.view.get("cmp.factor") : factors[0];
  }

  build() {
    this.has = this.#factors().length > 0;
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: "Nothing can be compared yet: that takes finished jobs of two strategies, models or values of an axis with the same seeds." }));
    if (!this.chart.node.isConnected) this.#frame();
    this.#controls();
  }

  #controls() {
    const { view, sweep } = this;
    this.factor = this.#factor();
    this.source = this.factor === "strategy" ? sweep.doc.tables.comparisons : sweep.doc.tables.factors;
    this.read = reader(this.source.columns);
    const mine = this.factor === "strategy" ? this.source.rows : this.source.rows.filter((r) => this.read(r, "factor") === this.factor);
    this.sets = [...new Set(mine.map((r) => this.read(r, "set")))];
    const choice = (label, key, options) => options.length > 1 && select(label, options, view.get(key), (value) => view.set({ [key]: value }), { id: `compare-${key}`, dataset: { key } });
    fill(
      this.controls,
      choice("Compare", "cmp.factor", this.#factors().map((f) => ({ value: f, label: { strategy: "strategies", model: "models" }[f] ?? f }))),
      ...cellSelects(sweep, view, "compare", [this.factor]),
      this.factor !== "strategy" && choice("Strategy", "cmp.strategy", sweep.strategyOptions()),
      choice("Judged on", "cmp.set", this.sets.map((s) => ({ value: s, label: SET_NAMES[s] ?? s }))),
    );
  }

  /** What was judged on: what was chosen, if this factor has it. */
  #set() {
    return this.sets.includes(this.view.get("cmp.set")) ? this.view.get("cmp.set") : this.sets[0];
  }

  /** Rows of the chosen cell: of the factor itself there is no value in it, nor of axes that belong to it or that a row does not read. */
  #rows() {
    const { read, view, sweep, factor } = this;
    const wanted = (f) => view.get(f.key === "strategy" ? "cmp.strategy" : f.key);
    const cell = sweep.factors().filter((f) => f.name !== factor);
    const fits = (r, f) => String(read(r, f.name) ?? "") === "" || String(read(r, f.name)) === wanted(f);
    return this.source.rows.filter((r) => (factor === "strategy" || read(r, "factor") === factor) && read(r, "set") === this.#set() && cell.every((f) => fits(r, f)));
  }

  /** The chosen cell in words, but for what is compared in it. */
  #title() {
    const { sweep, view, factor } = this;
    return [cellTitle(sweep, view, [factor]), factor !== "strategy" && `strategy ${view.get("cmp.strategy")}`].filter(Boolean).join(", ");
  }

  /** Of one of its two tables. */
  get canDoWithout() {
    return this.has;
  }

  wants() {
    return { pieces: ["comparisons", "factors"] };
  }

  needs(key) {
    return isCellKey(key) || key.startsWith("cmp.");
  }

  update() {
    if (!this.has) return;
    if (this.factor !== this.#factor()) this.#controls();
    const rows = this.#rows();
    const set = this.#set();
    this.shown.node.textContent = `${capital(this.#title())}, judged on: ${SET_NAMES[set] ?? set}.`;
    this.chart.node.hidden = rows.length === 0;
    if (rows.length) this.chart.draw((paint) => this.#forest(rows, paint));
    fill(this.table, rows.length ? this.#tests(rows) : el("p", { class: "hint", text: "Nothing was compared for this choice." }));
  }

  #forest(rows, paint) {
    const { read } = this;
    const label = (r) => `${read(r, "first")} − ${read(r, "second")}`;
    const kinds = [
      { name: "significant after Holm’s correction", test: (r) => read(r, "verdict") === "significant" || isBetter(read(r, "verdict")), colour: visible("#0072B2", paint.theme), symbol: "diamond" },
      { name: "no evidence of a difference", test: (r) => read(r, "verdict") === "no evidence", colour: paint.colours.muted, symbol: "circle" },
      { name: "no verdict: trained on, a class is missing, or one split only", test: (r) => isUnjudged(read(r, "verdict")), colour: paint.colours.muted, symbol: "circle-open" },
      { name: "cannot be significant with this n", test: () => true, colour: paint.colours.test, symbol: "x-thin-open" },
    ];
    const left = new Set(rows);
    const wide = paint.width > 640;
    const traces = kinds.map((kind) => {
      const mine = [...left].filter(kind.test);
      mine.forEach((r) => left.delete(r));
      return forestTrace(mine, kind, label, read);
    });
    const names = rows.map(label).reverse();
    return {
      traces: traces.filter((t) => t.x.length > 0),
      layout: {
        xaxis: { title: { text: wide ? "difference in balanced accuracy" : "difference" }, zeroline: true, zerolinewidth: 1.5 },
        yaxis: { type: "category", categoryorder: "array", categoryarray: names, range: [-0.6, names.length - 0.4], tickfont: { size: wide ? 12 : 10 }, automargin: true },
        legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
        margin: { l: wide ? 190 : 130, r: 16, t: wide ? 40 : 84, b: 46 },
      },
      height: 26 * rows.length + (wide ? 120 : 160),
      csv: { columns: ["first", "second", "difference", "low", "high", "p", "p_holm", "n", "verdict"], rows: rows.map((r) => ["first", "second", "difference", "low", "high", "p", "p_holm", "n", "verdict"].map((c) => read(r, c) ?? null)) },
      title: `${this.#title()}, ${SET_NAMES[this.#set()] ?? ""}`,
      summary: `${capital(this.#title())}. ${forestWords(rows, read, label, kinds[0])}`,
    };
  }

  #tests(rows) {
    const { read } = this;
    const key = (name, text = name) => ({ label: text, value: (r) => read(r, name) ?? null });
    const p = (name, text) => ({ ...key(name, text), text: (r) => pValue(read(r, name)) });
    const columns = [
      key("first"), key("second"), key("n"), key("difference"),
      { label: "95 % interval", value: (r) => read(r, "low") ?? null, text: (r) => interval(read(r, "low"), read(r, "high")) },
      p("p", "p"), p("p_holm", "p, Holm"),
      { label: "verdict", value: (r) => verdict(r, read) },
      key("method"),
    ];
    return new SortableTable({ name: "comparisons-table", caption: `${capital({ strategy: "strategies", model: "models" }[this.factor] ?? `values of ${this.factor}`)} compared in pairs`, rows, columns, all: { columns: this.source.columns, rows }, notes: this.source.notes }).node;
  }
}

const isUnjudged = (text) => typeof text === "string" && text.startsWith("no verdict");
const isBetter = (text) => typeof text === "string" && /^(better|worse|significant)/.test(text);

/** "cannot be significant with n = 3". */
function verdict(row, read) {
  const text = read(row, "verdict");
  return text && /cannot/.test(text) && !/\d/.test(text) ? `${text}: n = ${read(row, "n")}` : (text ?? null);
}

function forestTrace(rows, kind, label, read) {
  const x = rows.map((r) => read(r, "difference"));
  const arm = (side, sign) => rows.map((r, i) => (typeof read(r, side) === "number" ? Math.max(0, sign * (read(r, side) - x[i])) : 0));
  return {
    type: "scatter", mode: "markers", name: kind.name, x, y: rows.map(label),
    error_x: { type: "data", symmetric: false, array: arm("high", 1), arrayminus: arm("low", -1), color: kind.colour, thickness: 1.6, width: 4 },
    marker: { color: kind.colour, symbol: kind.symbol, size: 10, line: { width: 2, color: kind.colour } },
    customdata: rows.map((r) => [interval(read(r, "low"), read(r, "high")), pValue(read(r, "p")), pValue(read(r, "p_holm")), read(r, "n")]),
    hovertemplate: "%{y}<br>%{x:.3f} (%{customdata[0]})<br>p %{customdata[1]}, Holm %{customdata[2]}, n = %{customdata[3]}<extra></extra>",
  };
}

function forestWords(rows, read, label, significant) {
  const strong = rows.filter(significant.test);
  const cannot = rows.filter((r) => /cannot/.test(read(r, "verdict") ?? ""));
  const tested = rows.filter((r) => !isUnjudged(read(r, "verdict")));
  const parts = [`${rows.length} comparison${rows.length === 1 ? "" : "s"}, intervals of 95 %.`];
  if (tested.length < rows.length) parts.push(`${rows.length - tested.length} without a verdict: of images that were trained on, judged without a class, or runs of one split only.`);
  if (tested.length === 0) return parts.join(" ");
  parts.push(strong.length ? `Significant after Holm’s correction: ${strong.map((r) => `${label(r)} ${number(read(r, "difference"))} (p ${pValue(read(r, "p_holm"))})`).join("; ")}.` : "None is significant after Holm’s correction.");
  if (cannot.length) parts.push(`${cannot.length} cannot be significant with n = ${[...new Set(cannot.map((r) => read(r, "n")))].join(", ")}: too few runs for any outcome to be.`);
  return parts.join(" ");
}
