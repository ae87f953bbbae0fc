/* summary.js - the answer as a picture, the first thing on the page: balanced accuracy on test images, a row a strategy (and model), a
 * panel a set of clusters and protocol, or what else explains most. As the static figure `summary` (results/figures/glance.h). */
import { Chart, plain } from "./chart.js";
import { checkbox, el, fill, number, select } from "./dom.js";
import { clustersTitle, short } from "./model.js";
import { reader } from "./table.js";
import { MOST_PANELS, MOST_ROWS, glanceItems, noneOf, panelsOf, planOf } from "./panels.js";
import { sketch } from "./sketch.js";
import { LEAKY, faded, visible } from "./theme.js";

const STEP = 26, HEAD = 50, LEAK = 18, AXIS = 42, GUTTER = 34; // pixels: a row, above a panel, its line on leaks, below it, right of it
const LEAST_PANEL = 165; // pixels of a panel's width, if there is room
const MOST_RUNS = 2000; // single runs that are drawn

const HELD = "sum.at."; // before the name of a factor: the value shown of it, "" averaged

/** Keys of the view that the picture reads, with their defaults. @param {import("./model.js").Sweep} sweep */
export function summaryDefaults(sweep) {
  return { "sum.by": "auto", ...Object.fromEntries(sweep.factors().map((f) => [HELD + f.name, ""])) };
}

