/* run.js - one run: what it was, its curves and matrices, and the sweep file that runs it again. */
import { Picture, missedCard } from "./cells.js";
import { Chart } from "./chart.js";
import { confusionOf } from "./confusion.js";
import { curvesFigure, panelOfGroup } from "./curves.js";
import { button, download, el, fill, number } from "./dom.js";
import { duration } from "./front.js";
import { sketchLines } from "./lines.js";
import { eventLines, fileLines } from "./log.js";
import { isSame } from "./model.js";

const WORST = 12; // cells of a run's combination

/** The resolved sweep file with this job's values as its grid. A job of k-fold is one of several: its key chooses it. */
export function jobYaml(sweep, j) {
  const { jobs, doc } = sweep;
  const resolved = doc.provenance.yaml_resolved ?? "";
  const lines = [];
  let inGrid = false;
  for (const line of resolved.split("\n")) {
    if (/^\S/.test(line)) inGrid = /^grid:/.test(line);
    if (!inGrid) lines.push(line);
  }
  const protocol = jobs.protocol[j].startsWith("kfold:") && jobs.repeat[j] > 0 ? `${jobs.protocol[j]}x${jobs.repeat[j] + 1}` : jobs.protocol[j];
  const values = [["clusters", jobs.clusters[j]], ["strategy", jobs.strategy[j]], ["protocol", protocol], ["model", jobs.model[j]], ...doc.axes.map((axis, a) => [axis.name, String(jobs.axis[a][j] ?? "")]), ["seed", String(jobs.seed[j])]];
  const own = new Set(values.map(([name]) => name));
  const kept = lines.filter((line) => !own.has(line.split(":")[0]));
  const grid = values.filter(([, value]) => value !== "").map(([name, value]) => `  ${name}: [${JSON.stringify(value)}]`);
  return `# cellsweep run THIS.yaml -o again.h5 --filter key=${jobs.key[j]}\n${kept.join("\n").trimEnd()}\ngrid:\n${grid.join("\n")}\n`;
}

export class Run {
  /** @param {() => void} close */
  constructor(sweep, close) {
    this.sweep = sweep;
    this.heading = el("h3", { id: "run-title", tabindex: "-1" });
    this.facts = el("dl", { class: "facts" });
    this.chart = new Chart({ name: "run", label: "Learning curves of one run", sketch: sketchLines });
    this.matrices = el("div", { class: "two" });
    this.cells = el("ul", { class: "cells", id: "run-cells" });
    this.wrong = el("div", {});
    this.log = el("ol", { class: "log", id: "run-log" });
    this.logSaid = el("p", { class: "hint", id: "run-log-said" });
    const log = el("details", { class: "more", open: true }, el("summary", { text: "Log" }), this.log, this.logSaid);
    this.yaml = el("pre", { id: "run-yaml", tabindex: "0" });
    const save = button("Save as YAML", () => download(`run-${sweep.jobs.key[this.job].slice(0, 8)}.yaml`, new Blob([this.yaml.textContent], { type: "application/yaml" })), { id: "run-save" });
    this.node = el("div", { id: "run", hidden: true }, this.heading, el("div", { class: "tools" }, button("Close this run", close, { id: "run-close" }), save), this.facts, log, this.chart.node, this.matrices, this.wrong, el("details", { class: "more" }, el("summary", { text: "Sweep file that runs it again" }), this.yaml));
  }

