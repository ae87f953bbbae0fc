/* curves.js - learning curves as a figure: panels, one accuracy above the loss, mean with a band, single seeds, published.
 *
 *     curvesFigure(sweep, panels, options, paint) -> spec for Chart.draw
 *
 * A panel holds series; a series is a group's training, inner (val) or test curve with colour and marker. What is drawn and what
 * goes into the CSV come from the same arrays. */
import { Sweep, clustersTitle, isSame, metricName } from "./model.js";
import { plain } from "./chart.js";
import { legendHeight } from "./lines.js";
import { FEW, best, smooth } from "./stats.js";
import { FONT, faded, visible } from "./theme.js";
import { logTicks } from "./ticks.js";

/** @typedef {import("./model.js").Group} Group */
/** @typedef {{group: Group, set: "train"|"val"|"test", label: string, colour: string, symbol: string}} Series */
/** @typedef {{title: string, note: string, series: Series[]}} Panel */
/** @typedef {{metric: string, loss: boolean, band: string, seeds: boolean, published: boolean, best: boolean,
 *             shared: boolean, logLoss: boolean, smoothing: string, amount: number}} CurveOptions */

const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon", "triangle-down", "pentagon", "bowtie", "hourglass"];
const BAND_NAMES = { ci: "95 % interval of the mean, widened where splits share images", sd: "± standard deviation", range: "range", none: "" };

/** A panel a group: its training and test curve, and that of its inner set. @returns {Panel} */
export function panelOfGroup(sweep, group, title, paint) {
  const c = paint.colours;
  return {
    title,
    note: groupNote(sweep, group),
    series: [
      { group, set: "train", label: "training", colour: c.train, symbol: "circle" },
      { group, set: "test", label: "test", colour: c.test, symbol: "square" },
      ...(sweep.hasVal(group) ? [{ group, set: "val", label: "inner set (val)", colour: c.val, symbol: "diamond" }] : []),
    ],
  };
}

/** Panels of training, test, and inner set where there is one, with every strategy in both. @returns {Panel[]} */
export function panelsOfSplits(sweep, groups, paint) {
  const sets = groups.some((group) => sweep.hasVal(group)) ? ["train", "val", "test"] : ["train", "test"];
  return sets.map((set) => ({
    title: { train: "Training", val: "Inner set (val)", test: "Test" }[set],
    note: "",
    series: groups.filter((group) => set !== "val" || sweep.hasVal(group)).map((group, i) => ({
      group,
      set,
      label: `${sweep.title(group.strategy)}, n = ${sweep.counted(group).length}`,
      colour: visible(sweep.doc.colors[group.strategy] ?? "#009E73", paint.theme),
      symbol: SYMBOLS[i % SYMBOLS.length],
    })),
  }));
}

/** "n = 10, leak 18.6 of 38"; "n = 5 to epoch 3, 2 to 8" where jobs end at their own epochs. */
export function groupNote(sweep, group) {
  const leak = sweep.leak(group);
  const lost = sweep.lost(group);
  const steps = Sweep.ends(sweep.meanCurve(group, "test", "loss", { band: "none" }).n);
  const parts = steps.length > 1 ? endsTexts(steps) : [`n = ${sweep.counted(group).length}`];
  if (lost) parts.push(`${lost} left out`);
  if (group.jobs.some((j) => sweep.jobs.chosen_on?.[j] === "test")) parts.push("epochs or settings chosen on the reported set");
  if (group.jobs.some((j) => sweep.jobs.chosen_on?.[j] === "elsewhere")) parts.push("trained elsewhere: that it did not see these images is the user's word");
  if (leak) parts.push(`leak ${round1(leak.leak)} of ${round1(leak.nTest)}`);
  return parts.join(", ");
}

const MOST_ENDS = 5;

/** "n = 5 to epoch 3", "2 to 8". */
function endsTexts(steps) {
  return [...steps.slice(0, MOST_ENDS).map(({ n, epoch }, i) => (i ? `${n} to ${epoch}` : `n = ${n} to epoch ${epoch}`)), ...(steps.length > MOST_ENDS ? ["…"] : [])];
}

