/* appendix.js - further tables, jobs that went wrong, and where everything comes from. */
import { button, downloadCsv, el, number, pValue } from "./dom.js";
import { SortableTable, plainColumns, reader } from "./table.js";

const TABLES = [
  ["factors", "Models and axes compared: pairs of values where all else is the same"],
  ["leak_inflation", "Leak inflation: what a leaking protocol shows above an honest one"],
  ["selection_inflation", "Selection inflation: what picking the epoch on the test set would have feigned"],
  ["claims", "What the published text says, tested"],
  ["literature", "Claims from the literature: what others found of imbalanced classes, tested on these runs"],
  ["rankings", "Average ranks over the sets of clusters: of the strategies, and of the models where there are several"],
  ["tuning", "Tuning: what was chosen on val, and its score there"],
  ["tuning_curve", "What more trials bring: expected best score on val"],
  ["scores", "Further scores: mean and 95 % interval over jobs"],
];

/** Pieces of the document that these tables are in. */
export const FURTHER = TABLES.map(([name]) => name).filter((name) => name !== "tuning_curve");

/** Columns of a table that a reader looks for first, beside those that tell groups apart; the rest behind "All columns". */
const SHORT = {
  factors: { first: ["factor"], but: [], last: ["set", "first", "second", "n", "difference", "low", "high", "p_holm", "verdict"] },
  leak_inflation: { first: [], but: ["protocol"], last: ["against", "leak_share", "mean", "mean_against", "n", "difference", "low", "high", "p_holm", "verdict"] },
  selection_inflation: { first: [], but: [], last: ["against", "mean", "mean_against", "n", "difference", "low", "high"] },
  literature: { first: ["claim", "source"], but: ["strategy"], last: ["outcome", "reason", "shown", "difference", "low", "high", "claimed_low", "claimed_high", "p_for", "p_against", "n"] },
  claims: { first: ["claim"], but: ["clusters", "strategy"], last: ["outcome", "reason", "shown", "difference", "low", "high", "p_largest", "n"] },
};

function shortColumns(sweep, name, table) {
  const { first, but, last } = SHORT[name] ?? {};
  return first ? [...first, ...sweep.columns().filter((c) => !but.includes(c)), ...last] : table.columns;
}

/** @param {import("./model.js").Sweep} sweep */
export function furtherTables(sweep) {
  const out = [];
  for (const [name, caption] of TABLES) {
    const table = sweep.doc.tables?.[name];
    if (table?.rows.length && name === "literature" && untestable(table)) out.push(el("h3", { text: caption.split(":")[0] }), ...untestable(table));
    else if (table?.rows.length) out.push(el("h3", { text: caption.split(":")[0] }), tableNode(sweep, name, caption, table));
  }
  return out;
}

/** Claims none of which can be tested, as a sentence with every reason; null where one can. */
function untestable(table) {
  const read = reader(table.columns);
  if (table.rows.some((r) => read(r, "outcome") !== "not testable")) return null;
  const reasons = new Map();
  for (const r of table.rows) reasons.set(read(r, "reason"), (reasons.get(read(r, "reason")) ?? 0) + 1);
  const text = `None of the claims can be tested on these runs: ${[...reasons].map(([reason, n]) => `${reason} (${n})`).join("; ")}.`;
  return [el("p", { id: "no-literature", text }), el("div", { class: "tools" }, button("CSV", () => downloadCsv("literature", table), { "aria-label": "Download the claims from the literature as CSV" }))];
}

/** As results/tables/findings_pages.c prints them: a rank with two decimals, a p that looks as it is. */
function textOf(label) {
  if (/^p_|_p$/.test(label)) return pValue;
  return label === "average_rank" ? (rank) => (typeof rank === "number" ? rank.toFixed(2) : "–") : undefined;
}

function tableNode(sweep, name, caption, table) {
  const read = reader(table.columns);
  const filled = (c) => table.rows.some((r) => read(r, c) !== null && read(r, c) !== undefined && read(r, c) !== "");
  const short = shortColumns(sweep, name, table).filter((c) => read.has(c) && filled(c));
  const columns = short.map((label) => ({ label, value: (r) => read(r, label) ?? null, ...(textOf(label) && { text: (r) => textOf(label)(read(r, label)) }) }));
  const last = (r) => read(r, "outcome") === "not testable"; // of the claims: what was tested comes first
  const rows = [...table.rows.filter((r) => !last(r)), ...table.rows.filter(last)];
  return new SortableTable({ name, caption, rows, columns, all: short.length < table.columns.length ? table : undefined, notes: table.notes, limit: 40 }).node;
}

/** Jobs that failed or diverged, with what they said; null when there is none. */
export function lostJobs(sweep) {
  const j = sweep.jobs;
  const names = sweep.columns();
  const of = (name) => j[name] ?? j.axis[sweep.doc.axes.findIndex((a) => a.name === name)];
  const rows = j.state.flatMap((state, i) => (state === "failed" || state === "diverged" ? [[state, ...names.map((name) => of(name)[i]), j.seed[i], j.fold[i], j.attempts[i], j.epochs_done[i], j.message[i]]] : []));
  if (rows.length === 0) return null;
  const columns = ["state", ...names, "seed", "fold", "attempts", "epochs", "message"];
  return el("div", { id: "lost-jobs" }, el("h3", { text: "Jobs that failed or diverged" }), el("p", { text: "They are in no mean." }), new SortableTable({ name: "lost-jobs", caption: "Failed and diverged jobs", rows, columns: plainColumns(columns), limit: 50 }).node);
}

const FACTS = [["results_file", "Results file"], ["merged_from", "Merged from"], ["created", "Created"], ["version", "cellsweep"], ["commit", "Commit"], ["host", "Host"], ["cpu", "CPU"], ["ranks", "Ranks"], ["kernels", "Kernels"], ["libraries", "Libraries"]];

export function provenance(sweep) {
  const p = sweep.doc.provenance;
  const { data } = sweep.doc;
  const facts = [["Data", `${data.origin}, ${number(data.n_images)} images`], ["Checksum of the data", data.checksum], ...FACTS.map(([key, label]) => [label, p[key]])];
  return el(
    "div",
    {},
    el("dl", { class: "facts" }, ...facts.filter(([, v]) => v !== null && v !== undefined && v !== "").flatMap(([label, v]) => [el("dt", { text: label }), el("dd", { text: String(v) })])),
    el("h3", { text: "Sweep file, as given" }),
    el("pre", { text: p.yaml ?? "", tabindex: "0" }),
    el("details", { class: "more" }, el("summary", { text: "As resolved, with every default" }), el("pre", { text: p.yaml_resolved ?? "", tabindex: "0" })),
  );
}