  /** @param {number} j the job, -1: none @param {object} options of curves */
  show(j, options) {
    this.job = j;
    this.node.hidden = j < 0;
    if (j < 0) return;
    const { sweep } = this;
    const { jobs } = sweep;
    const group = { ...sweep.groupOf(j), jobs: [j] };
    this.heading.textContent = `Run ${jobs.key[j].slice(0, 8)}`;
    const seconds = jobs.finished[j] !== null && jobs.started[j] !== null ? duration(jobs.finished[j] - jobs.started[j]) : "";
    const facts = [
      ["Key", jobs.key[j]], ...sweep.factors().map((f) => [f.name, sweep.value(group, f.name)]), ["seed", jobs.seed[j]], ["fold", jobs.fold[j]], ["repeat", jobs.repeat[j]],
      ["State", `${jobs.state[j]}${jobs.message[j] ? `: ${jobs.message[j]}` : ""}`], ["Epochs", `${jobs.epochs_done[j]}${jobs.judged_epoch[j] === null ? "" : `, judged after epoch ${jobs.judged_epoch[j]}`}`],
      ["Images", jobs.n_train[j] === null ? "" : `${jobs.n_train[j]} to train${jobs.n_val[j] === null ? "" : `, ${jobs.n_val[j]} to choose (val)`}, ${jobs.n_test[j]} to test${jobs.leak[j] > 0 ? `; LEAK: ${jobs.leak[j]} of the test images are copies of training images` : ""}`],
      ["Time", seconds && `${seconds} on rank ${jobs.rank[j]}, attempt ${jobs.attempts[j]}`],
    ];
    fill(this.facts, ...facts.filter(([, v]) => v !== "" && v !== null && v !== undefined).flatMap(([name, v]) => [el("dt", { text: name }), el("dd", { text: String(v) })]));
    this.#tellLog(j);
    const drawn = sweep.counted(group).length > 0 && sweep.held.curves[j] === 1;
    this.chart.node.hidden = !drawn;
    const asked = JSON.stringify([j, options, jobs.state[j], jobs.epochs_done[j]]);
    if (drawn && (this.drawnFor !== asked || this.drawnOf !== sweep.doc)) this.chart.draw((paint) => curvesFigure(sweep, [panelOfGroup(sweep, group, `Run ${jobs.key[j].slice(0, 8)}`, paint)], options, paint));
    Object.assign(this, drawn ? { drawnFor: asked, drawnOf: sweep.doc } : { drawnFor: null });
    fill(this.matrices, ...(sweep.held.confusion[j] ? Object.keys(sweep.doc.confusion).map((set) => matrix(sweep, group, set)) : []));
    this.#worst(j);
    this.yaml.textContent = jobYaml(sweep, j);
  }

  /** The event log where there is a server that reads it; else, and until that has answered, what the results file says. */
  async #tellLog(j) {
    const { sweep } = this;
    const asked = `${sweep.jobs.key[j]} ${sweep.jobs.state[j]} ${sweep.jobs.attempts[j]}`;
    if (this.logOf === asked) return;
    this.logOf = asked;
    this.#showLog(fileLines(sweep, j), "From the results file, which keeps the last attempt only; cellsweep serve shows the event log.");
    if (!sweep.readLog) return;
    try {
      const { lines, cut } = await sweep.readLog(j);
      if (this.logOf !== asked) return;
      if (lines.length) this.#showLog(eventLines(sweep, j, lines), cut ? "From the event log beside the results file; older lines may be missing." : "From the event log beside the results file.");
      else this.logSaid.textContent = "From the results file, which keeps the last attempt only: there is no event log beside it that tells of this run.";
    } catch (error) {
      if (this.logOf !== asked) return;
      this.logOf = null;
      this.logSaid.textContent = `From the results file; the event log was not read: ${error.message}.`;
    }
  }

  #showLog(lines, said) {
    fill(this.log, ...(lines.length ? lines : [{ time: "", text: "It has not begun." }]).map(({ time, text }) => el("li", {}, time && el("time", { text: time }), time && " ", text)));
    this.logSaid.textContent = said;
  }

  /** Cells that were misclassified: the document has them by combination, not by run. */
  #worst(j) {
    const { sweep } = this;
    const group = sweep.groupOf(j);
    const { cells, misclassified } = sweep.doc;
    const picture = cells && new Picture(cells, this.cells);
    const rows = picture ? (misclassified ?? []).filter((m) => isSame(m, group) && picture.has(m.image)).slice(0, WORST) : [];
    if (rows.length === 0) return fill(this.wrong);
    const alone = sweep.jobs.state[j] === "done" && group.jobs.filter((i) => sweep.jobs.state[i] === "done").length === 1;
    const said = alone ? "Test predictions of this run." : "Test predictions of all finished runs of its combination: which of them were this run's own is not in the document.";
    fill(this.wrong, el("h4", { text: alone ? "Cells that it got wrong, the worst first" : "Cells that runs like it got wrong, the worst first" }), el("p", { class: "hint", text: said }), this.cells);
    fill(this.cells, ...rows.map((m) => missedCard(sweep, picture, m)));
  }
}

const SETS = { val: "inner set (val)", test: "test images", all: "all original images" };

function matrix(sweep, group, set) {
  const { classes, mean, n } = confusionOf(sweep, group, set, false);
  if (!n || !mean.flat().some(Number.isFinite)) return null;
  const caption = `Confusion, ${SETS[set]}, judged epoch: rows actual, columns predicted`;
  const head = el("tr", {}, el("th", { scope: "col", text: "actual" }), ...classes.map((k) => el("th", { scope: "col", class: "number", text: String(k) })));
  const rows = mean.map((row, r) => el("tr", {}, el("th", { scope: "row", text: String(classes[r]) }), ...row.map((v) => el("td", { class: "number", text: number(v) }))));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, el("table", {}, el("caption", { text: caption }), el("thead", {}, head), el("tbody", {}, ...rows)));
}
