/* trials.js - the trials of tuning as parallel coordinates: an axis a tuned setting, the last one the score; a line a trial. Limits on any
 * axis, drawn with the pointer or typed, leave some of them; the table below holds the same. */
import { el, fill, number, select } from "./dom.js";
import { numberField } from "./numbers.js";
import { SortableTable } from "./table.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 330, TOP = 44, BOTTOM = 24, SIDE = 70; // pixels
const LOG_FROM = 10; // largest over smallest value above which an axis is logarithmic
const MOST_LINES = 3000;
const SAID = "A line a trial; the stronger, the better its score on the set that chose, the larger the better. The chosen trial of every job is thick, pruned ones are dashed, lost ones end at the foot. Scores of what chose flatter, and say nothing of the test set.";

export function trialsDefaults() {
  return { "tri.only": "", "tri.limits": "" };
}

/** Where values of an axis lie, 0 to 1. */
class Axis {
  constructor(name, values) {
    this.name = name;
    const known = values.filter((v) => v !== null && v !== "");
    const numbers = known.map(Number);
    this.isNumber = known.length > 0 && numbers.every(Number.isFinite);
    if (this.isNumber) {
      [this.low, this.high] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
      this.isLog = this.low > 0 && this.high / this.low > LOG_FROM;
    } else this.list = [...new Set(known.map(String))];
  }

  at(value) {
    if (value === null || value === "") return NaN;
    if (!this.isNumber) return this.list.length < 2 ? 0.5 : this.list.indexOf(String(value)) / (this.list.length - 1);
    const f = this.isLog ? Math.log : (x) => x;
    return this.high === this.low ? 0.5 : (f(Number(value)) - f(this.low)) / (f(this.high) - f(this.low));
  }

  /** The value at a share of the axis, three digits. */
  value(share) {
    const x = this.isLog ? this.low * (this.high / this.low) ** share : this.low + share * (this.high - this.low);
    return Number(x.toPrecision(3));
  }

  ticks() {
    if (!this.isNumber) return this.list.map((v) => [this.at(v), v]);
    return this.high === this.low ? [[0.5, String(this.low)]] : [0, 0.25, 0.5, 0.75, 1].map((s) => [s, String(this.value(s))]);
  }
}

