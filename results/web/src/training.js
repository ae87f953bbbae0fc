/* training.js - what training takes: test balanced accuracy against how much there is to learn from, and against images and seconds with
 * the Pareto front of means. As the static figures `training_size` and `training_cost` (results/figures/size_trend.h, training_cost_page.h). */
import { Chart, plain } from "./chart.js";
import { el, fill, interval, number, select } from "./dom.js";
import { Shown, capital, cellSelects, cellTitle, isCellKey } from "./explorer.js";
import { leakMarks } from "./leaks.js";
import { seconds } from "./models.js";
import { reader } from "./table.js";
import { visible } from "./theme.js";
import { logTicks } from "./ticks.js";

const SYMBOLS = ["circle", "square", "triangle-up", "diamond", "triangle-down", "pentagon"];
const AXES = ["class_sizes", "validation", "inner"];
const COSTS = { images: "images seen in training", seconds: "seconds a job" };

export function trainingDefaults(sweep) {
  return { "trn.axis": axesOf(sweep)[0] ?? "", "trn.classes": proportionsOf(sweep)[0] ?? "" };
}

/** The axes that set how much there is to learn from, where they vary. */
const axesOf = (sweep) => AXES.filter((name) => sweep.doc.varying.includes(name));

/** Proportions of classes that curves are of. */
function proportionsOf(sweep) {
  const table = sweep.doc.tables?.training_size;
  const read = reader(table?.columns ?? []);
  return [...new Set((table?.rows ?? []).map((r) => read(r, "proportions")))];
}

/** 1 when strategies or models stand beside each other, or an axis sets the training size. */
export const haveTraining = (sweep) => ["strategy", "model", ...AXES].some((name) => sweep.doc.varying.includes(name));

