/* costs.js - what strategies gain over none and cost in calibration, as a picture: differences with their intervals, a row a strategy, a
 * panel a score. As the static figure `calibration_cost` (results/figures/costs_page.h). */
import { plain } from "./chart.js";
import { interval, number } from "./dom.js";
import { LEAKY, visible } from "./theme.js";

const SCORES = [["balanced_accuracy", "Balanced accuracy", ""], ["brier", "Brier score", "brier_"], ["log_loss", "Log loss", "log_loss_"], ["ece", "ECE", "ece_"]];
const STEP = 26, HEAD = 50, AXIS = 40;

/**
 * The specification of a chart.
 * @param {{strategy: string, title: string, leaks: boolean, value: (name: string) => any}[]} rows of table calibration_cost, of one setting
 */
export function costsFigure(sweep, rows, title, paint) {
  const names = Math.min(180, Math.max(70, 14 + 8 * Math.max(...rows.map((r) => r.title.length))));
  const fit = Math.floor((paint.width - names) / 165);
  const columns = fit >= 4 ? 4 : fit >= 2 ? 2 : 1;
  const lines = Math.ceil(SCORES.length / columns);
  const inner = rows.length * STEP;
  const height = lines * (HEAD + inner + AXIS);
  const layout = { margin: { l: names, r: 14, t: 0, b: 0 }, showlegend: false, shapes: [], annotations: [], hovermode: "closest" };
  const plot = paint.width - names - 14;
  const traces = SCORES.map(([score, label, prefix], i) => {
    const [x, y] = i ? [`x${i + 1}`, `y${i + 1}`] : ["x", "y"];
    const column = i % columns, line = Math.floor(i / columns), gap = 24 / plot;
    const width = (1 - gap * (columns - 1)) / columns;
    const top = 1 - (line * (HEAD + inner + AXIS) + HEAD) / height;
    const of = rows.map((r) => ({ ...r, mean: r.value(score), low: r.value(`${score}_low`), high: r.value(`${score}_high`), p: r.value(`${prefix}p_holm`), outcome: r.value(`${prefix}outcome`) })).filter((r) => typeof r.mean === "number");
    layout[i ? `xaxis${i + 1}` : "xaxis"] = { domain: [column * (width + gap), column * (width + gap) + width], anchor: y, range: rangeOf(of), nticks: 5, zeroline: false };
    layout[i ? `yaxis${i + 1}` : "yaxis"] = { domain: [top - inner / height, top], anchor: x, range: [rows.length - 0.5, -0.5], tickvals: rows.map((_, k) => k), ticktext: rows.map((r) => plain(r.title)), showticklabels: column === 0, showgrid: false, zeroline: false };
    const at = { xref: `${x} domain`, yref: `${y} domain`, x: 0, y: 1, xanchor: "left", yanchor: "bottom", showarrow: false };
    layout.annotations.push({ ...at, yshift: 17, text: `<b>${label}</b>`, font: { size: 13 } }, { ...at, yshift: 1, text: i ? "right of 0 is worse" : "right of 0 is better", font: { size: 11, color: paint.colours.muted } });
    layout.shapes.push({ type: "line", xref: x, yref: `${y} domain`, x0: 0, x1: 0, y0: 0, y1: 1, layer: "below", line: { color: paint.colours.muted, width: 1.3, dash: "dash" } });
    if (rows.some((r) => r.leaks)) layout.shapes.push({ type: "rect", xref: `${x} domain`, yref: `${y} domain`, x0: 0, x1: 1, y0: 0, y1: 1, layer: "below", line: { width: 0 }, fillcolor: LEAKY[paint.theme].ground });
    const colour = of.map((r) => visible(sweep.doc.colors[r.strategy] ?? "#009E73", paint.theme));
    const claimed = of.map((r) => ["gained", "lost", "cost"].includes(r.outcome));
    return of.map((r, k) => ({
      type: "scatter", mode: "markers", xaxis: x, yaxis: y, x: [r.mean], y: [rows.findIndex((other) => other.at === r.at)],
      error_x: typeof r.low === "number" ? { type: "data", symmetric: false, array: [r.high - r.mean], arrayminus: [r.mean - r.low], thickness: 1.8, width: 3, color: colour[k] } : undefined,
      marker: { size: 10, color: claimed[k] ? colour[k] : paint.colours.paper, line: { width: 2, color: colour[k] } },
      meta: { score, strategy: r.strategy, claimed: claimed[k] }, hovertemplate: `${plain(r.title)}: %{x:.3f}${typeof r.low === "number" ? ` (${interval(r.low, r.high)})` : ""}, ${r.outcome}<extra>${label}</extra>`,
    }));
  }).flat();
  const csvColumns = ["strategy", "score", "n", "difference", "low", "high", "p_holm", "outcome"];
  return {
    traces, layout, height,
    csv: { columns: csvColumns, rows: rows.flatMap((r) => SCORES.map(([score, , prefix]) => [r.title, score, r.value("n"), r.value(score), r.value(`${score}_low`), r.value(`${score}_high`), r.value(`${prefix}p_holm`), r.value(`${prefix}outcome`)].map((v) => v ?? null))) },
    title: `what strategies gain and cost, ${title}`,
    summary: `Strategy minus none on test images: ${rows.map((r) => `${r.title} ${SCORES.map(([score, label]) => `${label} ${number(r.value(score))}`).join(", ")} (n = ${r.value("n")})`).join("; ")}. Bars: 95 % interval. Filled: p < 0.05, adjusted by Holm for all pairs of strategies of the setting, each score by itself; open: no difference is claimed.${rows.some((r) => r.leaks) ? " On red: test images of some strategies were seen in training, so these are no estimates of what new cells would give." : ""}`,
  };
}

/** All differences and zero, and of intervals what leaves differences to be seen. */
function rangeOf(rows) {
  const most = Math.max(0.01, ...rows.map((r) => Math.abs(r.mean)));
  const low = Math.min(0, ...rows.map((r) => Math.min(r.mean, Math.max(r.low ?? r.mean, -4 * most))));
  const high = Math.max(0, ...rows.map((r) => Math.max(r.mean, Math.min(r.high ?? r.mean, 4 * most))));
  const room = 0.06 * Math.max(high - low, 0.01);
  return [low - room, high + room];
}
