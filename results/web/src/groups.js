/* groups.js - the runs that are left of a table, in groups by one factor or two: how many, their mean and its interval. */
import { button, el, fill, number, select } from "./dom.js";
import { pool, summarise } from "./stats.js";
import { SortableTable } from "./table.js";

const SAID = "Mean test balanced accuracy of the finished runs left above, at the judged epoch, and its 95 % interval; n counts splits. Runs of different settings are taken as if they were independent: this describes, section Comparisons tests.";
const BAR = 120; // pixels of a bar of 0 to 1

export class Groups {
  /** @param {Map<string, (j: number) => string>} keys of a job, by name @param {(names: string[], values: string[]) => void} narrow show the runs of one */
  constructor(sweep, view, keys, narrow) {
    Object.assign(this, { sweep, view, keys, narrow });
    this.table = el("div", {});
    this.node = el("div", { id: "groups" }, this.table);
  }

  /** The two choices. */
  selects() {
    const names = [...this.sweep.factors().map((f) => f.name).filter((name) => this.sweep.doc.varying.includes(name)), "seed", "state"];
    const options = (none) => [{ value: "", label: none }, ...names.map((name) => ({ value: name, label: name }))];
    const one = (label, key, none) => select(label, options(none), this.view.get(key), (value) => this.view.set({ [key]: value }), { id: key.replace(".", "-"), dataset: { key } });
    return [one("Group by", "runs.group", "nothing"), one("and by", "runs.groupb", "nothing else")];
  }

  #names() {
    const chosen = ["runs.group", "runs.groupb"].map((key) => this.view.get(key)).filter((name) => this.keys.has(name));
    return [...new Set(chosen)];
  }

  /** @param {number[]} list jobs, in order */
  show(list) {
    const names = this.#names();
    if (!names.length) return fill(this.table);
    const lists = new Map();
    const value = names.map((name) => this.keys.get(name));
    for (const j of list) {
      const id = value.length === 1 ? value[0](j) : `${value[0](j)}\n${value[1](j)}`;
      const known = lists.get(id);
      if (known) known.jobs.push(j);
      else lists.set(id, { values: value.map((of) => of(j)), jobs: [j] });
    }
    const rows = [...lists.values()].map(({ values, jobs }) => ({ values, ...this.#numbers(jobs) }));
    const text = (v) => (v === "" ? "not read" : v);
    const number_ = (label, value) => ({ label, value, text: (r) => number(value(r)) });
    const columns = [
      ...names.map((name, i) => ({ label: name, value: (r) => (r.values[i] !== "" && Number.isFinite(Number(r.values[i])) ? Number(r.values[i]) : r.values[i]), text: (r) => text(r.values[i]) })),
      number_("runs", (r) => r.runs), number_("n", (r) => r.n), number_("mean", (r) => r.mean), number_("low", (r) => r.low), number_("high", (r) => r.high),
      { label: "mean and interval, 0 to 1", value: (r) => r.mean, node: (r) => bar(r) },
      number_("leaky runs", (r) => r.leaky),
      { label: "show", value: () => "", node: (r) => button("Runs", () => this.narrow(names, r.values), { "aria-label": `Show the runs of ${names.map((name, i) => `${name} ${text(r.values[i])}`).join(", ")}` }) },
    ];
    fill(this.table, new SortableTable({ name: "groups", caption: SAID, rows, columns, limit: 60 }).node);
  }

  /** Runs of one split of one setting count once, with their mean, as in the tables. */
  #numbers(jobs) {
    const { sweep } = this;
    const judged = sweep.judged("balanced_accuracy");
    const done = jobs.filter((j) => Number.isFinite(judged[j]));
    const { split } = sweep.jobs; // the number of a job, so that two groups have none in common
    const splits = done.map((j) => split[j]);
    const ratio = done.reduce((most, j) => Math.max(most, sweep.ratioOf(j)), 0);
    const s = summarise(pool(done.map((j) => [judged[j]]), splits).map(([v]) => v), "ci", { t95: sweep.doc.t95, ratio, least: 0, most: 1 });
    return { runs: jobs.length, n: s.n, mean: s.mean, low: s.low, high: s.high, leaky: jobs.filter((j) => sweep.jobs.leak[j] > 0).length };
  }
}

const SVG = "http://www.w3.org/2000/svg";

function bar({ mean, low, high }) {
  const svg = document.createElementNS(SVG, "svg");
  const put = (name, attributes) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
    svg.append(node);
  };
  for (const [key, value] of Object.entries({ width: BAR + 2, height: 16, class: "group-bar", "aria-hidden": "true" })) svg.setAttribute(key, String(value));
  put("line", { x1: 1, x2: BAR + 1, y1: 8, y2: 8, class: "axis" });
  if (Number.isFinite(low)) put("line", { x1: 1 + BAR * low, x2: 1 + BAR * high, y1: 8, y2: 8, class: "interval" });
  if (Number.isFinite(mean)) put("circle", { cx: 1 + BAR * mean, cy: 8, r: 4 });
  return svg;
}
