/* front.js - what a reader sees first: what was run on what, what came out, what to beware of; and the data. */
import { Chart, plain } from "./chart.js";
import { el, number } from "./dom.js";
import { classWord, classesWord, named, short } from "./model.js";
import { SortableTable, plainColumns, reader } from "./table.js";

/** @param {import("./model.js").Sweep} sweep */
export function header(sweep) {
  const { doc } = sweep;
  const done = sweep.countState("done");
  const lost = ["failed", "diverged"].map((s) => [s, sweep.countState(s)]).filter(([, n]) => n > 0);
  const jobs = `${done} of ${sweep.nJobs} jobs finished${lost.map(([s, n]) => `, ${n} ${s}`).join("")}`;
  const span = timeSpan(sweep);
  return el(
    "div",
    { class: "front" },
    doc.synthetic && el("p", { class: "synthetic", role: "note" }, el("strong", { text: "SYNTHETIC DATA" }), el("span", { text: " drawn by the program: nothing here is a finding about real cells." })),
    el("p", { class: "lead", text: `${jobs}, ${epochsText(sweep)}. Data: ${doc.data.origin}, ${doc.data.n_images} images of ${doc.data.clusters.length} ${classesWord(numbers(doc))}.${span}` }),
    doc.filter && el("p", { class: "warning filter", role: "note", text: filterText(doc.filter) }),
    doc.left_out?.length > 0 && !doc.live && el("p", { class: "warning left-out", role: "note", text: leftOutText(doc) }),
    !doc.complete && el("p", { class: "warning", role: "note", text: "The sweep is not complete: what is shown is as far as it is." }),
  );
}

const PIECES = { curves: "learning curves", confusion: "confusion matrices", cells: "misclassified and suspect cells", roc: "ROC and precision-recall curves", cuts: "what thresholds give", comparisons: "comparisons", models: "which model", calibration: "calibration scores", reliability: "reliability diagrams", tuning: "tuning", scores: "further scores", factors: "models and axes compared", rankings: "ranks", literature: "claims from the literature", claims: "claims of the published text", leak_inflation: "leak inflation", selection_inflation: "selection inflation" };

/** What a report left out to stay small. */
function leftOutText(doc) {
  const names = doc.left_out.map((name) => (name === "curves" && doc.curve_means ? "learning curves of single jobs" : (PIECES[name] ?? name)));
  const list = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
  return `To stay small this file leaves out ${list}: cellsweep serve ${doc.provenance.results_file} shows all of it, cellsweep report --page-size 0 puts it in.`;
}

const numbers = (doc) => doc.data.clusters.map((c) => c.number);

/** What part of the file is shown. */
function filterText(f) {
  return `Filter ${f.text}: ${f.jobs} of ${f.of_jobs} jobs, ${f.strategies} of ${f.of_strategies} strategies are shown; comparisons and what came out are of all jobs of the file.`;
}

/** "of 100 epochs each", "of 20 to 100 epochs each", "of up to 100 epochs each, ended after 12 to 40". */
function epochsText(sweep) {
  const { state, epochs_done: epochs } = sweep.jobs;
  const text = (all) => {
    const [low, high] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
    return low === high ? String(high) : `${low} to ${high}`;
  };
  const all = state.map((_, j) => sweep.epochsOf(j));
  const done = state.flatMap((s, j) => (s === "done" ? [j] : []));
  if (done.every((j) => epochs[j] >= all[j])) return `of ${text(all)} epochs each`;
  return `of up to ${text(all)} epochs each, ended after ${text(done.map((j) => epochs[j]))}`;
}

function timeSpan(sweep) {
  const starts = sweep.jobs.started.filter((t) => t !== null);
  const ends = sweep.jobs.finished.filter((t) => t !== null);
  if (!starts.length || !ends.length) return "";
  const seconds = ends.reduce((a, b) => Math.max(a, b)) - starts.reduce((a, b) => Math.min(a, b));
  const day = new Date(1000 * starts.reduce((a, b) => Math.min(a, b))).toISOString().slice(0, 16).replace("T", " ");
  return ` Begun ${day} UTC, ${duration(seconds)} from first start to last end.`;
}