export class Summary {
  /** @param {import("./model.js").Sweep} sweep @param {import("./state.js").View} view */
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.chart = new Chart({ name: "summary", label: "The answer at a glance: balanced accuracy of every strategy on test images", early: sketch });
    this.box = el("div", { class: "own-scroll" }, this.chart.plot);
    this.chart.node.prepend(this.box);
    this.controls = el("details", { class: "more no-print", id: "summary-choice" }, el("summary", { text: "Panels and averages" }), el("div", {}));
    this.nothing = el("p", { class: "hint", text: "No job is finished yet: the picture of the results comes with the first." });
    this.node = el("div", { class: "glance" }, this.nothing, this.chart.node, this.controls);
    this.build();
  }

  needs(key) {
    return key.startsWith("sum.");
  }

  build() {
    const { sweep } = this;
    this.items = glanceItems(sweep.doc);
    this.plan = planOf(sweep.doc, this.items);
    this.#controls();
  }

  /** The factors that panels differ in. */
  #by() {
    const chosen = this.view.get("sum.by");
    return chosen === "auto" ? this.plan.by : this.view.list("sum.by").filter((name) => this.plan.factors.some((f) => f.name === name));
  }

  /** What is shown of the others: of protocols one, never their mean. */
  #held() {
    const by = this.#by();
    const rest = this.plan.factors.filter((f) => !by.includes(f.name));
    const value = (f) => {
      const chosen = this.view.get(HELD + f.name);
      return f.values.includes(chosen) ? chosen : f.name === "protocol" ? this.sweep.firstProtocol() : "";
    };
    return Object.fromEntries(rest.map((f) => [f.name, value(f)]).filter(([, v]) => v !== ""));
  }

  #controls() {
    const { plan, view } = this;
    const by = this.#by(), held = this.#held();
    this.controls.hidden = plan.factors.length === 0;
    const percent = (f) => `${f.name} (explains ${Math.round(100 * f.share)} %)`;
    const toggle = (f, on) => view.set({ "sum.by": plan.factors.map((g) => g.name).filter((name) => (name === f.name ? on : by.includes(name))).join(",") });
    const boxes = plan.factors.map((f) => checkbox(percent(f), by.includes(f.name), (on) => toggle(f, on), { id: `summary-by-${f.name}` }));
    const rest = plan.factors.filter((f) => !by.includes(f.name));
    const options = (f) => [...(f.name === "protocol" ? [] : [{ value: "", label: `mean over ${f.values.filter(Boolean).length} values` }]), ...f.values.filter(Boolean).map((v) => ({ value: v, label: this.#value(f.name, v) }))];
    const selects = rest.map((f) => select(f.name, options(f), held[f.name] ?? "", (value) => view.set({ [HELD + f.name]: value }), { id: `summary-at-${f.name}` }));
    const focused = this.controls.contains(document.activeElement) ? document.activeElement.id : "";
    fill(
      this.controls.lastElementChild,
      el("fieldset", { class: "row" }, el("legend", { text: "A panel for every" }), ...boxes),
      selects.length > 0 && el("fieldset", { class: "row" }, el("legend", { text: "Of the others" }), ...selects),
      el("p", { class: "hint", text: `Percentages: eta squared, the share of the variance between groups that the values of a factor explain (one observation a group, main effects). Panels are first divided by protocol, then by what explains most, up to ${MOST_PANELS}; clusters, and sweeps of several files, also where they explain little.` }),
    );
    if (focused) document.getElementById(focused)?.focus();
  }

  #value(name, value) {
    return name === "clusters" ? clustersTitle(this.sweep, value) : value;
  }

  update() {
    this.nothing.hidden = this.items.length > 0;
    this.chart.node.hidden = this.items.length === 0;
    if (this.items.length === 0) return;
    this.#controls();
    const by = this.#by();
    this.panels = panelsOf(this.items, this.plan, by, this.#held());
    this.chart.draw((paint) => this.#figure(paint, by));
    const tall = this.panels.length > MOST_PANELS || this.plan.rows.length > MOST_ROWS;
    this.box.classList.toggle("tall", tall);
    for (const [name, value] of Object.entries({ tabindex: "0", role: "region", "aria-label": "The picture, which scrolls" })) tall ? this.box.setAttribute(name, value) : this.box.removeAttribute(name);
  }

  /** "Oversampling", "SMOTE (k 3)", "cnn, SMOTE". */
  #rowName(row) {
    const own = this.plan.rowFactors.filter((f) => !["strategy", "model"].includes(f) && row.of[f] !== "").map((f) => `${f.split(".").at(-1)} ${row.of[f]}`);
    const strategy = this.sweep.title(row.of.strategy) + (own.length ? ` (${own.join(", ")})` : "");
    return this.plan.withModel ? `${row.of.model}, ${strategy}` : strategy;
  }

  #panelName(panel, by) {
    const named = by.filter((name) => name !== "protocol").sort((a, b) => (b === "clusters") - (a === "clusters"));
    return named.map((name) => (name === "clusters" ? capital(clustersTitle(this.sweep, panel.values[name])) : panel.values[name] === "" ? "" : `${name.split(".").at(-1)} ${panel.values[name]}`)).filter(Boolean).join(", ");
  }

  #figure(paint, by) {
    const place = layOut(this.panels, this.plan.rows.map((r) => this.#rowName(r)), paint);
    const range = rangeOf(this.panels);
    const parts = this.panels.map((panel, p) => this.#panel(panel, p, place, range, paint, by));
    const axes = Object.assign({}, ...parts.map((x) => x.axes));
    return {
      traces: parts.flatMap((x) => x.traces),
      layout: { ...axes, shapes: parts.flatMap((x) => x.shapes), annotations: parts.flatMap((x) => x.annotations), showlegend: false, margin: { l: 0, r: 0, t: 0, b: 0 }, hovermode: "closest" },
      height: place.height, title: "Balanced accuracy on test images", csv: this.#table(by), summary: this.#words(by, paint),
    };
  }

  #panel(panel, p, place, range, paint, by) {
    const { rows } = this.plan;
    const box = place.box(p);
    const [x, y] = [`x${p || ""}`, `y${p || ""}`].map((a) => (p ? a.replace(/\d+/, String(p + 1)) : a));
    const key = (axis) => axis[0] + "axis" + axis.slice(1);
    const leaks = panel.leak > 0;
    const axes = {
      [key(x)]: { domain: [box.left / place.width, box.right / place.width], anchor: y, range, dtick: box.right - box.left < 240 || range[1] - range[0] > 0.55 ? 0.2 : 0.1, zeroline: false, fixedrange: true, tickfont: { size: 11 } },
      [key(y)]: { domain: [1 - box.bottom / place.height, 1 - box.top / place.height], anchor: x, range: [rows.length - 0.5, -0.5], showgrid: false, zeroline: false, fixedrange: true, tickmode: "array", tickvals: box.first ? rows.map((_, i) => i) : [], ticktext: place.names, ticks: "", tickfont: { size: place.size } },
    };
    return {
      axes,
      traces: this.#traces(panel, x, y, paint, leaks),
      shapes: [...(leaks ? [{ type: "rect", xref: `${x} domain`, yref: `${y} domain`, x0: 0, x1: 1, y0: 0, y1: 1, layer: "below", line: { width: 0 }, fillcolor: LEAKY[paint.theme].ground }] : []), ...this.#lines(panel, x, y, range, paint), ...this.#brackets(panel, x, y, box, paint)],
      annotations: this.#heads(panel, x, y, box, paint, by, range),
    };
  }

  #traces(panel, x, y, paint) {
    const { rows } = this.plan;
    const at = rows.flatMap((_, i) => (panel.cells[i] ? [i] : []));
    const runs = this.#nRuns() <= MOST_RUNS ? at.flatMap((i) => panel.cells[i].runs.map((v) => [v, i + 0.28])) : [];
    const dots = { type: "scatter", mode: "markers", xaxis: x, yaxis: y, hoverinfo: "skip", meta: { kind: "runs", values: panel.values }, x: runs.map((r) => r[0]), y: runs.map((r) => r[1]), marker: { size: 4, color: faded(paint.colours.text, 0.28) } };
    const kinds = [["mean", at.filter((i) => !(panel.cells[i].leak > 0))], ["leaky", at.filter((i) => panel.cells[i].leak > 0)]];
    return [dots, ...kinds.filter(([, mine]) => mine.length).map(([kind, mine]) => this.#means(panel, kind, mine, x, y, paint))];
  }

  #means(panel, kind, at, x, y, paint) {
    const cells = at.map((i) => panel.cells[i]);
    const colour = at.map((i) => visible(this.sweep.doc.colors[this.plan.rows[i].of.strategy] ?? "#555555", paint.theme));
    return {
      type: "scatter", mode: "markers", xaxis: x, yaxis: y, x: cells.map((c) => c.mean), y: at,
      meta: { kind, values: panel.values, rows: at.map((i) => this.plan.rows[i].of), low: cells.map((c) => c.low), high: cells.map((c) => c.high), n: cells.map((c) => c.n), averaged: cells.map((c) => c.averaged), differs: cells.map((c) => c.differs) },
      error_x: { type: "data", symmetric: false, array: cells.map((c) => (c.high ?? c.mean) - c.mean), arrayminus: cells.map((c) => c.mean - (c.low ?? c.mean)), thickness: 1.7, width: 4, color: faded(paint.colours.text, 0.75) },
      marker: { size: 11, symbol: kind === "leaky" ? "circle-open" : "circle", color: colour, line: { width: kind === "leaky" ? 2.5 : 1, color: kind === "leaky" ? colour : paint.colours.paper } },
      customdata: at.map((i) => [plain(this.#rowName(this.plan.rows[i])), this.#cellWords(panel.cells[i])]),
      hovertemplate: "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    };
  }

  #cellWords(cell) {
    const bar = cell.low === null ? "" : ` (${number(cell.low)} to ${number(cell.high)})`;
    const leak = cell.leak > 0 ? `, LEAK: ${percent(cell.leakShare)} of test seen` : "";
    return `${number(cell.mean)}${bar}, ${cell.averaged ? `range of ${cell.averaged} groups` : `n = ${cell.n}`}${leak}`;
  }

  #nRuns() {
    return this.panels.reduce((sum, p) => sum + p.cells.reduce((n, c) => n + (c?.runs.length ?? 0), 0), 0);
  }

  /** Chance, and none of each model through the rows of its model. */
  #lines(panel, x, y, range, paint) {
    const lines = [];
    if (panel.chance !== null && panel.chance >= range[0] && panel.chance <= range[1]) lines.push({ type: "line", xref: x, yref: `${y} domain`, x0: panel.chance, x1: panel.chance, y0: 0, y1: 1, layer: "below", name: "chance", line: { color: paint.colours.muted, width: 1, dash: "dot" } });
    this.plan.rows.forEach((_, none) => {
      const mine = this.plan.rows.flatMap((__, i) => (panel.cells[i] && noneOf(this.plan, panel, i) === none ? [i] : []));
      if (mine.length) lines.push({ type: "line", xref: x, yref: y, x0: panel.cells[none].mean, x1: panel.cells[none].mean, y0: Math.min(...mine) - 0.5, y1: Math.max(...mine) + 0.5, layer: "below", name: "none", line: { color: paint.colours.text, width: 1.2, dash: "dash" } });
    });
    return lines;
  }

  /** A spine with a tooth at none and at each row that a test tells apart from it; solid: over the whole sweep. */
  #brackets(panel, x, y, box, paint) {
    const width = box.right - box.left;
    const at = (pixels) => 1 + pixels / width;
    const look = { 2: { color: paint.colours.text, width: 1.8 }, 1: { color: paint.colours.muted, width: 1.4, dash: "dot" } };
    const line = (x0, y0, x1, y1, least) => ({ type: "line", xref: `${x} domain`, yref: y, x0, y0, x1, y1, name: `bracket ${least}`, line: look[least] });
    return this.plan.rows.flatMap((_, none) =>
      [2, 1].flatMap((least) => {
        const mine = this.plan.rows.flatMap((__, i) => (i !== none && panel.cells[i]?.differs === least && noneOf(this.plan, panel, i) === none ? [i] : []));
        if (!mine.length) return [];
        const spine = at(least === 2 ? 11 : 20);
        const all = [none, ...mine];
        return [line(spine, Math.min(...all), spine, Math.max(...all), least), ...all.map((i) => line(at(4), i, spine, i, least))];
      }));
  }

  #heads(panel, x, y, box, paint, by, range) {
    const note = (text, up, font, more = {}) => ({ text, xref: `${x} domain`, yref: `${y} domain`, x: 0, y: 1, xanchor: "left", yanchor: "bottom", yshift: up, showarrow: false, align: "left", font, ...more });
    const room = box.right - box.left + GUTTER - 6;
    const fit = (text, size) => Math.max(8.5, Math.min(size, room / (0.6 * text.length)));
    const name = this.#panelName(panel, by) || "All panels in one";
    const protocol = panel.values.protocol && `protocol ${panel.values.protocol}`;
    const leak = `LEAK: up to ${percent(panel.leakShare)} of test seen`;
    const ink = LEAKY[paint.theme].ink;
    const base = panel.leak > 0 ? LEAK : 0;
    const shown = this.panels.length > 1 || by.length > 0;
    return [
      ...(shown && name ? [note(`<b>${plain(name)}</b>`, base + (protocol ? 15 : 2), { size: fit(name, 13) })] : []),
      ...(protocol ? [note(plain(protocol), base, { size: fit(protocol, 12), color: paint.colours.muted })] : []),
      ...(panel.leak > 0 ? [note(`<b>${leak}</b>`, 1, { size: fit(leak, 12.5), color: ink }), note("<b>LEAK</b>", 0, { size: Math.min(30, this.plan.rows.length * 7), color: faded(ink, 0.3) }, { x: 0.5, y: 0.5, xanchor: "center", yanchor: "middle" })] : []),
      ...(panel.chance !== null && panel.chance >= range[0] && panel.chance <= range[1] ? [note("chance", 0, { size: 10, color: paint.colours.muted }, { xref: x, x: panel.chance, y: 0, yanchor: "top", yshift: -19, xanchor: "center" })] : []),
    ];
  }

  /** What is drawn, a row a mean. */
  #table(by) {
    const { plan } = this;
    const columns = [...by, ...plan.rowFactors, "balanced_accuracy", "low", "high", "n", "averaged_groups", "leak_share", "chance", "differs_from_none"];
    const differs = { 2: "over the whole sweep", 1: "in its setting only", 0: "not claimed" };
    const rows = this.panels.flatMap((panel) => panel.cells.flatMap((c, i) => (c ? [[...by.map((f) => panel.values[f]), ...plan.rowFactors.map((f) => plan.rows[i].of[f]), c.mean, c.low, c.high, c.n, c.averaged, c.leakShare, c.chance, noneOf(plan, panel, i) === i ? "is none" : c.averaged || noneOf(plan, panel, i) < 0 ? "not tested" : differs[c.differs]]] : [])));
    return { columns, rows };
  }

  #words(by, paint) {
    const over = [...new Set(this.panels.flatMap((p) => p.over))];
    const held = Object.entries(this.#held()).map(([name, value]) => `${name} ${value}`);
    const leaky = this.panels.filter((p) => p.leak > 0).length;
    const left = this.panels.reduce((sum, p) => sum + p.leftOut, 0);
    return [
      over.length ? `Averaged over ${over.join(", ")}: large dots are means of group means, bars their range, which is no interval, small dots the groups; nothing is tested.` : "Large dots: means; bars: their 95 % interval; small dots: single runs. Brackets join none and what differs from it (p < 0.05, adjusted by Holm over the whole sweep; dotted: only within its panel and model); without one no difference is claimed.",
      this.#nRuns() > MOST_RUNS && "Single runs are too many to be drawn.",
      held.length > 0 && `Shown of ${held.join(", ")}.`,
      left > 0 && `${left} combinations that not all rows have are left out.`,
      "Dashed line: none; dotted: chance.",
      leaky > 0 && "Hollow on red: test images were seen in training, so these are no estimates of what new cells would give.",
      ...(over.length ? [] : this.#claims(by)),
    ].filter(Boolean).join(" ");
  }

  /** "above none by 0.27 (0.20 to 0.34)": the interval as in the table of comparisons, where that is there and says it of these two. */
  #apart(panel, cell, i) {
    const none = panel.cells[noneOf(this.plan, panel, i)]?.mean;
    if (none === undefined) return "unlike none";
    const { comparisons } = this.sweep.doc.tables ?? {};
    const read = reader(comparisons?.columns ?? []);
    const { strategy } = this.plan.rows[i].of;
    const where = ["clusters", "protocol", "model", ...this.sweep.doc.axes.map((a) => a.name)].filter(read.has);
    const isIt = (r) => read(r, "set") === "test" && read(r, "first") === strategy && read(r, "second") === "none" && where.every((name) => String(read(r, name) ?? "") === cell.of[name]);
    const found = (comparisons?.rows ?? []).filter(isIt);
    const row = found.length === 1 ? found[0] : undefined;
    const [low, high] = row ? [read(row, "low"), read(row, "high")] : [];
    const difference = row ? read(row, "difference") : cell.mean - none; // of pairs: sides may have other runs besides
    const up = difference > 0;
    const by = Math.abs(difference);
    const limits = typeof low === "number" && typeof high === "number" ? ` (${number(up ? low : -high, 2)} to ${number(up ? high : -low, 2)})` : "";
    return `${up ? "above" : "below"} none by ${number(by, 2)}${limits}`;
  }

  /** What differs from none, panel by panel, in words. */
  #claims(by) {
    const lines = this.panels.flatMap((panel) => {
      const names = panel.cells.flatMap((c, i) => (c?.differs ? [`${this.#rowName(this.plan.rows[i])} ${this.#apart(panel, c, i)}${c.differs === 1 ? " (within the panel only)" : ""}`] : []));
      const where = [this.#panelName(panel, by), panel.values.protocol && `protocol ${panel.values.protocol}`, panel.leak > 0 && "LEAK"].filter(Boolean).join(", ");
      return names.length ? [`${where ? `${where}: ` : ""}${names.join(", ")}.`] : [];
    });
    return lines.length > 8 ? [...lines.slice(0, 8), `${lines.length - 8} further panels have brackets: see the table.`] : lines;
  }
}

const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** From the lowest to the highest thing drawn, in tenths. @returns {[number, number]} */
function rangeOf(panels) {
  const all = panels.flatMap((p) => [p.chance, ...p.cells.flatMap((c) => (c ? [c.mean, c.low, c.high, ...c.runs] : []))]).filter((v) => typeof v === "number" && Number.isFinite(v));
  const [low, high] = [all.reduce((a, b) => Math.min(a, b), 1), all.reduce((a, b) => Math.max(a, b), 0)];
  return [Math.max(0, Math.floor(10 * low + 1e-9) / 10) - 0.02, Math.min(1, Math.ceil(10 * high - 1e-9) / 10) + 0.02];
}

/** Pixels of every panel: as many side by side as have room, a new line for a new protocol. */
function layOut(panels, rowNames, { width }) {
  const names = rowNames.map((name) => plain(short(name)));
  const longest = Math.max(...names.map((n) => n.length));
  const size = width < 500 ? 11 : 12;
  const left = Math.min(Math.round(0.6 * size * longest) + 10, Math.round(0.42 * width));
  const room = width - left;
  const most = Math.max(1, Math.floor(room / (LEAST_PANEL + GUTTER)));
  const lines = [];
  panels.forEach((panel, p) => {
    const last = lines.at(-1);
    if (!last || last.protocol !== panel.values.protocol) lines.push({ protocol: panel.values.protocol, panels: [p] });
    else last.panels.push(p);
  });
  const even = lines.flatMap(({ panels: all }) => {
    const down = Math.ceil(all.length / most), across = Math.ceil(all.length / down);
    return Array.from({ length: down }, (_, i) => all.slice(i * across, (i + 1) * across));
  });
  const across = Math.max(...even.map((l) => l.length));
  const panel = Math.min(room / across - GUTTER, 460);
  const tops = [];
  let height = 0;
  for (const line of even) {
    height += HEAD - 10 + (line.some((p) => panels[p].leak > 0) ? LEAK : 0);
    tops.push(height);
    height += STEP * rowNames.length + AXIS;
  }
  const where = new Map(even.flatMap((line, l) => line.map((p, i) => [p, { l, i }])));
  const box = (p) => {
    const { l, i } = where.get(p);
    return { left: left + i * (panel + GUTTER), right: left + i * (panel + GUTTER) + panel, top: tops[l], bottom: tops[l] + STEP * rowNames.length, first: i === 0 };
  };
  return { width, height, names, size, box };
}