function round1(x) {
  return Number.isInteger(x) ? String(x) : x.toFixed(1);
}

/** "smoothed: mean of the last 5 epochs", "" when off. @param {CurveOptions} o */
export function smoothingNote(o) {
  if (o.smoothing === "moving") return `SMOOTHED: mean of the last ${Math.max(1, Math.round(o.amount))} epochs`;
  if (o.smoothing === "exponential") return `SMOOTHED: exponential, weight ${(Math.min(o.amount, 99) / 100).toFixed(2)}`;
  return "";
}

/** @param {import("./model.js").Sweep} sweep @param {Panel[]} panels @param {CurveOptions} o */
export function curvesFigure(sweep, panels, o, paint) {
  const hasLoss = panels.some((panel) => panel.series.some((s) => sweep.hasMean(s.group, s.set, "loss")));
  const rows = o.loss && o.metric !== "loss" && (hasLoss || !panels.length) ? [o.metric, "loss"] : [o.metric];
  const grid = placePanels(panels, rows, paint);
  const figure = { sweep, o, paint, lossTop: 0, publishedTop: 0, traces: [], csvRows: [], inLegend: new Set(), words: [], sizes: sampleSizes(sweep, panels), last: sweep.doc.live ? sweep.nEpochs : 1 };
  const layout = { annotations: [], legend: grid.legend, hovermode: "closest" };
  panels.forEach((panel, p) => {
    layout.annotations.push(...titleOf(panel, grid.panel[p], paint));
    rows.forEach((metric, r) => {
      const id = p * rows.length + r + 1;
      for (const series of panel.series.filter((s) => sweep.hasMean(s.group, s.set, metric))) addSeries(figure, panel, series, metric, id);
    });
  });
  panels.forEach((_, p) => rows.forEach((__, r) => addAxes(layout, { figure, grid, rows, p, r, id: p * rows.length + r + 1 })));
  const note = smoothingNote(o);
  const top = Math.max(48, MARGIN.b + legendHeight(figure.traces, paint.width - MARGIN.l - MARGIN.r, FONT)) + (note ? 24 : 0); // Plotly keeps the least margin above it
  layout.margin = { ...MARGIN, t: top };
  if (note) layout.annotations.push({ text: `<b>${note}</b>`, xref: "paper", yref: "paper", x: 0, y: 1, yshift: top - 16, xanchor: "left", showarrow: false, font: { color: paint.colours.test, size: 13 } });
  const columns = ["panel", "clusters", "strategy", "protocol", "model", ...sweep.doc.axes.map((a) => a.name), "set", "metric", "curve", "smoothing", "epoch", "value", "low", "high", "n"];
  const isBand = (t) => t.meta.curve === "band";
  const traces = [...figure.traces.filter(isBand), ...figure.traces.filter((t) => !isBand(t))]; // no band lies on a line
  return { traces, layout, height: grid.inner + top + MARGIN.b, csv: { columns, rows: figure.csvRows }, title: titleOfAll(panels, sweep), summary: summaryOf(figure, panels, rows) };
}

const MARGIN = { l: 58, r: 12, b: 8 }; // and above, room for the legend

/** Where panels go, in fractions of the drawing area: as many columns as have room. */
function placePanels(panels, rows, { width, printing }) {
  const n = panels.length;
  const room = printing ? 3 : width < 560 ? 1 : width < 900 ? 2 : 3;
  const columns = Math.max(1, n === 4 ? Math.min(2, room) : Math.min(n, room));
  const lines = Math.ceil(n / columns);
  const row = printing ? [165, 105] : columns === 1 ? [230, 150] : [250, 150];
  const between = Math.min(0.08, 62 / width);
  const w = (1 - between * (columns - 1)) / columns;
  const notes = panels.map((p) => wrapped(p.note, (w * (width - MARGIN.l - MARGIN.r)) / NOTE_LETTER));
  const top = 30 + NOTE_LINE * Math.max(1, ...notes.map((lines) => lines.length)), gap = 26, foot = 40;
  const block = top + row[0] + (rows.length > 1 ? gap + row[1] : 0) + foot;
  const inner = block * lines;
  const panel = [];
  for (let i = 0; i < n; i++) {
    const x0 = (i % columns) * (w + between);
    const y = Math.floor(i / columns) * block;
    const at = (from, size) => [1 - (from + size) / inner, 1 - from / inner];
    panel.push({ x: [x0, x0 + w], rows: [at(y + top, row[0]), at(y + top + row[0] + gap, row[1])], title: 1 - y / inner, note: notes[i] });
  }
  const legend = { orientation: "h", x: 0, y: 1, yanchor: "bottom", yref: "paper", traceorder: "normal", itemsizing: "trace", bgcolor: "rgba(0,0,0,0)" };
  return { panel, inner, legend, columns };
}

