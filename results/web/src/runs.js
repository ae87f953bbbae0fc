/* runs.js - every run of the sweep in a table: filtered, searched, sorted, a page at a time, however many there are; and one of them.
 *
 * Only the rows of a page are in the document, above them those that the reader pinned. What is sorted and filtered are numbers of jobs. */
import { announce, button, downloadCsv, el, fill, number, select } from "./dom.js";
import { curveOptions } from "./explorer.js";
import { filterOf, jobKeys, valueText } from "./filter.js";
import { Groups } from "./groups.js";
import { Run } from "./run.js";

const PAGE = 50;
const CURVE = { width: 96, height: 22, points: 96 };
const PIN = 12; // letters of a key in the address
const MOST_PINS = 50; // an address may have thousands
const KEPT = 500; // rows that are kept, to be shown again
const TYPING = 150; // ms without a key before a text is looked for

export function runsDefaults() {
  return { "runs.filter": "", "runs.search": "", "runs.sort": "", "runs.page": "1", "runs.run": "", "runs.group": "", "runs.groupb": "", "runs.pin": "" };
}

/** Places of values in order, sign -1: the largest first; equal ones as they were, empty ones last. Numbers, of which all may differ, are
 * compared; texts, which are few, are sorted as such. @param {(number|string)[]} value */
function orderOf(value, sign) {
  const none = (v) => v === "" || Number.isNaN(v);
  const there = [], empty = [];
  value.forEach((v, j) => (none(v) ? empty : there).push(j));
  if (there.every((j) => typeof value[j] === "number")) {
    const x = Float64Array.from(value);
    return [...Uint32Array.from(there).sort((i, j) => sign * (x[i] - x[j]) || i - j), ...empty];
  }
  const collator = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => sign * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
  const place = new Map([...new Set(there.map((j) => value[j]))].sort(compare).map((v, i) => [v, i]));
  const places = Int32Array.from(value, (v) => place.get(v) ?? 0);
  return [...Uint32Array.from(there).sort((i, j) => places[i] - places[j] || i - j), ...empty];
}

