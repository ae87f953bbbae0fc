/* confusion.js - confusion matrices: counts and shares of a row, averaged over jobs, and the difference of two strategies. */
import { Chart, plain } from "./chart.js";
import { jobName } from "./curves.js";
import { el, fill, number, select } from "./dom.js";
import { capital, cellSelects, cellTitle, chosenCell, isCellKey } from "./explorer.js";
import { classWord, named, short } from "./model.js";
import { summarise } from "./stats.js";

const SETS = [["val", "inner set (val), judged epoch"], ["test", "test images, judged epoch"], ["all", "all original images"]];

export function confusionDefaults(sweep) {
  const strategies = sweep.values("strategy");
  return { "cm.a": strategies[0], "cm.b": strategies[1] ?? "", "cm.set": "test", "cm.show": "percent" };
}

/**
 * Mean and spread of every entry over the finished jobs of a group. Shares are of a row (an actual cluster), job by job; a
 * row without images in a job has none there.
 * @returns {{classes: number[], mean: number[][], sd: number[][], n: number, jobs: Map<string, number[][]>}}
 */
export function confusionOf(sweep, group, set, percent) {
  const classes = sweep.classes(group.clusters);
  const C = sweep.doc.n_classes;
  const all = sweep.confusions(set);
  const jobs = new Map();
  for (const j of group.jobs.filter((k) => sweep.jobs.state[k] === "done")) {
    const at = (r, c) => all[(j * C + r) * C + c];
    jobs.set(jobName(sweep, j), classes.map((_, r) => matrixRow(classes.map((__, c) => at(r, c)), percent)));
  }
  return { classes, jobs, n: jobs.size, ...spread([...jobs.values()], classes.length) };
}

function matrixRow(counts, percent) {
  if (!percent) return counts.map((v) => (v < 0 ? NaN : v));
  const total = counts.reduce((s, v) => s + Math.max(0, v), 0);
  return counts.map((v) => (total > 0 && v >= 0 ? (100 * v) / total : NaN));
}

function spread(matrices, size) {
  const mean = [], sd = [];
  for (let r = 0; r < size; r++) {
    const row = Array.from({ length: size }, (_, c) => summarise(matrices.map((m) => m[r][c]), "sd"));
    mean.push(row.map((s) => s.mean));
    sd.push(row.map((s) => s.sd));
  }
  return { mean, sd };
}

/** A minus B, over the jobs that both have (same seed, fold and repeat): so that a spread is that of the difference. */
function difference(a, b) {
  const pairs = [...a.jobs.keys()].filter((name) => b.jobs.has(name));
  const matrices = pairs.map((name) => a.jobs.get(name).map((row, r) => row.map((v, c) => v - b.jobs.get(name)[r][c])));
  return { classes: a.classes, n: pairs.length, ...spread(matrices, a.classes.length) };
}

export class Confusion {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.controls = el("div", { class: "row controls" });
    this.titles = [el("h3"), el("h3"), el("h3")];
    this.charts = [
      new Chart({ name: "confusion", label: "Confusion matrix of the first strategy" }),
      new Chart({ name: "confusion-second", label: "Confusion matrix of the second strategy" }),
      new Chart({ name: "confusion-difference", label: "Difference of the two confusion matrices" }),
    ];
    this.boxes = this.charts.map((chart, i) => el("div", {}, this.titles[i], chart.node));
    this.node = el("div", {}, this.controls, el("div", { class: "two" }, ...this.boxes));
    this.build();
  }

  build() {
    const { sweep, view } = this;
    const strategies = sweep.strategyOptions();
    const choice = (label, key, from) => select(label, from, view.get(key), (value) => view.set({ [key]: value }), { id: `choose-${key.replace(".", "-")}`, dataset: { key } });
    const options = (list) => list.map(([value, label]) => ({ value, label }));
    fill(this.controls, ...cellSelects(sweep, view, "confusion"), choice("Strategy", "cm.a", strategies), choice("and", "cm.b", [{ value: "", label: "(none)" }, ...strategies]), choice("Judged on", "cm.set", options(SETS.filter(([set]) => set in this.sweep.doc.confusion))), choice("Show", "cm.show", options([["percent", "share of actual, %"], ["count", "images"]])));
  }

  /** What was judged on: what was chosen, if the document has it. */
  #set() {
    const set = this.view.get("cm.set");
    return Object.hasOwn(this.sweep.doc.confusion, set) ? set : "test";
  }

  needs(key) {
    return isCellKey(key) || key.startsWith("cm.");
  }

  wants() {
    const cell = chosenCell(this.sweep, this.view);
    const groups = ["cm.a", "cm.b"].map((key) => this.view.get(key)).filter(Boolean).map((strategy) => this.sweep.find({ ...cell, strategy })).filter(Boolean);
    return { confusion: groups.flatMap((g) => this.sweep.counted(g)) };
  }

  update() {
    const { sweep, view } = this;
    const cell = chosenCell(sweep, view);
    const percent = view.get("cm.show") === "percent";
    const of = (strategy) => {
      const group = strategy && sweep.find({ ...cell, strategy });
      const matrix = group && confusionOf(sweep, group, this.#set(), percent);
      return matrix?.n ? matrix : null;
    };
    const [a, b] = [of(view.get("cm.a")), of(view.get("cm.b"))];
    const titles = [sweep.title(view.get("cm.a")), sweep.title(view.get("cm.b"))];
    const names = [...titles, titles.join(" minus ")];
    const both = a && b && names[0] !== names[1] ? difference(a, b) : null;
    [a, b, both].forEach((matrix, i) => this.#show(i, matrix, names[i], percent, i === 2));
    if (!a) {
      this.boxes[0].hidden = false;
      this.titles[0].textContent = `${names[0]}: no finished job for this choice`;
      this.charts[0].node.hidden = true;
    }
  }

  #show(i, matrix, name, percent, signed) {
    this.boxes[i].hidden = !matrix || matrix.n === 0;
    if (this.boxes[i].hidden) return;
    this.charts[i].node.hidden = false;
    this.titles[i].textContent = `${name} (n = ${matrix.n}${signed ? " pairs" : ""})`;
    const context = `${cellTitle(this.sweep, this.view)}, ${SETS.find(([v]) => v === this.#set())[1]}`;
    this.charts[i].draw((paint) => heatmapSpec(matrix, { name, percent, signed, context, paint }));
  }
}