const NOTE_LINE = 16, NOTE_LETTER = 6.3; // pixels of a line and of a letter, the latter on the safe side

/** A text in lines of at most so many letters, broken behind commas. */
function wrapped(text, letters) {
  const lines = [];
  for (const part of text.split(", ")) {
    const longer = lines.length ? `${lines.at(-1)}, ${part}` : part;
    if (lines.length && longer.length > letters) lines[lines.length - 1] += ",", lines.push(part);
    else lines[Math.max(0, lines.length - 1)] = longer;
  }
  return lines;
}

function titleOf(panel, place, paint) {
  const base = { xref: "paper", yref: "paper", x: place.x[0], y: place.title, xanchor: "left", showarrow: false };
  return [
    { ...base, text: `<b>${plain(panel.title)}</b>`, yanchor: "top", yshift: -4, font: { size: 14 } },
    { ...base, text: place.note.map(plain).join("<br>"), align: "left", yanchor: "top", yshift: -24, font: { size: 11.5, color: paint.colours.muted } },
  ];
}

function addAxes(layout, { figure, grid, rows, p, r, id }) {
  const { o } = figure;
  const n = id === 1 ? "" : String(id);
  const metric = rows[r];
  const place = grid.panel[p];
  const isLoss = metric === "loss";
  const last = r === rows.length - 1;
  const flat = { tickangle: 0, ticklabeloverflow: "allow" }; // numbers that never need to turn or hide: else each is measured
  const axis = { ...flat, domain: place.rows[r], anchor: `x${n}`, title: { text: metricName(metric), standoff: 4, font: { size: 11.5 } }, automargin: false };
  if (p % grid.columns > 0 && grid.columns > 2) axis.title.text = "";
  Object.assign(axis, isLoss && o.logLoss ? logAxis(figure, id) : { exponentformat: "none", range: rangeOf(figure, id, isLoss) });
  layout[`yaxis${n}`] = axis;
  layout[`xaxis${n}`] = { ...flat, domain: place.x, anchor: `y${n}`, range: [0, 1.01 * figure.last], ...(figure.last < 10 ? { dtick: 1 } : {}), showticklabels: last, title: last ? { text: "epoch", standoff: 4, font: { size: 11.5 } } : undefined, zeroline: false, ...(id > 1 ? { matches: "x" } : {}) };
}

/** From the lowest to the highest thing drawn in a panel, or what all panels share; given, not left to Plotly, which draws later (lines.js). */
function rangeOf({ o, traces, ...figure }, id, isLoss) {
  if (o.shared) return isLoss ? [0, lossLimit(figure)] : [-0.02, 1.03];
  const [low, high] = limitsOf(traces, id, () => true, Number.isFinite);
  if (!(low <= high)) return [0, 1];
  const margin = high > low ? 0.05 * (high - low) : 0.05;
  return [isLoss ? 0 : low - margin, high + margin];
}

/** From the lowest line: a band may begin at 0, which no logarithm has. */
function logAxis({ traces }, id) {
  const isLine = (t) => t.meta.curve !== "band";
  let [low, high] = [limitsOf(traces, id, isLine, (v) => v > 0)[0], limitsOf(traces, id, () => true, (v) => v > 0)[1]];
  if (!(low <= high)) [low, high] = [0.1, 1];
  const margin = Math.max(1.05, (high / low) ** 0.05);
  const range = [low / margin, high * margin];
  const tickvals = logTicks(...range);
  return { type: "log", range: range.map(Math.log10), tickvals, ticktext: tickvals.map(String) };
}