export class Trials {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.controls = el("div", { class: "controls" });
    this.plot = el("div", { id: "plot-trials", class: "own-scroll", role: "region", tabindex: "0", "aria-label": "Trials of tuning as parallel coordinates" });
    this.summary = el("p", { class: "summary", id: "summary-trials", role: "status" });
    this.table = el("div", {});
    this.node = el("div", {}, this.controls, this.plot, this.summary, this.table);
    this.build();
  }

  needs(key) {
    return key.startsWith("tri.");
  }

  wants() {
    return { pieces: ["tuning"] };
  }

  build() {
    const table = this.sweep.doc.tables?.trials;
    this.has = table?.rows.length > 0;
    if (!this.has) return fill(this.controls, el("p", { class: "hint", text: "No job is tuned yet." }));
    const [first, last] = [table.columns.indexOf("trial") + 1, table.columns.indexOf("score")];
    this.axes = table.columns.slice(first, last + 1).map((name, i) => new Axis(name, table.rows.map((r) => r[first + i])));
    this.rows = table.rows.map((r) => ({ job: r[0], trial: r[1], values: r.slice(first, last + 1), state: r.at(-1) }));
    const names = this.sweep.columns();
    const of = (r) => names.map((name) => this.sweep.value(this.sweep.groupOf(r.job), name)).join(", ");
    for (const r of this.rows) r.setting = of(r);
    this.settings = [...new Set(this.rows.map((r) => r.setting))];
    this.#controls();
  }

  /** {name: [low, high] or [text]} that the view asks for. */
  #limits() {
    const fits = ([name, ...of]) => this.axes.some((a) => a.name === name && (!a.isNumber || of.every((x) => Number.isFinite(Number(x)))));
    return Object.fromEntries(this.view.list("tri.limits").map((part) => part.split("~")).filter(fits).map(([name, ...of]) => [name, of]));
  }

  /** Ends of an axis; "" there: none. */
  #limit(name, ...of) {
    const limits = { ...this.#limits(), [name]: of };
    const text = Object.entries(limits).filter(([, v]) => v.some((x) => x !== "")).map(([key, v]) => [key, ...v].join("~")).join(",");
    this.view.set({ "tri.limits": text });
  }

  #controls() {
    const limits = this.#limits();
    const field = (axis, end, label) => {
      const [low = "", high = ""] = limits[axis.name] ?? [];
      const value = [low, high][end];
      const set = (v) => this.#limit(axis.name, ...(end ? [low, String(v)] : [String(v), high]));
      return numberField(label, { min: -Infinity, max: Infinity, value: value === "" ? axis.value(end) : value, id: `trials-${axis.name}-${end}`, onchange: set });
    };
    const one = (axis) => (axis.isNumber
      ? el("fieldset", { class: "row" }, el("legend", { text: axis.name }), field(axis, 0, "from"), field(axis, 1, "to"))
      : select(axis.name, [{ value: "", label: "any" }, ...axis.list.map((v) => ({ value: v, label: v }))], limits[axis.name]?.[0] ?? "", (v) => this.#limit(axis.name, v), { id: `trials-${axis.name}` }));
    const focused = this.controls.contains(document.activeElement) ? document.activeElement.id : "";
    const only = this.settings.length > 1 && select("Trials of", [{ value: "", label: "all settings" }, ...this.settings.map((s) => ({ value: s, label: s }))], this.view.get("tri.only"), (v) => this.view.set({ "tri.only": v }), { id: "trials-only", dataset: { key: "tri.only" } });
    const all = el("button", { type: "button", id: "trials-all", text: "All trials", onclick: () => this.view.set({ "tri.limits": "", "tri.only": "" }) });
    fill(this.controls, el("div", { class: "row" }, only, ...this.axes.map(one), all));
    if (focused) document.getElementById(focused)?.focus();
  }

  #passes(row, limits) {
    if (this.view.get("tri.only") && row.setting !== this.view.get("tri.only")) return false;
    return this.axes.every((axis, a) => {
      const [low = "", high = ""] = limits[axis.name] ?? [];
      if (low === "" && high === "") return true;
      if (!axis.isNumber) return String(row.values[a]) === low;
      if (row.values[a] === null || row.values[a] === "") return false;
      return (low === "" || Number(row.values[a]) >= Number(low)) && (high === "" || Number(row.values[a]) <= Number(high));
    });
  }

  update() {
    if (!this.has) return;
    const limits = this.#limits();
    this.#controls();
    const left = this.rows.filter((r) => this.#passes(r, limits));
    this.#draw(left, limits);
    const score = (r) => r.values.at(-1);
    const ranked = [...left].sort((a, b) => (score(b) ?? -Infinity) - (score(a) ?? -Infinity));
    const best = ranked.find((r) => score(r) !== null);
    this.summary.textContent = `${left.length} of ${this.rows.length} trials.${best ? ` Best: ${this.axes.slice(0, -1).map((a, i) => `${a.name} ${best.values[i] ?? "not read"}`).join(", ")}, score ${number(score(best))}.` : ""}${left.length > MOST_LINES ? ` The first ${MOST_LINES} are drawn.` : ""} ${SAID}`;
    const columns = [{ label: "setting", value: (r) => r.setting }, { label: "seed", value: (r) => this.sweep.jobs.seed[r.job] }, { label: "trial", value: (r) => r.trial }, ...this.axes.map((a, i) => ({ label: a.name, value: (r) => (a.isNumber && r.values[i] !== null ? Number(r.values[i]) : r.values[i]), ...(a.isNumber && { text: (r) => (r.values[i] === null ? "–" : String(Number(Number(r.values[i]).toPrecision(4)))) }) })), { label: "state", value: (r) => r.state }];
    fill(this.table, new SortableTable({ name: "trials", caption: "The trials drawn above, the best first", rows: ranked, columns, limit: 20 }).node);
  }

  #draw(left, limits) {
    const width = Math.max(this.plot.clientWidth || 800, 120 * this.axes.length);
    const x = (a) => SIDE + ((width - 2 * SIDE) * a) / Math.max(1, this.axes.length - 1);
    const y = (share) => TOP + (1 - (Number.isNaN(share) ? -0.04 : share)) * (HEIGHT - TOP - BOTTOM);
    const svg = put(null, "svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, class: "parallel", role: "img", "aria-label": "A line a trial, an axis a tuned setting and the score", "aria-describedby": "summary-trials" });
    const score = this.axes.at(-1);
    const order = left.slice(0, MOST_LINES).sort((a, b) => (a.state === "best") - (b.state === "best") || (score.at(a.values.at(-1)) || 0) - (score.at(b.values.at(-1)) || 0));
    for (const r of order) {
      const good = score.at(r.values.at(-1));
      const d = this.axes.map((axis, a) => `${a ? "L" : "M"}${x(a).toFixed(1)} ${y(axis.at(r.values[a])).toFixed(1)}`).join("");
      put(svg, "path", { d, class: `trial ${r.state}`, style: `opacity:${(Number.isNaN(good) ? 0.3 : 0.2 + 0.7 * good ** 2).toFixed(2)}` });
    }
    this.axes.forEach((axis, a) => this.#axis(svg, axis, x(a), y, limits[axis.name]));
    fill(this.plot, svg);
  }

  #axis(svg, axis, x, y, limit) {
    put(svg, "line", { x1: x, x2: x, y1: y(0), y2: y(1), class: "axis" });
    put(svg, "text", { x, y: 16, "text-anchor": "middle", class: "name" }, axis.name.split(".").at(-1) + (axis.isLog ? " (log)" : ""));
    for (const [share, text] of axis.ticks()) put(svg, "text", { x: x + 5, y: y(share) + 4, class: "tick" }, text);
    if (!axis.isNumber) return;
    const ends = [limit?.[0], limit?.[1]].map((v, i) => Math.min(1, Math.max(0, v === undefined || v === "" ? i : axis.at(v))));
    if (limit) put(svg, "rect", { x: x - 6, width: 12, y: y(ends[1]), height: Math.max(2, y(ends[0]) - y(ends[1])), class: "brush" });
    const catcher = put(svg, "rect", { x: x - 14, width: 28, y: y(1), height: y(0) - y(1), class: "catch" });
    this.#brush(catcher, axis, (event) => (y(0) - (event.clientY - svg.getBoundingClientRect().top)) / (y(0) - y(1)));
  }

  /** From where the pointer goes down to where it goes up; a click takes limits away. */
  #brush(catcher, axis, shareOf) {
    catcher.addEventListener("pointerdown", (down) => {
      const from = shareOf(down);
      catcher.setPointerCapture(down.pointerId);
      catcher.addEventListener("pointerup", (up) => {
        const ends = [from, shareOf(up)].map((s) => Math.min(1, Math.max(0, s))).sort((a, b) => a - b);
        if (ends[1] - ends[0] < 0.02) this.#limit(axis.name, "", "");
        else this.#limit(axis.name, ends[0] <= 0 ? "" : String(axis.value(ends[0])), ends[1] >= 1 ? "" : String(axis.value(ends[1])));
      }, { once: true });
    });
  }
}

function put(parent, name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text) node.textContent = text;
  parent?.append(node);
  return node;
}