function heatmapSpec(matrix, { name, percent, signed, context, paint }) {
  const names = matrix.classes.map((k) => plain(String(k)));
  const size = names.length;
  const word = classWord(matrix.classes);
  const ticks = { tickmode: "array", tickvals: names, ticktext: matrix.classes.map((k) => plain(short(k))), automargin: true };
  const width = Math.min(paint.width, size > 8 ? 760 : 480);
  const top = Math.max(...matrix.mean.flat().filter(Number.isFinite).map(Math.abs), 1e-9);
  const unit = percent ? " %" : "";
  const text = matrix.mean.map((row, r) => row.map((m, c) => entry(m, matrix.sd[r][c], size, signed, width)));
  const scale = signed ? { colorscale: [[0, "#8c4a00"], [0.5, paint.colours.middle], [1, "#1f5fa8"]], zmin: -top, zmax: top } : { colorscale: paint.colours.sequential, zmin: 0, zmax: percent ? 100 : top };
  return {
    traces: [{
      type: "heatmap", x: names, y: names, z: matrix.mean.map((row) => row.map((v) => (Number.isFinite(v) ? v : null))), text, customdata: matrix.sd, texttemplate: "%{text}", textfont: { size: size > 8 ? 9 : 14 }, xgap: 1, ygap: 1, ...scale,
      colorbar: { thickness: 12, outlinewidth: 0, title: { text: percent ? "%" : "images", side: "top" } },
      hovertemplate: `actual %{y}, predicted %{x}<br>%{z:.2f}${unit} ± %{customdata:.2f}<extra></extra>`,
    }],
    layout: {
      width,
      xaxis: { type: "category", ...(word === "class" ? ticks : { tickangle: 0 }), title: { text: `predicted ${word}`, standoff: 8 }, side: "bottom", tickfont: { size: size > 16 ? 9 : 12 }, showgrid: false },
      yaxis: { type: "category", ...(word === "class" ? ticks : {}), title: { text: `actual ${word}`, standoff: 10 }, autorange: "reversed", tickfont: { size: size > 16 ? 9 : 12 }, showgrid: false, scaleanchor: size > 2 ? "x" : undefined, constrain: "domain" },
      margin: { l: 56, r: 10, t: 14, b: 46 },
    },
    height: size > 8 ? Math.min(width, 700) : Math.round(width * 0.68),
    csv: { columns: ["strategy", "actual", "predicted", percent ? "percent_of_actual" : "images", "sd", "n"], rows: matrix.mean.flatMap((row, r) => row.map((m, c) => [name, matrix.classes[r], matrix.classes[c], finite(m), finite(matrix.sd[r][c]), matrix.n])) },
    title: `${name}, ${context}`,
    summary: `${capital(context)}. ${inWords(matrix, unit, signed)}`,
  };
}

const finite = (v) => (Number.isFinite(v) ? v : null);

function entry(mean, sd, size, signed, width) {
  if (!Number.isFinite(mean)) return "";
  const digits = Math.abs(mean) >= 100 || size > 8 ? 0 : 1;
  if (size > 8 && (width < 600 || (!signed && mean < 0.5))) return "";
  const value = `${signed && mean > 0 ? "+" : ""}${mean.toFixed(digits)}`.replace("-", "−");
  return size <= 8 && Number.isFinite(sd) ? `${value}<br>± ${sd.toFixed(1)}` : value;
}

/** Recalls for few clusters; best and worst recall and the commonest mistake for many. */
function inWords(matrix, unit, signed) {
  const own = matrix.classes.map((k, i) => ({ k, v: matrix.mean[i][i] })).filter((d) => Number.isFinite(d.v));
  if (matrix.classes.length <= 4 || signed) return `${signed ? "Right, first minus second, on average over pairs" : "Right, on average over jobs"}: ${own.slice(0, 8).map((d) => `${named(d.k)} ${number(d.v, 1)}${unit}`).join(", ")}.`;
  own.sort((a, b) => b.v - a.v);
  const off = matrix.mean.flatMap((row, r) => row.map((v, c) => ({ r, c, v }))).filter((d) => d.r !== d.c && Number.isFinite(d.v)).sort((a, b) => b.v - a.v)[0];
  return `Best recognised: ${named(own[0].k)} (${number(own[0].v, 1)}${unit}); worst: ${own.at(-1).k} (${number(own.at(-1).v, 1)}${unit}). ${off?.v > 0 ? `Commonest mistake: ${matrix.classes[off.r]} taken for ${matrix.classes[off.c]} (${number(off.v, 1)}${unit}).` : "No mistake."}`;
}
