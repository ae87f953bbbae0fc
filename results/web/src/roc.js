/* roc.js - how well probabilities tell classes apart: ROC and precision-recall curves of the strategies of a cell of the grid, means over
 * runs with their intervals. */
import { Chart, plain } from "./chart.js";
import { el, fill, number } from "./dom.js";
import { Shown, capital, cellSelects, cellTitle, chosenCell, isCellKey } from "./explorer.js";
import { leakMarks } from "./leaks.js";
import { isSame, named } from "./model.js";
import { reader } from "./table.js";
import { faded, visible } from "./theme.js";

const POINTS = 101, UNDEFINED = 65535;
const KINDS = {
  roc: { title: "ROC", x: "false positive rate", y: "true positive rate" },
  pr: { title: "Precision-recall", x: "recall", y: "precision" },
};
const PLACES = Array.from({ length: POINTS }, (_, k) => k / (POINTS - 1));

/** Mean, low and high of a group, null where undefined. @param {string} base64 @param {number} group */
export function unpack(base64, group) {
  const text = atob(base64);
  return [0, 1, 2].map((part) => PLACES.map((_, k) => {
    const at = 2 * ((group * 3 + part) * POINTS + k);
    const value = text.charCodeAt(at) + 256 * text.charCodeAt(at + 1);
    return value === UNDEFINED ? null : value / 10000;
  }));
}

export class Roc {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.node = el("div", {});
    this.controls = el("div", { class: "row controls" });
    this.chart = new Chart({ name: "roc", label: "ROC and precision-recall curves of the strategies" });
    this.missing = el("p", { class: "hint", text: "No finished job for this choice." });
    this.shown = new Shown();
    this.build();
  }

  build() {
    const { sweep, view } = this;
    const { roc } = sweep.doc;
    this.has = Boolean(roc?.n.some((n) => n > 0));
    if (roc === undefined) return fill(this.node);
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: roc ? "No probabilities of test images yet: that takes a finished job." : "This sweep has too many combinations for their curves to fit here: roc.csv beside the report has them, and `cellsweep report --filter` makes a page of some." }));
    fill(this.node, this.controls, this.shown.node, this.missing, this.chart.node);
    fill(this.controls, ...cellSelects(sweep, view, "roc"));
  }

  /** Of the areas, which are in table scores. */
  get canDoWithout() {
    return this.sweep.doc.roc !== undefined;
  }

  wants() {
    return { pieces: ["roc", "scores"] };
  }

  needs(key) {
    return isCellKey(key);
  }

  /** Groups of the chosen cell, whatever their strategy, that have a curve. */
  #lines() {
    const { sweep, view } = this;
    const { roc, tables } = sweep.doc;
    const cell = chosenCell(sweep, view);
    const read = reader(tables.scores?.columns ?? []);
    const area = (g, score) => {
      const row = tables.scores?.rows.find((r) => read(r, "set") === "test" && read(r, "score") === score && sweep.factors().every((f) => String(read(r, f.name) ?? "") === String(sweep.value(g, f.name))));
      return row ? read(row, "mean") : null;
    };
    return sweep.groups.flatMap((g, i) => {
      if (!isSame(g, cell, ["strategy"]) || !(roc.n[i] > 0)) return [];
      const leak = sweep.leak(g);
      return [{ group: g, title: sweep.title(g.strategy), n: roc.n[i], positive: roc.positive[i], leak: leak && leak.leak > 0 ? leak.leak / leak.nTest : 0, roc: unpack(roc.roc, i), pr: unpack(roc.pr, i), auroc: area(g, "auroc"), auprc: area(g, "auprc"), prevalence: area(g, "prevalence") }];
    });
  }

  update() {
    if (!this.has) return;
    const lines = this.#lines();
    this.shown.tell(this.sweep, this.view);
    this.chart.node.hidden = lines.length === 0;
    this.missing.hidden = lines.length > 0;
    if (lines.length) this.chart.draw((paint) => this.#curves(lines, paint));
  }

  #curves(lines, paint) {
    const { sweep, view } = this;
    const wide = paint.width >= 620;
    const side = Math.min(420, wide ? (paint.width - 150) / 2 : paint.width - 70);
    const width = wide ? 2 * side + 150 : side + 70;
    const legend = 22 * Math.ceil(lines.length / (wide ? 2 : 1)) + 8;
    const top = 40, bottom = 50, gap = 86;
    const height = top + (wide ? side : 2 * side + gap) + bottom + legend;
    const plot = height - top - bottom - legend;
    const domain = (i) => (wide ? { x: i ? [1 - side / (width - 70), 1] : [0, side / (width - 70)], y: [0, 1] } : { x: [0, 1], y: i ? [0, side / plot] : [1 - side / plot, 1] });
    const leak = Math.max(...lines.map((l) => l.leak));
    const layout = {
      width,
      margin: { l: 56, r: 14, t: top, b: bottom + legend },
      legend: { orientation: "h", traceorder: "normal", x: 0, xref: "paper", y: -(bottom + 2) / plot, yanchor: "top", font: { size: 12 } },
      hovermode: "closest", shapes: [], annotations: [],
    };
    Object.entries(KINDS).forEach(([kind, of], i) => {
      const [x, y] = i ? ["x2", "y2"] : ["x", "y"];
      const box = domain(i);
      layout[i ? "xaxis2" : "xaxis"] = { range: [0, 1], dtick: 0.2, domain: box.x, anchor: y, title: { text: of.x, standoff: 6 } };
      layout[i ? "yaxis2" : "yaxis"] = { range: [0, 1.01], dtick: 0.2, domain: box.y, anchor: x, title: { text: of.y, standoff: 6 } };
      layout.annotations.push({ xref: `${x} domain`, yref: `${y} domain`, x: 0, y: 1, xanchor: "left", yanchor: "bottom", showarrow: false, text: `<b>${of.title}</b>`, font: { size: 13 } });
      const marks = leakMarks(x, y, leak, paint);
      layout.annotations.push(...marks.annotations);
      layout.shapes.push(...marks.shapes);
      layout.shapes.push(...chance(kind, lines, x, y, sweep, paint));
    });
    const columns = ["strategy", "curve", "x", "mean", "low", "high", "n"];
    return {
      traces: [band, curve].flatMap((of) => lines.flatMap((l) => Object.keys(KINDS).flatMap((kind, i) => of(l, kind, i, sweep, paint)))),
      layout,
      height,
      csv: { columns, rows: lines.flatMap((l) => Object.keys(KINDS).flatMap((kind) => PLACES.map((x, k) => [l.title, kind, x, ...l[kind].map((part) => part[k]), l.n]))) },
      title: `${cellTitle(sweep, view)}, ROC and precision-recall`,
      summary: `${capital(cellTitle(sweep, view))}. ${lines.map((l) => `${l.title}: AUROC ${number(l.auroc)}, AUPRC ${number(l.auprc)} (n = ${l.n})`).join("; ")}. ${inWords(lines)}`,
    };
  }
}

