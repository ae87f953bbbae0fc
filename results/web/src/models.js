/* models.js - which model: test balanced accuracy against the seconds of a job, average ranks over sets of clusters with what differs, and
 * the same in words and as a table. */
import { Chart, plain } from "./chart.js";
import { el, fill, interval, number, pValue, select } from "./dom.js";
import { Shown, capital, cellSelects, cellTitle, isCellKey } from "./explorer.js";
import { SortableTable, reader } from "./table.js";
import { visible } from "./theme.js";

/* As in results/figures/models_page.c. */
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#882255", "#332288", "#999933", "#7A4B20", "#117733"];
const SYMBOLS = ["circle", "square", "triangle-up", "diamond", "triangle-down", "pentagon"];
const BUT = ["clusters", "model"];

export function modelsDefaults(sweep) {
  return { "mod.strategy": sweep.values("strategy")[0] };
}

/** 1 when models stand beside each other. */
export const haveModels = (sweep) => sweep.doc.varying.includes("model");

export class WhichModel {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.node = el("div", {});
    this.controls = el("div", { class: "row controls" });
    this.words = el("p", { id: "which-model" });
    this.costs = new Chart({ name: "models", label: "Accuracy of models against seconds of a job" });
    this.ranks = new Chart({ name: "ranks", label: "Average ranks of models over sets of clusters" });
    this.table = el("div", {});
    this.shown = new Shown();
    this.build();
  }

  build() {
    const { sweep, view } = this;
    const { models } = sweep.doc.tables ?? {};
    this.has = models?.rows.length > 0;
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: sweep.doc.summary.warnings.find((w) => /^There are \d+ models/.test(w)) ?? "No two models have finished jobs on one set of clusters, all else the same." }));
    this.models = [...new Set(models.rows.map((r) => reader(models.columns)(r, "model")))];
    const strategies = sweep.strategyOptions();
    fill(this.node, this.controls, this.shown.node, this.words, this.costs.node, this.ranks.node, this.table);
    fill(this.controls, strategies.length > 1 && select("Strategy", strategies, view.get("mod.strategy"), (value) => view.set({ "mod.strategy": value }), { id: "models-strategy", dataset: { key: "mod.strategy" } }), ...cellSelects(sweep, view, "models", BUT));
  }

  wants() {
    return { pieces: ["models", "rankings"] };
  }

  needs(key) {
    return isCellKey(key) || key.startsWith("mod.");
  }

  /** Whether something with columns or fields of factors is of the chosen place. @param {(name: string) => any} value */
  #isHere(value) {
    const { sweep, view } = this;
    const wanted = (f) => view.get(f.name === "strategy" ? "mod.strategy" : f.key);
    return sweep.factors().every((f) => BUT.includes(f.name) || BUT.includes(f.of) || String(value(f.name) ?? "") === "" || String(value(f.name)) === wanted(f));
  }

  #mine(table) {
    const read = reader(table.columns);
    return table.rows.filter((r) => this.#isHere((name) => read(r, name))).map((r) => Object.fromEntries(table.columns.map((c, i) => [c, r[i]])));
  }

  #title() {
    const { sweep, view } = this;
    return [`strategy ${sweep.title(view.get("mod.strategy"))}`, cellTitle(sweep, view, BUT)].filter(Boolean).join(", ");
  }

  update() {
    if (!this.has) return;
    const { sweep } = this;
    const models = this.#mine(sweep.doc.tables.models);
    const points = this.#mine(sweep.doc.tables.models_by_clusters);
    const words = sweep.doc.summary.models.find((m) => this.#isHere((name) => sweep.value(m, name)));
    this.shown.node.textContent = `${capital(this.#title())}.`;
    this.words.textContent = models.length ? (words?.text ?? "") : "No two models have finished jobs for this choice.";
    this.costs.node.hidden = !models.some((m) => m.seconds !== null);
    this.ranks.node.hidden = !models.some((m) => m.average_rank !== null);
    if (!this.costs.node.hidden) this.costs.draw((paint) => this.#scatter(models, points, paint));
    if (!this.ranks.node.hidden) this.ranks.draw((paint) => this.#rankPlot(models, paint));
    fill(this.table, models.length > 0 && this.#rows(models));
  }

  /** The same whatever is chosen: by the number of the model in the whole table. */
  #look(model, paint) {
    const i = this.models.indexOf(model);
    return { color: visible(COLOURS[i % COLOURS.length], paint.theme), symbol: SYMBOLS[(i + Math.floor(i / COLOURS.length)) % SYMBOLS.length] };
  }

  #scatter(models, points, paint) {
    const several = models[0].cluster_sets > 1;
    const least = leastSeconds(points);
    const at = (x) => (x === null ? null : Math.max(x, least));
    const small = several ? models.map((m) => {
      const mine = points.filter((p) => p.model === m.model);
      const look = this.#look(m.model, paint);
      return { type: "scatter", mode: "markers", name: plain(m.model), legendgroup: m.model, showlegend: false, x: mine.map((p) => at(p.seconds)), y: mine.map((p) => p.balanced_accuracy), text: mine.map((p) => plain(String(p.clusters))), marker: { ...look, symbol: `${look.symbol}-open`, size: 6 }, hovertemplate: "clusters %{text}<br>%{y:.3f} at %{x:.2g} s<extra>%{fullData.name}</extra>" };
    }) : [];
    const large = models.map((m) => {
      const bar = several || m.low === null ? {} : { error_y: { type: "data", symmetric: false, array: [m.high - m.balanced_accuracy], arrayminus: [m.balanced_accuracy - m.low], thickness: 1.6, width: 4 } };
      return { type: "scatter", mode: "markers", name: plain(m.model), legendgroup: m.model, x: [at(m.seconds)], y: [m.balanced_accuracy], customdata: [m.seconds], marker: { ...this.#look(m.model, paint), size: 13 }, ...bar, meta: { model: m.model }, hovertemplate: "%{y:.3f} at %{customdata:.2g} s a job<extra>%{fullData.name}</extra>" };
    });
    const columns = ["model", "clusters", "n", "seconds", "balanced_accuracy", "low", "high"];
    return {
      traces: [...small, ...large],
      layout: {
        xaxis: { type: "log", title: { text: "seconds a job" }, tickformat: "~g", ...(span(points, least) < 1.7 ? { dtick: "D2" } : { dtick: 1 }) },
        yaxis: { title: { text: "test balanced accuracy" } },
        ...chanceLine(models[0].chance, paint),
        legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
        margin: { l: 56, r: 12, t: paint.width < 560 ? 30 + 20 * models.length : 60, b: 46 },
        hovermode: "closest",
      },
      height: 430,
      csv: { columns, rows: [...models.map((m) => ({ ...m, clusters: "mean" })), ...points].map((p) => columns.map((c) => p[c] ?? null)) },
      title: `which model, ${this.#title()}`,
      summary: `${several ? `Large points: means over ${models[0].cluster_sets} sets of clusters; small points: each of them.` : "Points: means over runs on one set of clusters, with their 95 % interval where there are several runs."} ${models.map((m) => `${m.model} ${number(m.balanced_accuracy)} at ${seconds(m.seconds)}`).join("; ")}. Seconds: median from start to end of a job on its core, judging included; another machine has others.${points.some((p) => p.seconds !== null && p.seconds < least) ? ` Jobs of less than ${least} s stand at ${least} s.` : ""}`,
    };
  }

  #rankPlot(models, paint) {
    const sorted = [...models].sort((a, b) => a.average_rank - b.average_rank);
    const { critical_difference: critical, p_ranks: p, cluster_sets: sets } = models[0];
    const differ = critical !== null && p < 0.05;
    const traces = sorted.map((m) => {
      const look = this.#look(m.model, paint);
      const bar = differ ? { error_x: { type: "data", array: [critical / 2], thickness: 3, width: 5, color: look.color } } : {};
      return { type: "scatter", mode: "markers", x: [m.average_rank], y: [plain(m.model)], marker: { ...look, size: 12 }, ...bar, showlegend: false, hovertemplate: "average rank %{x:.2f}<extra>%{y}</extra>" };
    });
    const names = sorted.map((m) => plain(m.model)).reverse();
    const test = p === null ? `${sets} sets of clusters are too few for a test of ranks.` : critical === null ? `Friedman's test: p = ${pValue(p)}; too many models for a critical difference.` : differ ? `Bars are half the critical difference of ${critical.toFixed(2)} to either side (Nemenyi): models whose bars do not meet differ.` : `No evidence that the models differ (Friedman's test, p = ${pValue(p)}).`;
    return {
      traces,
      layout: {
        xaxis: { title: { text: "average rank, 1 is best" }, range: [0.5, models.length + 0.5], dtick: 1 },
        yaxis: { type: "category", categoryorder: "array", categoryarray: names, range: [-0.6, names.length - 0.4], automargin: true },
        margin: { l: paint.width > 640 ? 170 : 130, r: 16, t: 12, b: 46 },
      },
      height: 80 + 34 * models.length,
      csv: { columns: ["model", "cluster_sets", "average_rank", "critical_difference", "p_ranks"], rows: sorted.map((m) => [m.model, m.cluster_sets, m.average_rank, m.critical_difference, m.p_ranks]) },
      title: `average ranks of models, ${this.#title()}`,
      summary: `Average ranks over ${sets} sets of clusters: ${sorted.map((m) => `${m.model} ${m.average_rank.toFixed(2)}`).join(", ")}. ${test}`,
    };
  }

  #rows(models) {
    const { models: table } = this.sweep.doc.tables;
    const key = (name, label = name) => ({ label, value: (m) => m[name] });
    const ranked = models.some((m) => m.average_rank !== null);
    const columns = [
      key("model"), key("cluster_sets", "cluster sets"), key("n"),
      key("balanced_accuracy", "balanced accuracy"),
      { label: models[0].cluster_sets > 1 ? "range over sets" : "95 % interval", value: (m) => m.low, text: (m) => interval(m.low, m.high) },
      { ...key("seconds"), text: (m) => seconds(m.seconds) },
      ...(ranked ? [{ ...key("average_rank"), text: (m) => m.average_rank.toFixed(2) }] : []),
      ...["better", "worse"].map((name) => ({ ...key(name), text: (m) => `${m[name]} of ${m.comparisons}` })),
      ...(models.some((m) => m.leak_share > 0) ? [{ ...key("leak_share", "leak"), text: (m) => `${(100 * m.leak_share).toFixed(0)} %` }] : []),
      ...(models.some((m) => ["test", "elsewhere"].includes(m.chosen_on)) ? [{ ...key("chosen_on", "epoch chosen on"), text: (m) => ({ test: "the reported set", val: "val", elsewhere: "elsewhere, images unknown", none: "–" })[m.chosen_on] }] : []),
    ];
    return new SortableTable({ name: "models", caption: `Which model: ${this.#title()}`, rows: models, columns, notes: table.notes }).node;
  }
}

/** Two digits: "0.0025 s", "340 s". */
export const seconds = (x) => (typeof x === "number" ? `${x >= 99.5 ? x.toFixed(0) : Number(x.toPrecision(2))} s` : "–");

/** What guessing gives, where it is the same in all sets. */
function chanceLine(chance, paint) {
  if (chance === null) return {};
  const at = { xref: "paper", yref: "y", y0: chance, y1: chance };
  return {
    shapes: [{ type: "line", layer: "below", x0: 0, x1: 1, ...at, line: { color: paint.colours.muted, width: 1, dash: "dash" } }],
    annotations: [{ xref: "paper", yref: "y", x: 0, y: chance, xanchor: "left", yanchor: "bottom", text: "chance", showarrow: false, font: { size: 11, color: paint.colours.muted } }],
  };
}

/** Beside jobs of seconds those of less than a hundredth take no time, as in results/figures/models_page.c. */
const leastSeconds = (points) => (points.some((p) => p.seconds >= 1) ? 0.01 : 0);

/** Decades that points span. */
function span(points, least) {
  const x = points.map((p) => p.seconds).filter((s) => s !== null).map((s) => Math.max(s, least));
  return x.length ? Math.log10(Math.max(...x) / Math.min(...x)) : 0;
}
