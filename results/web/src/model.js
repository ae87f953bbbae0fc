/* model.js - the document of a sweep (DOCUMENT.md) as groups of jobs and arrays of numbers.
 *
 *     const sweep = new Sweep(JSON.parse(text));
 *     const group = sweep.groups[0];
 *     sweep.meanCurve(group, "test", "loss", { band: "ci" }).mean
 *
 * A group is a cell of the grid without its seed, fold and repeat: what is averaged. Arrays are decoded when first used. A large
 * sweep comes in pieces: what a picture lacks() is asked of the server by supply(), which a report has not. */
import { pool, smooth, summarise } from "./stats.js";

/** @typedef {{id: string, clusters: string, strategy: string, protocol: string, model: string, axis: string[],
 *             jobs: number[]}} Group */
/** @typedef {{jobs: number[], pieces: string[]}} Lacking */

/** What jobs differ in beside seed, fold, repeat and the axes of the grid. */
const FACTORS = ["clusters", "strategy", "protocol", "model"];

const METRIC_NAMES = {
  loss: "loss",
  accuracy: "accuracy",
  balanced_accuracy: "balanced accuracy",
  balanced_accuracy_as_published: "balanced accuracy as published",
};

/** "balanced accuracy" for "balanced_accuracy". */
export function metricName(metric) {
  return METRIC_NAMES[metric] ?? metric.replaceAll("_", " ");
}

function bytes(base64) {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out.buffer;
}

/** Little-endian numbers; every machine a browser runs on is little-endian. */
export const floats = (base64) => new Float32Array(bytes(base64));
export const integers = (base64) => new Int32Array(bytes(base64));

/** A mean curve with the largest and smallest number of runs behind its points. */
function ranged(curve) {
  const reached = curve.n.filter((n) => n > 0);
  return { ...curve, nMax: Math.max(0, ...reached), nMin: reached.length ? Math.min(...reached) : 0 };
}

export class Sweep {
  /** Fetch what lacks() names; null: there is nothing but the document. @type {null | ((lacking: Lacking) => Promise<void>)} */
  supply = null;

  /** The event log's lines of a job; null: nobody reads it. @type {null | ((j: number) => Promise<{lines: any[], cut: boolean}>)} */
  readLog = null;

  /** @param {any} doc the document */
  constructor(doc) {
    this.load(doc);
  }

  /** Another document of the same sweep takes the place of this one. */
  load(doc) {
    const old = this.doc;
    this.doc = doc;
    this.jobs = doc.jobs;
    /** Names of pieces that are not here (results/page/page_pieces.h). */
    this.apart = new Set(doc.left_out ?? []);
    /** Pieces that came later. @type {Map<string, any>} */
    this.pieces = new Map(this.pieces?.size && isSameGrid(old, doc) ? [...this.pieces].filter(([name]) => this.apart.has(name)) : []);
    for (const piece of this.pieces.values()) this.#put(piece);
    /** (J) 1: the job's rows are here. */
    this.held = Object.fromEntries(["curves", "confusion"].map((name) => [name, new Uint8Array(doc.jobs.key.length).fill(this.apart.has(name) ? 0 : 1)]));
    this.columnsOfCells = null;
    this.groupAt = null;
    this.ratioAt = null;
    this.nJobs = doc.jobs.key.length;
    this.nEpochs = doc.n_epochs;
    this.arrays = new Map();
    this.distinct = new Map();
    /** @type {Group[]} */
    this.groups = [];
    this.groupById = new Map();
    for (let j = 0; j < this.nJobs; j++) this.#addToGroup(j);
  }