export class Runs {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.said = el("p", { class: "hint", role: "status", id: "runs-said" });
    this.wrong = el("p", { class: "warning", role: "alert", id: "runs-wrong", hidden: true });
    this.controls = el("div", { class: "controls" });
    this.head = el("tr");
    this.pinned = el("tbody", { class: "pinned" });
    this.body = el("tbody");
    this.pages = el("div", { class: "tools", role: "group", "aria-label": "Pages of the table of runs" });
    this.run = new Run(sweep, () => this.#close());
    const table = el("table", { id: "table-runs" }, el("caption", { text: "Runs; balanced accuracy and loss of the test images at the judged epoch" }), el("thead", {}, this.head), this.pinned, this.body);
    this.partly = "This file leaves something of this run out, to stay small; cellsweep serve shows all of it.";
    this.tellAt = this.run.node;
    this.beginsWithout = true; // what is here of a run is shown before the rest has come
    this.grouped = el("div", {});
    this.node = el("div", {}, this.controls, this.wrong, this.said, this.grouped, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of runs" }, table), this.pages, this.run.node);
    this.build();
  }

  build() {
    const { sweep, view } = this;
    this.keys = jobKeys(sweep);
    this.groups = new Groups(sweep, view, this.keys, (names, values) => this.#narrowAll(names, values));
    this.#forget();
    const text = (label, key, hint) => {
      const set = () => view.set({ [key]: input.value, "runs.page": "1" });
      let timer = 0;
      const input = el("input", { type: "search", value: view.get(key), placeholder: hint, id: key.replace(".", "-"), dataset: { key }, spellcheck: "false", autocomplete: "off", size: "28", oninput: () => (clearTimeout(timer), (timer = setTimeout(set, TYPING))), onchange: () => (clearTimeout(timer), view.get(key) !== input.value && set()) });
      return el("label", { class: "field" }, el("span", { text: label }), input);
    };
    const example = `strategy=${sweep.values("strategy").slice(0, 2).join("|")},seed<=5`;
    fill(this.controls, el("div", { class: "row" }, text("Filter, as --filter", "runs.filter", example), text("Search", "runs.search", "any part of a value, key or message"), ...this.#facets(), ...this.groups.selects()));
    fill(this.grouped, this.groups.node);
    this.columns = this.#columns();
  }

  /** What varies, with how many runs have each value: choosing one adds it to the filter. */
  #facets() {
    const fields = [...this.sweep.factors().filter((f) => this.sweep.doc.varying.includes(f.name)).map((f) => f.name), "state"];
    return fields.map((name) => {
      const counts = new Map();
      for (let j = 0; j < this.sweep.nJobs; j++) counts.set(this.keys.get(name)(j), (counts.get(this.keys.get(name)(j)) ?? 0) + 1);
      if (counts.size < 2) return null;
      const options = [{ value: " ", label: "any" }, ...[...counts].map(([value, n]) => ({ value, label: `${value === "" ? "not read" : value} (${n})` }))];
      return select(name, options, " ", (value) => this.#narrow(name, value), { id: `runs-by-${name}`, dataset: { facet: name } });
    });
  }

  /** The filter with one part, name=value, in place of what it said of the name; " ": without it. */
  #narrow(name, value) {
    const parts = (this.view.get("runs.filter").match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((p) => p.trim()).filter((p) => p && p.split(/[=!<>]/)[0].trim() !== name);
    if (value !== " ") parts.push(`${name}=${valueText(value)}`);
    this.view.set({ "runs.filter": parts.join(","), "runs.page": "1" });
  }

  /** To the runs of one group. */
  #narrowAll(names, values) {
    const group = { "runs.group": "", "runs.groupb": "" };
    Object.assign(this.view.values, group);
    names.forEach((name, i) => this.#narrow(name, values[i]));
    document.getElementById("runs-filter").focus();
  }

  #columns() {
    const { sweep } = this;
    const { jobs } = sweep;
    const several = (name) => jobs[name].some((v) => v !== jobs[name][0]);
    const texts = [...sweep.columns(), "seed", ...["fold", "repeat"].filter(several), "state"];
    const plainText = (name) => ({ name, value: (j) => { const v = this.keys.get(name)(j); return v !== "" && Number.isFinite(Number(v)) ? Number(v) : v; }, text: (j) => this.keys.get(name)(j) || "–" });
    const judged = (metric, label) => ({ name: label, number: true, value: (j) => sweep.judged(metric)[j], text: (j) => number(sweep.judged(metric)[j]) });
    return [...texts.map(plainText), judged("balanced_accuracy", "balanced accuracy"), judged("loss", "loss"), { name: "leak", number: true, value: (j) => sweep.jobs.leak[j] ?? NaN, text: (j) => number(sweep.jobs.leak[j]) }];
  }

  /** What is shown of the one run that is open; lines in the table come when they are there. */
  wants() {
    const j = this.sweep.jobs.key.indexOf(this.view.get("runs.run"));
    return j < 0 ? {} : { curves: [j], confusion: [j], pieces: ["cells"] };
  }

  needs(key) {
    return key.startsWith("runs.");
  }

  #close() {
    const key = this.view.get("runs.run");
    this.view.set({ "runs.run": "" });
    (this.body.parentNode.querySelector(`[data-run="${key}"]`) ?? document.getElementById("h-runs"))?.focus();
  }

  /** Numbers of the jobs that are asked for, in order; null when the filter cannot be read. */
  #chosen() {
    const { sweep, view } = this;
    let matches;
    try {
      matches = filterOf(sweep, view.get("runs.filter"));
    } catch (error) {
      this.wrong.textContent = `Filter: ${error.message}.`;
      return null;
    }
    const wanted = view.get("runs.search").trim().toLowerCase();
    if (wanted) this.haystack ??= sweep.jobs.key.map((key, j) => [key, ...this.columns.filter((c) => !c.number).map((c) => c.text(j)), sweep.jobs.message[j]].join("\n").toLowerCase());
    const out = [];
    for (let j = 0; j < sweep.nJobs; j++) if ((!wanted || this.haystack[j].includes(wanted)) && matches(j)) out.push(j);
    return this.#sorted(out);
  }

  /** What was worked out of a document. */
  #forget() {
    this.haystack = null;
    this.orders = new Map();
    this.rows = new Map();
    this.shownFor = this.openFor = null;
  }