export class Training {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.node = el("div", {});
    this.controls = el("div", { class: "row controls" });
    this.size = new Chart({ name: "training-size", label: "Accuracy against training size" });
    this.words = el("p", { id: "training-cost" });
    this.cost = new Chart({ name: "training-cost", label: "Accuracy against what training costs" });
    this.missing = el("p", { class: "hint" });
    this.shown = new Shown();
    this.build();
  }

  build() {
    const { sweep, view } = this;
    const { training_size: sizes, training_cost: costs } = sweep.doc.tables ?? {};
    this.has = Boolean(sizes?.rows.length || costs?.rows.length);
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: "No two strategies or models have finished jobs with all else the same, and no two training sizes." }));
    const [axes, proportions] = [axesOf(sweep), proportionsOf(sweep)];
    view.settle("trn.classes", proportions[0] ?? "");
    fill(this.node, this.controls, this.shown.node, this.missing, this.size.node, this.words, this.cost.node);
    fill(
      this.controls,
      ...cellSelects(sweep, view, "training"),
      axes.length > 1 && select("Training size by", axes.map((value) => ({ value, label: value })), view.get("trn.axis"), (value) => view.set({ "trn.axis": value }), { id: "training-by", dataset: { key: "trn.axis" } }),
      proportions.length > 1 && select("Classes", proportions.map((value) => ({ value, label: value })), view.get("trn.classes"), (value) => view.set({ "trn.classes": value }), { id: "training-classes", dataset: { key: "trn.classes" } }),
    );
  }

  wants() {
    return { pieces: ["training"] };
  }

  needs(key) {
    return isCellKey(key) || key.startsWith("trn.");
  }

  /** Whether something with fields of factors is of the chosen cell, but for some factors and the axes that belong to them. */
  #isHere(value, but) {
    const { sweep, view } = this;
    return sweep.factors().every((f) => but.includes(f.name) || but.includes(f.of) || String(value(f.name) ?? "") === "" || String(value(f.name)) === view.get(f.key));
  }

  #rows(table, but) {
    const read = reader(table?.columns ?? []);
    const mine = (table?.rows ?? []).filter((r) => this.#isHere((name) => read(r, name), but));
    return mine.map((r) => Object.fromEntries(table.columns.map((c, i) => [c, r[i]]))).map((r) => ({ ...r, label: this.#label(r, but.includes("model")), leaks: r.leak_share > 0 }));
  }

  /** "SMOTE (k 3), forest": a strategy with the axes of its own that vary, and its model. */
  #label(row, model) {
    const { sweep } = this;
    const own = (of) => sweep.factors().filter((f) => f.of === of && sweep.doc.varying.includes(f.name) && String(row[f.name] ?? "") !== "").map((f) => `${f.name.split(".").at(-1)} ${row[f.name]}`);
    const named = (name, axes) => (axes.length ? `${name} (${axes.join(", ")})` : name);
    return [named(sweep.title(row.strategy), own("strategy")), model && named(row.model, own("model"))].filter(Boolean).join(", ");
  }

  #color(row, paint) {
    return visible(this.sweep.doc.colors[row.strategy] ?? "#009E73", paint.theme);
  }

  update() {
    if (!this.has) return;
    const { sweep, view } = this;
    const axis = view.get("trn.axis");
    const classes = view.get("trn.classes") || proportionsOf(sweep)[0];
    const sizes = axis ? this.#rows(sweep.doc.tables.training_size, ["strategy", axis]).filter((r) => axis !== "class_sizes" || r.proportions === classes) : [];
    const place = sweep.doc.summary.training_cost?.find((w) => this.#isHere((name) => sweep.value(w, name), w.models > 1 ? ["strategy", "model"] : ["strategy"]));
    const costs = place ? this.#rows(sweep.doc.tables.training_cost, place.models > 1 ? ["strategy", "model"] : ["strategy"]) : [];
    this.shown.tell(sweep, view);
    this.size.node.hidden = new Set(sizes.map((r) => r.originals)).size < 2;
    this.cost.node.hidden = this.words.hidden = costs.length === 0;
    const lacks = [this.size.node.hidden && axis && "two training sizes", this.cost.node.hidden && "two strategies or models"].filter(Boolean);
    this.missing.textContent = lacks.length ? `This choice has no finished jobs of ${lacks.join(", nor of ")}.` : "";
    this.missing.hidden = lacks.length === 0;
    this.words.textContent = place?.text ?? "";
    if (!this.size.node.hidden) this.size.draw((paint) => this.#curves(sizes, axis, classes, paint));
    if (costs.length) this.cost.draw((paint) => this.#fronts(costs, place, paint));
  }

  #curves(rows, axis, classes, paint) {
    const { sweep, view } = this;
    const xs = [...new Set(rows.map((r) => r.originals))].sort((a, b) => a - b);
    const lines = [...new Set(rows.map((r) => r.label))].map((label) => rows.filter((r) => r.label === label).sort((a, b) => a.originals - b.originals));
    const step = Math.min(0.02, 0.2 / lines.length), span = xs.at(-1) / xs[0];
    const traces = lines.map((line, i) => {
      const color = this.#color(line[0], paint);
      const shift = span ** (step * (i - (lines.length - 1) / 2));
      const bars = line.some((r) => r.low !== null) ? { error_y: { type: "data", symmetric: false, array: line.map((r) => (r.high === null ? 0 : r.high - r.balanced_accuracy)), arrayminus: line.map((r) => (r.low === null ? 0 : r.balanced_accuracy - r.low)), thickness: 1.4, width: 4, color } } : {};
      return {
        type: "scatter", mode: xs.length > 2 ? "lines+markers" : "markers", name: plain(`${line[0].label} (${counts(line)})`), x: line.map((r) => r.originals * shift), y: line.map((r) => r.balanced_accuracy), ...bars,
        line: { color, width: 2, dash: line.some((r) => r.leaks) ? "dot" : "solid" }, marker: { color, size: 9, symbol: line.map((r) => `${SYMBOLS[i % SYMBOLS.length]}${r.leaks ? "-open" : ""}`) },
        customdata: line.map((r) => [r.originals, r.n_train, r.low === null ? "" : ` (${interval(r.low, r.high)})`]), meta: { strategy: line[0].strategy }, hovertemplate: `%{customdata[0]} originals, trained on %{customdata[1]:.0f}: %{y:.3f}%{customdata[2]}<extra>${plain(line[0].label)}</extra>`,
      };
    });
    const leak = Math.max(...rows.map((r) => r.leak_share));
    const chance = chanceLine(1 / sweep.classes(view.get("clusters")).length, "x", "y", paint);
    const marks = leakMarks("x", "y", leak, paint);
    const columns = ["strategy", "originals", "n_train", "balanced_accuracy", "low", "high", "n", "leak_share"];
    const of = axis === "class_sizes" ? `, classes ${classes}` : "";
    const title = cellTitle(sweep, view, ["strategy", axis]);
    return {
      traces,
      layout: {
        xaxis: { type: "log", title: { text: paint.width < 560 ? "originals to learn from" : "training images: originals, before any is dropped or copied" }, tickvals: xs, ticktext: xs.map(String), range: [Math.log10(xs[0] / span ** 0.12), Math.log10(xs.at(-1) * span ** 0.12)] },
        yaxis: { title: { text: "test balanced accuracy" } },
        shapes: [...marks.shapes, ...chance.shapes], annotations: [...marks.annotations, ...chance.annotations],
        legend: { orientation: "h", x: 0, y: -0.24, yanchor: "top" },
        margin: { l: 56, r: 12, t: 26, b: 60 + legendHeight(lines.length, paint) }, hovermode: "closest",
      },
      height: 340 + legendHeight(lines.length, paint),
      csv: { columns, rows: lines.flat().map((r) => columns.map((c) => (c === "strategy" ? r.label : (r[c] ?? null)))) },
      title: `accuracy against training size, ${title}${of}`,
      summary: `${capital(title)}${of}. ${lines.map((line) => `${line[0].label}: ${line.map((r) => `${number(r.balanced_accuracy)} of ${r.originals}`).join(", ")}`).join("; ")}. x: originals that a job has to learn from, the same for every strategy: copies and augmented versions add none, and what undersampling leaves out is counted. Bars: 95 % interval over runs.${xs.length > 2 ? "" : " Two sizes have no course that a line could show."}${axis === "validation" ? " Test sets have other sizes, too." : ""}${leak > 0 ? ` Hollow${xs.length > 2 ? " and dotted" : ""}, on red: test images were seen in training, so these are no estimates of what new cells would give.` : ""}${chosenOnTest(rows)}`,
    };
  }

  #fronts(rows, place, paint) {
    const { sweep, view } = this;
    const costs = Object.keys(COSTS).filter((cost) => rows.some((r) => r[cost] !== null));
    const wide = paint.width >= 620 && costs.length > 1;
    const models = [...new Set(rows.map((r) => r.model))];
    const symbol = (r, i) => SYMBOLS[(place.models > 1 ? models.indexOf(r.model) : i) % SYMBOLS.length];
    const leak = Math.max(...rows.map((r) => r.leak_share));
    const legend = legendHeight(rows.length, paint);
    const [plot, gap, top, bottom] = [290, 84, 26, 50];
    const height = top + (wide ? plot : costs.length * plot + (costs.length - 1) * gap) + bottom + legend;
    const inner = height - top - bottom - legend;
    const layout = { margin: { l: 56, r: 14, t: top, b: bottom + legend }, hovermode: "closest", shapes: [], annotations: [], legend: { orientation: "h", x: 0, y: -(bottom + 4) / inner, yanchor: "top" } };
    const traces = costs.flatMap((cost, k) => {
      const [x, y] = k ? ["x2", "y2"] : ["x", "y"];
      const known = rows.map((r) => r[cost]).filter((v) => v !== null);
      const margin = Math.max(1.3, (Math.max(...known) / Math.min(...known)) ** 0.06);
      const range = [Math.min(...known) / margin, Math.max(...known) * margin];
      layout[k ? "xaxis2" : "xaxis"] = { type: "log", anchor: y, domain: wide ? [k * 0.54, 0.46 + k * 0.54] : [0, 1], range: range.map(Math.log10), title: { text: COSTS[cost], standoff: 6 }, ...ticks(...range, (wide ? 0.46 : 1) * (paint.width - 70)) };
      layout[k ? "yaxis2" : "yaxis"] = { anchor: x, domain: wide ? [0, 1] : k ? [0, plot / inner] : [1 - plot / inner, 1], title: { text: "test balanced accuracy", standoff: 6 } };
      for (const marks of [leakMarks(x, y, leak, paint), chanceLine(rows[0].chance, x, y, paint)]) {
        layout.shapes.push(...marks.shapes);
        layout.annotations.push(...marks.annotations);
      }
      return [this.#front(rows, cost, x, y, range[1], k === 0, paint), ...rows.map((r, i) => ({ r, i })).filter(({ r }) => r[cost] !== null).map(({ r, i }) => this.#point(r, cost, symbol(r, i), x, y, k === 0, paint))];
    });
    const tested = rows.some((r) => r.tested_against > 0);
    const columns = ["strategy", "n", "balanced_accuracy", "low", "high", "images", "front_images", "beaten_images", "seconds", "front_seconds", "beaten_seconds", "leak_share"];
    const title = cellTitle(sweep, view, place.models > 1 ? ["strategy", "model"] : ["strategy"]);
    return {
      traces, layout, height,
      csv: { columns, rows: rows.map((r) => columns.map((c) => (c === "strategy" ? r.label : (r[c] ?? null)))) },
      title: `accuracy against what training costs, ${title}`,
      summary: `${capital(title)}. ${rows.map((r) => `${r.label} ${number(r.balanced_accuracy)} at ${r.images === null ? "an unknown number of" : Math.round(r.images)} images, ${seconds(r.seconds)}`).join("; ")}. ${tested ? `Hollow: something that costs no more is significantly better (p < 0.05, Holm, over the whole sweep). Dashed: the Pareto front of means, on which a place may be chance.${rows.some((r) => !r.leaks && r.tested_against === 0) ? " What is tested against nothing is hollow behind that front." : ""}` : "No pair is tested here. Dashed and filled: the Pareto front of means, on which a place may be chance; hollow: behind it."} Images: what the strategy makes of the training set times the epochs done (once of models that learn at once), the same on any machine; trials of tuning are not counted. Seconds: median from start to end of a job on its core, judging included; another machine has others.${leak > 0 ? " Crosses, on red: test images were seen in training, so these are no estimates, and on no front." : ""}${chosenOnTest(rows)}`,
    };
  }

  /** For every cost the highest mean that it buys, as steps to the right edge. */
  #front(rows, cost, x, y, end, named, paint) {
    const on = rows.filter((r) => r[`front_${cost}`] === 1).sort((a, b) => a[cost] - b[cost]);
    const last = on.at(-1);
    return { type: "scatter", mode: "lines", xaxis: x, yaxis: y, name: "front of means", legendgroup: "front", showlegend: named, x: [...on.map((r) => r[cost]), ...(last ? [end] : [])], y: [...on.map((r) => r.balanced_accuracy), ...(last ? [last.balanced_accuracy] : [])], line: { shape: "hv", dash: "dash", width: 1.5, color: paint.colours.muted }, hoverinfo: "skip", meta: { front: cost } };
  }

  #point(r, cost, symbol, x, y, named, paint) {
    const [front, beaten] = [r[`front_${cost}`], r[`beaten_${cost}`]];
    const filled = !r.leaks && (r.tested_against > 0 ? beaten === 0 : front === 1);
    const color = this.#color(r, paint);
    const bar = r.low === null ? {} : { error_y: { type: "data", symmetric: false, array: [r.high - r.balanced_accuracy], arrayminus: [r.balanced_accuracy - r.low], thickness: 1.3, width: 4, color } };
    const says = r.leaks ? "on no front: test images were seen in training" : `${front === 1 ? "on" : "behind"} the front of means${beaten > 0 ? `, beaten by ${beaten}` : ""}`;
    return {
      type: "scatter", mode: "markers", xaxis: x, yaxis: y, name: plain(`${r.label} (n = ${r.n})`), legendgroup: r.label, showlegend: named, x: [r[cost]], y: [r.balanced_accuracy], ...bar,
      marker: { color, size: 11, symbol: r.leaks ? "x" : filled ? symbol : `${symbol}-open`, line: { width: r.leaks ? 0 : 2, color } },
      meta: { cost, strategy: r.strategy, model: r.model, filled }, hovertemplate: `%{y:.3f} at %{x:.3~g} ${cost}, ${says}<extra>${plain(r.label)}</extra>`,
    };
  }
}