  #addToGroup(j) {
    const id = this.#columns().map((column) => column[j]).join("\n");
    let group = this.groupById.get(id);
    if (!group) {
      const cell = { ...Object.fromEntries(FACTORS.map((f) => [f, this.jobs[f][j]])), axis: this.doc.axes.map((_, a) => String(this.jobs.axis[a][j])) };
      group = { id, ...cell, jobs: [] };
      this.groupById.set(id, group);
      this.groups.push(group);
    }
    group.jobs.push(j);
  }

  #columns() {
    return (this.columnsOfCells ??= [...FACTORS.map((f) => this.jobs[f]), ...this.jobs.axis]);
  }

  /** Distinct values over the jobs that have one, in order of appearance. @param {string} field or "axis.N" */
  values(field) {
    if (!this.distinct.has(field)) {
      const isAxis = field.startsWith("axis.");
      const column = isAxis ? this.jobs.axis[Number(field.slice(5))] : this.jobs[field];
      this.distinct.set(field, [...new Set([...new Set(column)].map(String))].filter((value) => !isAxis || value !== ""));
    }
    return [...this.distinct.get(field)];
  }

  /** Whether jobs have several values of seed, fold or repeat. @param {string} name */
  several(name) {
    return this.jobs[name].some((v) => v !== this.jobs[name][0]);
  }

  /**
   * All factors: `name` in tables, `key` in the view, `field` of values(), `of` the factor that an axis belongs to.
   * @returns {{name: string, key: string, field: string, of: string|null}[]}
   */
  factors() {
    return [...FACTORS.map((f) => ({ name: f, key: f, field: f, of: null })), ...this.doc.axes.map((axis, a) => ({ name: axis.name, key: `axis.${axis.name}`, field: `axis.${a}`, of: axis.of ?? null }))];
  }

  /** ratio() of the group of a job, 0 where it is none. */
  ratioOf(j) {
    const group = this.groupOf(j);
    const table = this.doc.tables?.final;
    this.ratioAt ??= table?.columns.indexOf("test_ratio") ?? -1;
    return table?.rows[this.groupAt[j]]?.[this.ratioAt] ?? (group ? 0 : NaN);
  }

  /** Names of the columns that tell groups apart: clusters, strategy, protocol, and what else varies. */
  columns() {
    return this.factors().map((f) => f.name).filter((name) => ["clusters", "strategy", "protocol"].includes(name) || this.doc.varying.includes(name));
  }

  /** A cell's value of a factor. @param {{axis: string[]}} cell @param {string} name */
  value(cell, name) {
    return FACTORS.includes(name) ? cell[name] : cell.axis[this.doc.axes.findIndex((a) => a.name === name)];
  }

  /** The protocol to begin with: one whose test set holds no copies of training images, if the sweep has one. */
  firstProtocol() {
    const all = this.values("protocol");
    return all.find((p) => p.startsWith("kfold")) ?? all.find((p) => p.startsWith("holdout")) ?? all[0];
  }

  /** "Undersampling" for "undersample", as in the static figures. */
  title(strategy) {
    return this.doc.titles?.[strategy] ?? strategy;
  }

  /** The strategies as options of a select. */
  strategyOptions() {
    return this.values("strategy").map((s) => ({ value: s, label: this.title(s) }));
  }

  /** The group of a cell, whatever it has for axes that the group does not read. @param {{clusters: string, strategy: string, protocol: string, model: string, axis: string[]}} cell */
  find(cell) {
    return this.groups.find((group) => isSame(group, cell));
  }

  /** The group of a job. @returns {Group} */
  groupOf(j) {
    this.groupAt ??= this.groups.reduce((at, group, g) => (group.jobs.forEach((i) => (at[i] = g)), at), new Int32Array(this.nJobs));
    return this.groups[this.groupAt[j]];
  }

  /** (J, E) of a metric. @param {"train"|"val"|"test"} set @param {string} metric @returns {Float32Array} */
  curves(set, metric) {
    const here = this.doc.curves[set][metric];
    return this.#array(`${set} ${metric}`, () => (here === undefined ? new Float32Array(this.nJobs * this.nEpochs).fill(NaN) : floats(here)));
  }

  /** (J, C, C). @param {"val"|"test"|"all"} set @returns {Int32Array} */
  confusions(set) {
    const here = this.doc.confusion[set];
    return this.#array(`confusion ${set}`, () => (here === null ? new Int32Array(this.nJobs * this.doc.n_classes ** 2).fill(-1) : integers(here)));
  }

  #array(name, make) {
    if (!this.arrays.has(name)) this.arrays.set(name, make());
    return this.arrays.get(name);
  }

  /** Whether some job of a group has an inner set with numbers. */
  hasVal(group) {
    return "val" in this.doc.curves && group.jobs.some((j) => (this.jobs.n_val?.[j] ?? 0) > 0);
  }

  /** (J) of a metric of the test images at the judged epoch; NaN of jobs that are not finished. @returns {Float32Array} */
  judged(metric) {
    return this.#array(`judged ${metric}`, () => floats(this.doc.jobs.judged[metric]));
  }

  /** What of something is not here; null when all is. @param {{curves?: number[], confusion?: number[], pieces?: string[]}} wanted jobs, and names */
  lacks({ curves = [], confusion = [], pieces = [] }) {
    const jobs = [...new Set([...curves.filter((j) => !this.held.curves[j]), ...confusion.filter((j) => !this.held.confusion[j])])];
    const names = pieces.filter((name) => this.apart.has(name));
    return jobs.length || names.length ? { jobs, pieces: names } : null;
  }

  /** A piece of the document that came later. @param {string} name */
  take(name, piece) {
    if (piece.version !== this.doc.version) throw new Error("the sweep has gone on meanwhile");
    this.pieces.set(name, piece);
    this.#put(piece);
    this.apart.delete(name);
  }

  #put(piece) {
    Object.assign(this.doc.tables, piece.tables);
    Object.assign(this.doc.summary, piece.summary);
    Object.assign(this.doc, piece.members);
  }

  /** Whether nothing is here of a piece: of one that lacks() names, the last document's stands in until its own is here. */
  isUnknown(name) {
    return this.apart.has(name) && !this.pieces.has(name);
  }

  /** Rows of some jobs' curves anew, from GET /api/curves, and of their matrices if they came along. */
  updateCurves(update) {
    for (const job of update.jobs) this.held.curves[job] = 1;
    if (update.confusion) this.#updateMatrices(update);
    for (const set of Object.keys(this.doc.curves))
      for (const metric of this.doc.metrics) {
        const rows = floats(update[set][metric]);
        const all = this.curves(set, metric);
        update.jobs.forEach((job, i) => all.set(rows.subarray(i * this.nEpochs, (i + 1) * this.nEpochs), job * this.nEpochs));
      }
  }

  #updateMatrices(update) {
    const size = this.doc.n_classes ** 2;
    for (const set of Object.keys(this.doc.confusion)) {
      const rows = integers(update.confusion[set]);
      update.jobs.forEach((job, i) => this.confusions(set).set(rows.subarray(i * size, (i + 1) * size), job * size));
    }
    for (const job of update.jobs) this.held.confusion[job] = 1;
  }

  /** Epochs that job j has when it is done: the sweep's own number, or an axis of it. */
  epochsOf(j) {
    const axis = this.doc.axes.findIndex((a) => a.name === "train.epochs");
    return axis < 0 ? this.nEpochs : Number(this.jobs.axis[axis][j]);
  }

  /** Jobs of a group that a mean is taken over: finished ones; beside a running sweep, running ones as far as they are. */
  counted(group) {
    return group.jobs.filter((j) => this.jobs.state[j] === "done" || (this.doc.live && this.jobs.state[j] === "running"));
  }

  /** "2 diverged, 1 failed", "" when none is. */
  lost(group) {
    const count = (state) => group.jobs.filter((j) => this.jobs.state[j] === state).length;
    return ["diverged", "failed"].map((s) => (count(s) ? `${count(s)} ${s}` : "")).filter(Boolean).join(", ");
  }

  /** Whether a mean curve of a group can be drawn: its rows are here, or the mean that stands in for them. */
  hasMean(group, set, metric) {
    return this.#isHeld(group) || Boolean(this.doc.curve_means?.[`${set} ${metric}`]);
  }

  /** Whether a group's curves are the means that a small file keeps in place of rows. */
  isMeanOnly(group) {
    return Boolean(this.doc.curve_means) && !this.#isHeld(group);
  }

  #isHeld(group) {
    return this.counted(group).every((j) => this.held.curves[j]);
  }

  /** Mean and 95 % interval of a group as the file keeps them, in steps of the largest: a smoothed one has no interval. */
  #keptMean(group, set, metric, { band, smoothing = "none", amount = 0 }) {
    const kept = this.doc.curve_means[`${set} ${metric}`];
    const none = Array(this.nEpochs).fill(NaN);
    if (!kept) return { mean: none, low: none, high: none };
    const most = this.#array(`most ${set} ${metric}`, () => floats(kept.most));
    const steps = this.#array(`mean ${set} ${metric}`, () => new Uint16Array(bytes(kept.values)));
    const g = this.groups.indexOf(group);
    const part = (k) => Array.from(steps.subarray((3 * g + k) * this.nEpochs, (3 * g + k + 1) * this.nEpochs), (x) => (x === 65535 ? NaN : (x / 65534) * most[g]));
    const has = band === "ci" && smoothing === "none";
    return { mean: smooth(part(0), smoothing, amount), low: has ? part(1) : none, high: has ? part(2) : none };
  }

  /** Numbers of splits, or of runs, that reached each epoch. */
  #reached(group) {
    const { split, epochs_done: done } = this.jobs;
    const last = new Map();
    for (const j of this.counted(group)) last.set(split[j] ?? `alone ${j}`, Math.max(done[j], last.get(split[j] ?? `alone ${j}`) ?? 0));
    return Array.from({ length: this.nEpochs }, (_, e) => [...last.values()].filter((n) => n > e).length);
  }

  /** One job's curve, smoothed if asked for. @returns {number[]} */
  jobCurve(j, set, metric, { smoothing = "none", amount = 0 } = {}) {
    const all = this.curves(set, metric);
    return smooth(Array.from(all.subarray(j * this.nEpochs, (j + 1) * this.nEpochs)), smoothing, amount);
  }

  /**
   * Mean over a group's jobs at every epoch. Every job is smoothed by itself, so that a band is that of smoothed curves.
   * @returns {{mean: number[], low: number[], high: number[], n: number[], nMax: number, nMin: number}}
   */
  meanCurve(group, set, metric, options) {
    if (this.isMeanOnly(group)) return ranged({ ...this.#keptMean(group, set, metric, options), n: this.#reached(group) });
    const jobs = this.counted(group);
    const curves = pool(jobs.map((j) => this.jobCurve(j, set, metric, options)), jobs.map((j) => this.jobs.split[j]));
    const of = { t95: this.doc.t95, ratio: this.ratio(group), least: 0, most: metric === "loss" ? Infinity : 1 };
    const out = { mean: [], low: [], high: [], n: [] };
    for (let e = 0; e < this.nEpochs; e++) {
      const s = summarise(curves.map((c) => c[e]), options.band, of);
      out.mean.push(s.mean);
      out.low.push(s.low);
      out.high.push(s.high);
      out.n.push(s.n);
    }
    return ranged(out);
  }

  /** Numbers of jobs behind the points of a mean curve and the last epoch of each, "5 to epoch 3, 2 to 8"; one step where all end together. @param {number[]} n */
  static ends(n) {
    return n.flatMap((k, e) => (k > 0 && k !== n[e + 1] ? [{ n: k, epoch: e + 1 }] : []));
  }

  /** n_test / n_train behind a group's intervals, NaN where they are plain Student's t: rows of `final` are groups in order. */
  ratio(group) {
    const table = this.doc.tables?.final;
    const value = table?.rows[this.groups.indexOf(group)]?.[table.columns.indexOf("test_ratio")];
    return value ?? NaN;
  }

  /** 1 where something published stands beside this sweep. */
  hasPublished() {
    return this.doc.published.length > 0;
  }

  /** The metrics that can be chosen: the published one only beside something published. */
  metrics() {
    return this.doc.metrics.filter((m) => m !== "balanced_accuracy_as_published" || this.hasPublished());
  }

  /** The published curve of a group or null; over the epochs it has. @returns {number[]|null} */
  published(group, set, metric) {
    const p = this.doc.published.find(
      (q) => isSame(q, group, ["protocol"]) && q.set === set && q.metric === metric,
    );
    return p ? p.values.map((v) => v ?? NaN) : null;
  }

  /** Mean leak and size of test sets over the finished jobs, null when none is. */
  leak(group) {
    const done = group.jobs.filter((j) => this.jobs.state[j] === "done" && this.jobs.n_test[j] > 0);
    if (done.length === 0) return null;
    const mean = (field) => done.reduce((s, j) => s + this.jobs[field][j], 0) / done.length;
    return { leak: mean("leak"), nTest: mean("n_test") };
  }

  /** Classes that a clusters text stands for: numbers, or names. @returns {(number|string)[]} */
  classes(clusters) {
    return this.doc.classes[clusters] ?? []; // an address may name others
  }

  countState(state) {
    return this.jobs.state.filter((s) => s === state).length;
  }
}

/** Whether two documents are of the same jobs, however far they are. */
const isSameGrid = (a, b) => a.jobs.key.length === b.jobs.key.length && a.jobs.key.every((key, j) => key === b.jobs.key[j]);

/** 1 when two cells are the same in every factor but some, and but for axes that the first does not read. @param {string[]} [but] */
export function isSame(a, b, but = []) {
  return FACTORS.every((f) => but.includes(f) || a[f] === b[f]) && a.axis.every((v, i) => String(v) === "" || String(v) === String(b.axis[i]));
}

/** 1 where something has two classes, or too much has; before the first job is finished, where something will have them. */
export function haveCuts(sweep) {
  const will = () => sweep.countState("done") === 0 && sweep.values("clusters").some((clusters) => sweep.classes(clusters).length === 2);
  return Boolean(sweep.doc.cuts) || sweep.apart.has("cuts") || will();
}

/** 1 where the sweep tunes: only then there are such tables, here or at the server, though of an unfinished one without rows. */
export const haveTrials = (sweep) => Boolean(sweep.doc.tables?.trials) || sweep.apart.has("tuning");

const SHORT = 24; // letters of a name in a picture

/** Names as pictures have room for them; their data have them whole. @param {number|string} name */
export function short(name) {
  const letters = [...String(name)];
  return letters.length > SHORT ? `${letters.slice(0, SHORT - 1).join("").trimEnd()}…` : letters.join("");
}

/** 1 when a class is shown by a name and not by its number. @param {(number|string)[]} classes */
export const haveNames = (classes) => classes.some((k) => typeof k === "string");

/** "cluster" of numbers, "class" where names are among them. @param {(number|string)[]} classes */
export const classWord = (classes) => (haveNames(classes) ? "class" : "cluster");
export const classesWord = (classes) => (haveNames(classes) ? "classes" : "clusters");

/** A class in a sentence: "cluster 8", "Folded". @param {number|string} name */
export const named = (name) => (typeof name === "string" ? name : `cluster ${name}`);

/** "clusters 8 and 10", "all 28 clusters"; "classes Folded and Polylobed", "all 4 classes". */
export function clustersTitle(sweep, clusters) {
  const list = sweep.classes(clusters);
  if (clusters === "all") return `all ${list.length} ${classesWord(list)}`;
  if (haveNames(list)) return `classes ${list.length === 2 ? `${list[0]} and ${list[1]}` : list.join(", ")}`;
  return list.length === 2 ? `clusters ${list[0]} and ${list[1]}` : `clusters ${clusters}`;
}