/** @returns {[number, number]} Infinity and -Infinity where nothing counts */
function limitsOf(traces, id, isMeant, counts) {
  const on = `y${id === 1 ? "" : id}`;
  const y = traces.filter((t) => t.yaxis === on && isMeant(t)).flatMap((t) => t.y).filter(counts);
  return [y.reduce((a, b) => Math.min(a, b), Infinity), y.reduce((a, b) => Math.max(a, b), -Infinity)];
}

/** Top of shared loss axes: a published loss of 30 must not press our own curves flat. */
function lossLimit(figure) {
  const own = figure.lossTop || figure.publishedTop || 1;
  return 1.05 * own;
}

function addSeries(figure, panel, series, metric, id) {
  const { sweep, o } = figure;
  const data = sweep.meanCurve(series.group, series.set, metric, { band: o.band, smoothing: o.smoothing, amount: o.amount });
  const on = { xaxis: `x${id === 1 ? "" : id}`, yaxis: `y${id === 1 ? "" : id}` };
  const at = { figure, panel, series, metric, on };
  const single = !sweep.isMeanOnly(series.group);
  const few = o.band === "ci" && data.nMax < FEW && single;
  if (o.band !== "none" && !few) addBand(at, data);
  if ((o.seeds || few) && single) addSeeds(at);
  addMean(at, data);
  figure.last = Math.max(figure.last, ...data.n.map((n, e) => (n > 0 ? e + 1 : 0)));
  if (o.published) addPublished(at);
  if (o.best && series.set === "test") addBest(at, data);
  if (metric === "loss") figure.lossTop = Math.max(figure.lossTop, ...[...data.mean, ...data.high].filter(Number.isFinite));
}

const epochs = (n) => Array.from({ length: n }, (_, e) => e + 1);

function push({ figure, on }, trace) {
  const key = `${trace.name} ${trace.legendgroup}`;
  const first = trace.showlegend && !figure.inLegend.has(key);
  if (first) figure.inLegend.add(key);
  figure.traces.push({ type: "scatter", ...on, ...trace, showlegend: Boolean(first) });
}

/** Rows of the CSV for a curve, as drawn. */
function record({ figure, panel, series, metric }, curve, y, data = null) {
  const { group, set } = series;
  const head = [panel.title, group.clusters, group.strategy, group.protocol, group.model, ...group.axis, set, metric, curve, smoothingNote(figure.o) || "none"];
  y.forEach((value, e) => {
    if (!Number.isFinite(value)) return;
    const limit = (side) => (data && Number.isFinite(data[side][e]) ? data[side][e] : null);
    figure.csvRows.push([...head, e + 1, value, limit("low"), limit("high"), data ? data.n[e] : 1]);
  });
}

function addBand(at, data) {
  const { series } = at;
  const finite = epochs(data.mean.length).filter((e) => Number.isFinite(data.low[e - 1]));
  if (finite.length < 2) return;
  const back = [...finite].reverse();
  push(at, {
    x: [...finite, ...back],
    y: [...finite.map((e) => data.high[e - 1]), ...back.map((e) => data.low[e - 1])],
    mode: "lines", line: { width: 0 }, fill: "toself", fillcolor: faded(series.colour, 0.18), hoverinfo: "skip",
    name: "band", legendgroup: series.label, showlegend: false, meta: metaOf(at, "band"),
  });
}

function metaOf({ series, metric }, curve) {
  return { curve, group: series.group.id, strategy: series.group.strategy, clusters: series.group.clusters, set: series.set, metric };
}