/** "2 h 5 min", "48 s". */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${(minutes / 1440).toFixed(1)} days`;
}

/** The three sentences and the warnings. */
export function findings(sweep) {
  const { sentences = [], warnings = [] } = sweep.doc.summary ?? {};
  return el(
    "div",
    {},
    sentences.length > 0 && el("ol", { class: "sentences" }, ...sentences.map((text) => el("li", { text }))),
    warnings.length > 0 && el("aside", { class: "warning", "aria-label": "Beware" }, el("h3", { text: "Beware" }), el("ul", {}, ...warnings.map((text) => el("li", { text })))),
  );
}

/** What the reader has opened: it stays so when it is made anew from newer data. */
const opened = new Set();

/** Something long behind its title; on paper it is open. */
export function folded(id, title, ...content) {
  const node = el("details", { class: "fold", id, open: opened.has(id), ontoggle: () => node.dataset.printing || (node.open ? opened.add(id) : opened.delete(id)) }, el("summary", { text: title }), ...content);
  return node;
}

window.addEventListener("beforeprint", () => {
  for (const node of document.querySelectorAll("details.fold:not([open])")) Object.assign(node, { open: true }).dataset.printing = "1";
});
window.addEventListener("afterprint", () => {
  for (const node of document.querySelectorAll("details.fold[data-printing]")) {
    node.open = false;
    setTimeout(() => delete node.dataset.printing, 0);
  }
});

/** The table of results, short: mean ± half interval, leak, published. */
export function finalTable(sweep) {
  const table = sweep.doc.tables?.final;
  if (!table) return el("p", { class: "hint", text: "No job is finished yet." });
  return new SortableTable({ name: "final", caption: "Judged epoch of every cell of the grid: mean over n jobs and 95 % interval of the mean", rows: table.rows, columns: finalColumns(sweep, table), all: table, notes: table.notes }).node;
}

function finalColumns(sweep, table) {
  const read = reader(table.columns);
  const key = (name, label = name) => ({ label, value: (r) => read(r, name) ?? null });
  const interval = (label, stem) => ({ label, value: (r) => read(r, `${stem}_mean`) ?? null, text: (r) => plusMinus(read(r, `${stem}_mean`), read(r, `${stem}_low`), read(r, `${stem}_high`)), title: (r) => `${read(r, `${stem}_low`) ?? "?"} to ${read(r, `${stem}_high`) ?? "?"}` });
  const published = "published_test_balanced_accuracy_as_published";
  if (!read.has("test_balanced_accuracy_mean")) return plainColumns(table.columns);
  return [
    key("clusters"), key("strategy"), key("protocol"),
    interval("test set, balanced accuracy", "test_balanced_accuracy"),
    ...sweep.doc.varying.filter((name) => !["clusters", "strategy", "protocol"].includes(name)).map((name) => key(name)),
    key("n"),
    ...(table.rows.some((r) => ["test", "elsewhere"].includes(read(r, "chosen_on"))) ? [{ ...key("chosen_on", "epoch chosen on"), text: (r) => ({ test: "the reported set", val: "val", elsewhere: "elsewhere, images unknown", none: "–" })[read(r, "chosen_on")] ?? "–" }] : []),
    ...(table.rows.some((r) => read(r, "jobs_lacking_a_class") > 0) ? [key("jobs_lacking_a_class", "lack a class")] : []),
    { label: "leak", value: (r) => read(r, "leak_mean") ?? null, text: (r) => leakText(read(r, "leak_mean"), read(r, "n_test_mean")) },
    ...(sweep.hasPublished() ? [interval("test set, as published", "test_balanced_accuracy_as_published")] : []),
    ...(table.rows.some((r) => (read(r, published) ?? null) !== null) ? [key(published, "published")] : []),
    interval("all originals, training images included", "all_balanced_accuracy"),
  ];
}

/** "0.912 ± 0.031"; "0.944 (0.705 to 1.000)" where the sides differ, because the range of the metric cut one. */
function plusMinus(mean, low, high) {
  if (mean === null || mean === undefined) return "–";
  if (low === null || low === undefined) return number(mean);
  const even = Math.abs(high - mean - (mean - low)) < 0.0005;
  return even ? `${number(mean)} ± ${number((high - low) / 2)}` : `${number(mean)} (${number(low)} to ${number(high)})`;
}

function leakText(leak, nTest) {
  return leak === null || leak === undefined ? "–" : `${number(leak, 1)} of ${number(nTest, 1)}`;
}

/** Fig. 1: images a class. */
export class DataSection {
  constructor(sweep) {
    this.sweep = sweep;
    this.chart = new Chart({ name: "clusters", label: `Images per ${classWord(numbers(sweep.doc))}` });
    const { data } = sweep.doc;
    this.node = el("div", {}, el("p", { text: `${data.n_images} images, dataset checksum ` }, el("code", { text: data.checksum }), "."), this.chart.node);
  }

  needs() {
    return false;
  }

  update() {
    const { clusters } = this.sweep.doc.data;
    const used = new Set(this.sweep.values("clusters").flatMap((c) => (c === "all" ? clusters.map((k) => k.number) : this.sweep.classes(c))));
    this.chart.draw((paint) => barSpec(clusters, used, paint));
  }
}

function barSpec(clusters, used, paint) {
  const names = clusters.map((c) => plain(String(c.number)));
  const word = classWord(clusters.map((c) => c.number));
  const ticks = word === "class" ? { tickmode: "array", tickvals: names, ticktext: clusters.map((c) => plain(short(c.number))), automargin: true } : { tickangle: 0 };
  const counts = clusters.map((c) => c.count);
  const colour = clusters.map((c) => (used.has(c.number) ? paint.colours.train : paint.colours.line));
  const sorted = [...clusters].sort((a, b) => b.count - a.count);
  const [most, least] = [sorted[0], sorted.at(-1)];
  return {
    traces: [{ type: "bar", x: names, y: counts, marker: { color: colour }, text: paint.width > 700 ? counts.map(String) : undefined, textposition: "outside", cliponaxis: false, hovertemplate: `${word} %{x}: %{y} images<extra></extra>` }],
    layout: { xaxis: { type: "category", title: { text: word }, ...ticks, tickfont: { size: paint.width > 500 ? 12 : 9 } }, yaxis: { title: { text: "images" } }, margin: { l: 52, r: 12, t: 24, b: 44 } },
    height: 300,
    title: `images per ${word}`,
    csv: { columns: ["cluster", "images", "in_sweep"], rows: clusters.map((c) => [c.number, c.count, used.has(c.number) ? 1 : 0]) },
    summary: `Most images: ${named(most.number)} (${most.count}); fewest: ${named(least.number)} (${least.count}): ${(most.count / least.count).toFixed(1)} to one.${used.size < clusters.length ? ` Coloured: the ${classesWord(clusters.map((c) => c.number))} of this sweep.` : ""}`,
  };
}