/** "n = 5", "n = 3 to 5". */
function counts(line) {
  const n = line.map((r) => r.n);
  const [low, high] = [Math.min(...n), Math.max(...n)];
  return `n = ${low === high ? low : `${low} to ${high}`}`;
}

const chosenOnTest = (rows) => (rows.some((r) => r.chosen_on === "test") ? " Epochs were chosen on the reported set." : rows.some((r) => r.chosen_on === "elsewhere") ? " A model was trained elsewhere: that it did not see these images is the user's word." : "");

const LETTER = 7, BETWEEN = 8; // pixels

/** Ticks of an axis of so many pixels, with numbers where they have room. */
function ticks(low, high, pixels) {
  const tickvals = logTicks(low, high);
  const at = (x) => (pixels * Math.log(x / low)) / Math.log(high / low);
  let end = -Infinity;
  const ticktext = tickvals.map((x) => {
    const text = x < 1e6 ? String(x) : `${x / 1e6} million`;
    const half = (LETTER * text.length) / 2;
    if (at(x) - half < end + BETWEEN || at(x) + half > pixels + BETWEEN) return "";
    end = at(x) + half;
    return text;
  });
  return { tickvals, ticktext, tickangle: 0 };
}

/** Pixels of a legend below a plot. */
const legendHeight = (n, paint) => 22 * Math.ceil(n / Math.max(1, Math.floor(paint.width / 210))) + 10;

function chanceLine(chance, x, y, paint) {
  if (!(chance > 0)) return { shapes: [], annotations: [] };
  return {
    shapes: [{ type: "line", layer: "below", xref: `${x} domain`, yref: y, x0: 0, x1: 1, y0: chance, y1: chance, line: { color: paint.colours.muted, width: 1, dash: "dot" } }],
    annotations: [{ xref: `${x} domain`, yref: y, x: 0, y: chance, xanchor: "left", yanchor: "bottom", text: "chance", showarrow: false, font: { size: 11, color: paint.colours.muted } }],
  };
}