function addSeeds(at) {
  const { figure, series, metric } = at;
  const { sweep, o } = figure;
  const x = [], y = [], text = [];
  for (const j of sweep.counted(series.group)) {
    const curve = sweep.jobCurve(j, series.set, metric, { smoothing: o.smoothing, amount: o.amount });
    const name = jobName(sweep, j);
    record(at, name, curve);
    curve.forEach((value, e) => (x.push(e + 1), y.push(Number.isFinite(value) ? value : null), text.push(name)));
    x.push(null), y.push(null), text.push("");
  }
  push(at, { x, y, text, mode: "lines", line: { width: 0.7, color: faded(series.colour, 0.45) }, hovertemplate: "%{text}<br>epoch %{x}: %{y:.4f}<extra></extra>", name: "single jobs", legendgroup: series.label, showlegend: false, meta: metaOf(at, "seeds") });
}

/** "seed 3 fold 1". */
export function jobName(sweep, j) {
  const { seed, fold, repeat } = sweep.jobs;
  const parts = [`seed ${seed[j]}`];
  if (sweep.several("fold")) parts.push(`fold ${fold[j]}`);
  if (sweep.several("repeat")) parts.push(`repeat ${repeat[j]}`);
  return parts.join(" ");
}

function addMean(at, data) {
  const { series, figure } = at;
  record(at, "mean", data.mean, data);
  const label = series.label.includes("n =") ? series.label : `${series.label}, mean of n = ${figure.sizes}`;
  push(at, {
    x: epochs(data.mean.length),
    y: data.mean.map((v) => (Number.isFinite(v) ? v : null)),
    customdata: data.mean.map((_, e) => [data.low[e], data.high[e], data.n[e]]),
    mode: "lines+markers",
    line: { width: 2, color: series.colour },
    marker: { symbol: series.symbol, size: 6, color: series.colour, maxdisplayed: 9 },
    hovertemplate: `${plain(series.label)}<br>epoch %{x}: %{y:.4f}<br>%{customdata[0]:.4f} to %{customdata[1]:.4f}, n = %{customdata[2]}<extra></extra>`,
    name: plain(label), legendgroup: series.label, showlegend: true, meta: metaOf(at, "mean"),
  });
}

/** "10" or "3–10": numbers of jobs behind the means of a figure. */
function sampleSizes(sweep, panels) {
  const n = panels.flatMap((p) => p.series.map((s) => sweep.counted(s.group).length));
  const [low, high] = [Math.min(...n), Math.max(...n)];
  return low === high ? String(low) : `${low}–${high}`;
}

function addPublished(at) {
  const { figure, series, metric } = at;
  const published = figure.sweep.published(series.group, series.set, metric);
  if (!published) return;
  const y = smooth(published, figure.o.smoothing, figure.o.amount);
  figure.last = Math.max(figure.last, Math.min(y.length, figure.sweep.nEpochs));
  record(at, "published", y);
  if (metric === "loss") figure.publishedTop = Math.max(figure.publishedTop, ...y.filter(Number.isFinite));
  const own = series.label !== "training" && series.label !== "test";
  push(at, {
    x: epochs(y.length), y: y.map((v) => (Number.isFinite(v) ? v : null)), mode: "lines",
    line: { width: 1.3, dash: "dash", color: own ? series.colour : faded(series.colour, 0.9) },
    hovertemplate: `published, ${series.set === "test" ? "validation" : "training"}<br>epoch %{x}: %{y:.4f}<extra></extra>`,
    name: "published (one run)", legendgroup: "published", showlegend: true, meta: metaOf(at, "published"),
  });
}

function addBest(at, data) {
  const { figure, series, metric, panel } = at;
  const e = best(data.mean, metric === "loss");
  if (e < 0) return;
  figure.words.push({ panel: panel.title, metric, label: figure.sweep.title(series.group.strategy), epoch: e + 1, value: data.mean[e] });
  push(at, {
    x: [e + 1], y: [data.mean[e]], mode: "markers",
    marker: { symbol: "star", size: 13, color: series.colour, line: { width: 1.2, color: figure.paint.colours.text } },
    hovertemplate: `best epoch, chosen on the test set<br>epoch %{x}: %{y:.4f}<extra></extra>`,
    name: "best epoch (chosen on the test set)", legendgroup: "best", showlegend: true, meta: metaOf(at, "best"),
  });
}