const colourOf = (line, sweep, paint) => visible(sweep.doc.colors[line.group.strategy] ?? "#009E73", paint.theme);

/** What a band and a line have in common: those of both panels are one entry of the legend. */
const placed = (line, i) => ({ type: "scatter", mode: "lines", xaxis: i ? "x2" : "x", yaxis: i ? "y2" : "y", legendgroup: line.group.id, x: PLACES });

function band(line, kind, i, sweep, paint) {
  const [, low, high] = line[kind];
  const edge = { ...placed(line, i), line: { width: 0 }, showlegend: false, hoverinfo: "skip" };
  return low.some((v) => v !== null) ? [{ ...edge, y: low }, { ...edge, y: high, fill: "tonexty", fillcolor: faded(colourOf(line, sweep, paint), 0.1) }] : [];
}

function curve(line, kind, i, sweep, paint) {
  const [mean, low, high] = line[kind];
  const name = `${plain(line.title)}: AUROC ${number(line.auroc)}, AUPRC ${number(line.auprc)}`;
  return [{
    ...placed(line, i), y: mean, name, showlegend: i === 0, line: { color: colourOf(line, sweep, paint), width: 2, dash: line.leak > 0 ? "dot" : "solid" }, meta: { curve: kind, strategy: line.group.strategy },
    customdata: PLACES.map((_, k) => (low[k] === null ? "" : `, ${number(low[k])} to ${number(high[k])}`)), hovertemplate: `${KINDS[kind].x} %{x:.2f}: ${KINDS[kind].y} %{y:.3f}%{customdata}<extra>${plain(line.title)}</extra>`,
  }];
}

/** What guessing gives: the diagonal, and the share of positives, a line each where test sets were rebalanced. */
function chance(kind, lines, x, y, sweep, paint) {
  const line = (y0, y1, color) => ({ type: "line", xref: x, yref: y, x0: 0, x1: 1, y0, y1, layer: "below", line: { color, width: 1.2, dash: "dash" } });
  if (kind === "roc") return [line(0, 1, paint.colours.muted)];
  const known = lines.filter((l) => l.prevalence !== null);
  const differ = known.some((l) => Math.abs(l.prevalence - known[0].prevalence) > 0.005);
  return (differ ? known : known.slice(0, 1)).map((l) => line(l.prevalence, l.prevalence, differ ? visible(sweep.doc.colors[l.group.strategy] ?? "#009E73", paint.theme) : paint.colours.muted));
}

function inWords(lines) {
  const { positive } = lines[0];
  return [
    positive === null ? "Each class against the rest; curves and areas are means over the classes (macro)." : `Positive: ${named(positive)}.`,
    "Lines are means over runs at each false positive rate (Fawcett 2006) and each recall (Davis and Goadrich 2006), bands their 95 % interval there, not one of the curve as a whole. Dashed: chance; beside recall it is the share of positives in the test set. Areas as in the table of scores; AUPRC there is average precision.",
    lines.some((l) => l.leak > 0) && "Dotted on red: test images were seen in training, so these curves are no estimate of what new cells would give.",
  ].filter(Boolean).join(" ");
}