  #sorted(list) {
    const [name, way] = this.view.get("runs.sort").split(":");
    const column = this.columns.find((c) => c.name === name);
    if (!column) return list;
    const chosen = new Uint8Array(this.sweep.nJobs);
    for (const j of list) chosen[j] = 1;
    return this.#order(column, way).filter((j) => chosen[j]);
  }

  /** All jobs in the order of a column, worked out once; empty ones last. */
  #order(column, way) {
    const id = `${column.name}:${way}`;
    if (!this.orders.has(id)) this.orders.set(id, orderOf(Array.from({ length: this.sweep.nJobs }, (_, j) => column.value(j)), way === "down" ? -1 : 1));
    return this.orders.get(id);
  }

  update() {
    if (this.doc !== this.sweep.doc) {
      if (this.doc) this.#forget();
      this.doc = this.sweep.doc;
    }
    this.#table();
    this.#open(this.view.get("runs.run"));
  }

  /** One run, where it or what is here of it has changed. */
  #open(key) {
    const { sweep, view } = this;
    const options = { ...curveOptions(sweep, view), metric: "balanced_accuracy", band: "none", seeds: false, published: false, best: false, loss: true };
    const asked = JSON.stringify([key, options, sweep.lacks(this.wants())]);
    if (this.openFor !== asked) this.run.show(key ? sweep.jobs.key.indexOf(key) : -1, options);
    this.openFor = asked;
    if (key !== "" && this.opened !== key && this.clicked) this.run.heading.focus();
    this.opened = key;
    this.clicked = false;
  }

  /** The table, where what it shows has changed: it stays as it is when a run is opened. */
  #table() {
    const asked = JSON.stringify(Object.entries(this.view.values).filter(([name]) => this.needs(name) && name !== "runs.run"));
    if (this.shownFor === asked) return;
    const list = this.#chosen();
    this.wrong.hidden = list !== null;
    if (list) this.#show(list);
    this.shownFor = asked;
    for (const facet of this.controls.querySelectorAll("[data-facet]")) {
      const part = (this.view.get("runs.filter").match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((p) => p.trim()).find((p) => p.startsWith(`${facet.dataset.facet}=`));
      facet.value = [...facet.options].map((o) => o.value).find((v) => v !== " " && part === `${facet.dataset.facet}=${valueText(v)}`) ?? " ";
    }
  }

  #show(list) {
    const { sweep, view } = this;
    const pins = this.#pins();
    const rest = pins.length ? list.filter((j) => !pins.includes(j)) : list;
    const pages = Math.max(1, Math.ceil(rest.length / PAGE));
    const page = Math.min(pages, Math.max(1, Math.round(Number(view.get("runs.page"))) || 1));
    const shown = rest.slice((page - 1) * PAGE, page * PAGE);
    fill(this.head, el("th", { scope: "col", text: "run" }), ...this.columns.map((c) => this.#header(c)), el("th", { scope: "col", text: "balanced accuracy, test" }));
    fill(this.pinned, ...pins.map((j) => this.#row(j)));
    fill(this.body, ...shown.map((j) => this.#row(j)));
    for (const button_ of this.body.parentNode.querySelectorAll("[data-pin]")) this.#mark(button_, pins.includes(Number(button_.dataset.pin)));
    this.groups.show(list);
    this.#lines([...pins, ...shown]);
    const text = `${list.length} of ${sweep.nJobs} runs${rest.length > PAGE ? `, ${(page - 1) * PAGE + 1} to ${(page - 1) * PAGE + shown.length} shown` : ""}${pins.length ? `; ${pins.length} pinned on top, whatever is asked for` : ""}.`;
    if (this.said.textContent && this.said.textContent !== text) announce(text);
    this.said.textContent = text;
    const to = (label, n, on) => button(label, () => view.set({ "runs.page": String(n) }), { disabled: !on, "aria-label": `${label} page of runs` });
    const csv = button("CSV", () => downloadCsv("runs", { columns: ["key", ...this.columns.map((c) => c.name.replaceAll(" ", "_"))], rows: [...pins, ...rest].map((j) => [sweep.jobs.key[j], ...this.columns.map((c) => c.value(j))]) }), { "aria-label": "Download these runs as CSV" });
    fill(this.pages, to("First", 1, page > 1), to("Previous", page - 1, page > 1), el("span", { text: `page ${page} of ${pages}` }), to("Next", page + 1, page < pages), to("Last", pages, page < pages), csv);
  }

  /** The row of a run; that of one that is over is kept. */
  #row(j) {
    const known = this.rows.get(j);
    if (known) return known;
    const row = el("tr", {}, el("td", {}, this.#pin(j), this.#link(j)), ...this.columns.map((c) => el("td", { text: c.text(j), class: c.number ? "number" : undefined })), el("td", { dataset: { line: String(j) } }, this.#spark(j)));
    if (this.rows.size >= KEPT) this.rows.clear();
    if (["done", "failed", "diverged"].includes(this.sweep.jobs.state[j]) && (this.sweep.held.curves[j] || !this.sweep.supply)) this.rows.set(j, row);
    return row;
  }

  /** Curves of the rows shown, once they have come. */
  async #lines(shown) {
    const lacking = this.sweep.lacks({ curves: shown });
    if (!lacking || !this.sweep.supply) return;
    try {
      await this.sweep.supply(lacking);
    } catch {
      return; // the table says the numbers; the server's trouble is told elsewhere
    }
    for (const j of shown) this.body.parentNode.querySelector(`[data-line="${j}"]`)?.replaceChildren(this.#spark(j));
  }

  /** Jobs that stay on top of the table, in the order in which they were pinned; each once, whatever the address says. */
  #pins() {
    const wanted = [...new Set(this.view.list("runs.pin"))].filter((begin) => begin.length === PIN).slice(-MOST_PINS);
    return wanted.map((begin) => this.sweep.jobs.key.findIndex((k) => k.startsWith(begin))).filter((j) => j >= 0);
  }

  #pin(j) {
    const mine = this.sweep.jobs.key[j].slice(0, PIN);
    const turn = () => {
      const pins = this.view.list("runs.pin");
      this.view.set({ "runs.pin": (pins.includes(mine) ? pins.filter((p) => p !== mine) : [...pins, mine]).join(",") });
      document.querySelector(`#table-runs [data-pin="${j}"]`)?.focus();
    };
    return button("", turn, { class: "pin", dataset: { pin: String(j) } });
  }

  #mark(node, on) {
    const what = this.sweep.jobs.key[Number(node.dataset.pin)].slice(0, 8);
    node.textContent = on ? "●" : "○";
    node.setAttribute("aria-pressed", String(on));
    node.setAttribute("aria-label", `Keep run ${what} on top`);
    node.title = on ? "Let it go" : "Keep it on top";
  }

  #header(column) {
    const [name, way] = this.view.get("runs.sort").split(":");
    const active = name === column.name;
    const sortBy = () => {
      this.view.set({ "runs.sort": `${column.name}:${active ? (way === "down" ? "up" : "down") : column.number ? "down" : "up"}`, "runs.page": "1" });
      this.refocus = column.name;
      this.#focus();
    };
    return el("th", { scope: "col", class: column.number ? "number" : undefined, "aria-sort": active ? (way === "down" ? "descending" : "ascending") : "none" }, el("button", { type: "button", class: "sort", dataset: { sort: column.name }, onclick: sortBy }, column.name, el("span", { "aria-hidden": "true", text: active ? (way === "down" ? " ▾" : " ▴") : "" })));
  }

  /** The table is drawn when the browser has time: the header that was pressed keeps the focus then. */
  #focus() {
    requestAnimationFrame(() => setTimeout(() => document.activeElement === document.body && this.head.querySelector(`[data-sort="${this.refocus}"]`)?.focus(), 30));
  }

  #link(j) {
    const key = this.sweep.jobs.key[j];
    const open = (event) => {
      event.preventDefault();
      this.clicked = true;
      this.view.section = "runs";
      this.view.set({ "runs.run": key });
    };
    return el("a", { href: `#runs?runs.run=${key}`, text: key.slice(0, 8), "aria-label": `Open run ${key.slice(0, 8)}`, dataset: { run: key }, onclick: open });
  }

  /** The curve of a job, 0 to 1, as a line; at most so many points. */
  #spark(j) {
    const curve = this.sweep.jobCurve(j, "test", "balanced_accuracy").filter(Number.isFinite);
    if (curve.length < 2) return el("span", { text: "–" });
    const step = Math.max(1, Math.ceil(curve.length / CURVE.points));
    const kept = curve.filter((_, e) => e % step === 0 || e === curve.length - 1);
    const points = kept.map((v, i) => `${((i / (kept.length - 1)) * (CURVE.width - 2) + 1).toFixed(1)},${((1 - v) * (CURVE.height - 2) + 1).toFixed(1)}`).join(" ");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of Object.entries({ width: CURVE.width, height: CURVE.height, role: "img", "aria-label": `from ${number(curve[0])} to ${number(curve.at(-1))} in ${curve.length} epochs`, class: "spark" })) svg.setAttribute(name, String(value));
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("points", points);
    svg.append(line);
    return svg;
  }
}