/** "clusters 8 and 10, protocol report". */
function titleOfAll(panels, sweep) {
  const groups = panels.flatMap((p) => p.series.map((s) => s.group));
  const distinct = (list) => [...new Set(list)].join("; ");
  const named = sweep.columns().filter((name) => name !== "strategy");
  return named.map((name) => (name === "clusters" ? distinct(groups.map((g) => clustersTitle(sweep, g.clusters))) : `${name} ${distinct(groups.map((g) => sweep.value(g, name)))}`)).join(", ");
}

/** The figure in words, for those who cannot see it and as its caption. */
function summaryOf(figure, panels, rows) {
  const { sweep, o } = figure;
  const groups = [...new Set(panels.flatMap((p) => p.series.map((s) => s.group)))];
  if (groups.length === 0) return "Nothing is chosen, or the sweep holds no such job.";
  const parts = [`${capital(rows.map(metricName).join(" and "))} of ${titleOfAll(panels, sweep)}.`];
  const few = o.band === "ci" && !groups.every((group) => sweep.isMeanOnly(group)) ? `; below ${FEW} jobs each job is drawn instead` : "";
  parts.push(o.band === "none" ? "Lines are means over jobs." : `Lines are means over jobs, bands the ${BAND_NAMES[o.band]}${few}.`);
  const kept = groups.some((group) => sweep.isMeanOnly(group));
  if (kept) parts.push("This file keeps means and 95 % intervals of groups, rounded, and not the curves of single jobs, to stay small; cellsweep serve shows those, other bands and other metrics.");
  if (smoothingNote(o)) parts.push(`${smoothingNote(o)}; ${kept ? "the mean, without a band" : "every job by itself, then averaged"}.`);
  if (o.shared && !o.logLoss && figure.publishedTop > lossLimit(figure)) parts.push(`Published losses go up to ${figure.publishedTop.toFixed(3)}, beyond the picture.`);
  const hidden = o.published && o.metric.startsWith("balanced_accuracy") && o.metric !== "balanced_accuracy_as_published" && sweep.doc.published.some((q) => groups.some((g) => isSame(q, g, ["protocol"])));
  if (hidden) parts.push("The published curves are of “balanced accuracy as published” (a mean over batches): choose that metric to see them beside their like.");
  parts.push(finals(figure, groups), publishedElsewhere(figure, groups));
  const stars = figure.words.filter((w) => w.metric === rows[0]);
  if (stars.length) parts.push(`Best epoch, chosen on the very test images it is judged by, so it flatters: ${stars.map((w) => `${w.label} ${w.epoch} (${w.value.toFixed(3)})`).join(", ")}.`);
  return parts.filter(Boolean).join(" ");
}

/** Published curves that are drawn beside jobs of another protocol are not their like. */
function publishedElsewhere({ sweep, traces }, groups) {
  const drawn = traces.filter((t) => t.meta?.curve === "published").map((t) => t.meta.group);
  const others = groups.filter((g) => drawn.includes(g.id)).flatMap((g) => sweep.doc.published.filter((q) => isSame(q, g, ["protocol"]) && q.protocol && q.protocol !== g.protocol));
  const protocols = [...new Set(others.map((q) => q.protocol))];
  return protocols.length ? `The dashed published curves were judged by protocol ${protocols.join(" and ")}, not as these jobs were.` : "";
}

function finals(figure, groups) {
  const { sweep, o } = figure;
  let fewer = false;
  const list = groups.map((group) => {
    const { mean, n, nMax } = sweep.meanCurve(group, "test", o.metric, { band: "ci", smoothing: o.smoothing, amount: o.amount });
    const e = mean.findLastIndex((v) => Number.isFinite(v));
    if (e < 0) return `${sweep.title(group.strategy)} (no finished job)`;
    fewer ||= n[e] < nMax;
    const name = groups.every((g) => g.strategy === group.strategy) ? group.clusters : sweep.title(group.strategy);
    return `${name} ${mean[e].toFixed(3)}${n[e] < nMax ? ` (n = ${n[e]} of ${nMax})` : ""}`;
  });
  return `Last value on the test set: ${list.join(", ")}.${fewer ? " Jobs end at their own epochs, so it is that of the longest ones only; the tables have the judged epoch of every job." : ""}`;
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
