/* lines.js - learning curves as plain SVG, from the same traces and layout that Plotly gets: what a reader asks for is there in the next
 * frame, and Plotly's picture, which can be pointed at and zoomed, takes its place without a move.
 *
 *     const svg = sketchLines(traces, layout);
 *
 * Panels with linear or logarithmic axes that have a range, bands, lines, markers, a legend above, texts; as curves.js asks for them. */
import { DASHES, Places, lettersOf, node } from "./sketch.js";
import { linearTicks, multiples } from "./ticks.js";

const TICK = 5, GAP = 2.4; // pixels: a tick, and between it and its number
const TEXT = { before: 40, after: 5, line: 19, pad: 5 }; // of a line of the legend: its symbol, the gap behind it, its height, around all

/** Widths of texts, measured once. */
const widths = new Map();
let pen = null;

function widthOf(text, size, family) {
  const key = `${size} ${text}`;
  if (!widths.has(key)) {
    pen ??= document.createElement("canvas").getContext("2d");
    pen.font = `${size}px ${family}`;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

const two = (x) => Math.round(100 * x) / 100;
const polygon = (points) => (x, y) => `M${points.map(([a, b]) => `${two(x + a)},${two(y + b)}`).join("L")}Z`;
const circle = (r) => (x, y) => `M${two(x + r)},${two(y)}A${r},${r} 0 1,1 ${two(x)},${two(y - r)}A${r},${r} 0 0,1 ${two(x + r)},${two(y)}Z`;
const regular = (n, r, from) => Array.from({ length: n }, (_, i) => [r * Math.sin(from + (2 * Math.PI * i) / n), -r * Math.cos(from + (2 * Math.PI * i) / n)]);
const cross = (a, b) => [[b, a], [a, a], [a, b], [-a, b], [-a, a], [-b, a], [-b, -a], [-a, -a], [-a, -b], [a, -b], [a, -a], [b, -a]];
const turned = (points) => points.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);

/** Outlines of markers as Plotly has them, by the radius. */
const MARKERS = {
  circle: (r) => circle(r),
  square: (r) => polygon([[r, r], [-r, r], [-r, -r], [r, -r]]),
  diamond: (r) => polygon(regular(4, 1.3 * r, 0)),
  "triangle-up": (r) => polygon([[(-2 * r) / Math.sqrt(3), r / 2], [(2 * r) / Math.sqrt(3), r / 2], [0, -r]]),
  "triangle-down": (r) => polygon([[(-2 * r) / Math.sqrt(3), -r / 2], [(2 * r) / Math.sqrt(3), -r / 2], [0, r]]),
  cross: (r) => polygon(cross(0.4 * r, 1.2 * r)),
  x: (r) => polygon(turned(cross(0.4 * r, 1.2 * r))),
  star: (r) => polygon(regular(5, 1.4 * r, 0).flatMap((p, i) => [p, regular(5, 0.535 * r, Math.PI / 5)[i]])),
  hexagon: (r) => polygon(regular(6, r, 0)),
  pentagon: (r) => polygon(regular(5, r, 0)),
  bowtie: (r) => polygon([[r, r], [r, -r], [-r, r], [-r, -r]]),
  hourglass: (r) => polygon([[r, r], [-r, r], [r, -r], [-r, -r]]),
};

/** A panel's axes: numbers to pixels within it, and its ticks. */
class Panel {
  constructor(layout, x, y) {
    const places = new Places(layout);
    [this.left, this.right] = [0, 1].map((share) => places.at(`${x} domain`, share));
    [this.bottom, this.top] = [0, 1].map((share) => places.at(`${y} domain`, share));
    Object.assign(this, { width: this.right - this.left, height: this.bottom - this.top });
    this.x = layout[places.key(x)];
    this.y = layout[places.key(y)];
  }

  #share(axis, value) {
    const at = axis.type === "log" ? (value > 0 ? Math.log10(value) : -99) : value;
    return (at - axis.range[0]) / (axis.range[1] - axis.range[0]);
  }

  atX(value) {
    return this.#share(this.x, value) * this.width;
  }

  atY(value) {
    return Math.min(1e4, (1 - this.#share(this.y, value)) * this.height);
  }

  ticks(axis, isY) {
    if (axis.dtick) return multiples(...axis.range, axis.dtick);
    return axis.tickvals ?? linearTicks(axis.range, isY ? this.height : this.width, isY);
  }
}

/** Which points of a line have a marker: those that Plotly chooses to show as many of as marker.maxdisplayed. */
function marked(trace, before, panel) {
  const shown = trace.x.map((_, i) => i).filter((i) => trace.y[i] !== null && inside(panel, trace.x[i], trace.y[i]));
  const most = trace.marker.maxdisplayed ?? 0;
  if (most === 0) return shown;
  const step = Math.ceil(shown.length / most);
  const first = Math.round((before * step) / 3 + (Math.floor(before / 3) * step) / 7.1);
  return shown.filter((_, i) => Math.round(i + first) % step === 0);
}

function inside(panel, x, y) {
  const [px, py] = [panel.atX(x), panel.atY(y)];
  return px >= -1e-9 && px <= panel.width + 1e-9 && py >= -1e-9 && py <= panel.height + 1e-9;
}

function lineOf(trace, panel) {
  let pen_ = "M";
  return trace.x.map((x, i) => {
    if (x === null || trace.y[i] === null) return (pen_ = "M"), "";
    const step = `${pen_}${two(panel.atX(x))},${two(panel.atY(trace.y[i]))}`;
    pen_ = "L";
    return step;
  }).join("");
}

function drawn(trace, before, panel) {
  const out = [];
  const { line, marker } = trace;
  if (trace.fill === "toself") out.push(node("path", { d: `${lineOf(trace, panel)}Z`, fill: trace.fillcolor }));
  else if (trace.mode.includes("lines")) out.push(node("path", { d: lineOf(trace, panel), fill: "none", stroke: line.color, "stroke-width": line.width, "stroke-dasharray": line.dash && DASHES.trace[line.dash], "stroke-miterlimit": 2 }));
  if (trace.mode.includes("markers")) {
    const mark = MARKERS[marker.symbol](marker.size / 2);
    out.push(node("path", { d: marked(trace, before, panel).map((i) => mark(panel.atX(trace.x[i]), panel.atY(trace.y[i]))).join(""), fill: marker.color, stroke: marker.line?.color, "stroke-width": marker.line?.width }));
  }
  return out;
}

const text = (layout, size, attributes, said) => node("text", { "font-size": size, fill: layout.font.color, ...attributes }, said);
const crisp = (d, stroke) => node("path", { d, stroke, fill: "none", "shape-rendering": "crispEdges" });

/** Grid below the curves, axes with their ticks and numbers above. */
function frame(panel, layout) {
  const { left, right, top, bottom, x, y } = panel;
  const across = panel.ticks(x, false).map((v) => [left + panel.atX(v), v]);
  const up = panel.ticks(y, true).map((v, i) => [top + panel.atY(v), v, y.ticktext?.[i]]);
  const within = (at, low, high) => at > low + 1 && at < high - 1;
  const grid = [...across.filter(([at]) => within(at, left, right)).map(([at]) => `M${two(at)},${top}V${bottom}`), ...up.filter(([at]) => within(at, top, bottom)).map(([at]) => `M${left},${two(at)}H${right}`)];
  const zero = y.type !== "log" && y.range[0] < 0 ? [crisp(`M${left},${two(top + panel.atY(0))}H${right}`, y.zerolinecolor)] : [];
  const size = layout.font.size;
  const numbers = up.map(([at, v, said]) => text(layout, size, { x: left - 1 - TICK - GAP, y: two(at + 0.35 * size), "text-anchor": "end" }, said ?? String(v)));
  const ticks = [...across.map(([at]) => `M${two(at)},${bottom + 1}v${TICK}`), ...up.map(([at]) => `M${left - 1},${two(at)}h${-TICK}`)];
  const names = [];
  const widest = Math.max(0, ...up.map(([, v, said]) => widthOf(said ?? String(v), size, layout.font.family)));
  if (y.title?.text) {
    const at = [left - 1 - TICK - GAP - widest - y.title.standoff - 0.306 * y.title.font.size, (top + bottom) / 2];
    names.push(text(layout, y.title.font.size, { x: two(at[0]), y: at[1], transform: `rotate(-90,${two(at[0])},${at[1]})`, "text-anchor": "middle" }, y.title.text));
  }
  if (x.showticklabels) names.push(...across.map(([at, v]) => text(layout, size, { x: two(at), y: bottom + 1 + TICK + GAP + size, "text-anchor": "middle" }, String(v))));
  if (x.title?.text) names.push(text(layout, x.title.font.size, { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" }, x.title.text));
  return { below: [crisp(grid.join(""), y.gridcolor), ...zero], above: [crisp(`M${left - 1},${bottom + 0.5}H${right}M${left - 0.5},${top}V${bottom}`, y.linecolor), crisp(ticks.join(""), y.tickcolor), ...numbers, ...names] };
}

/** What a line of the legend begins with. */
function sample(trace) {
  const { line, marker } = trace;
  const out = [];
  if (trace.mode.includes("lines")) out.push(node("path", { d: "M5,0h30", stroke: line.color, "stroke-width": line.width, "stroke-dasharray": line.dash && DASHES.trace[line.dash] }));
  if (trace.mode.includes("markers")) out.push(node("path", { d: MARKERS[marker.symbol](marker.size / 2)(20, 0), fill: marker.color, stroke: marker.line?.color, "stroke-width": marker.line?.width }));
  return out;
}

/** Where the lines of a legend are, as Plotly places them: in a line if they fit, else in columns. */
function places(traces, room, font) {
  const items = traces.filter((t) => t.showlegend).map((t) => ({ t, said: lettersOf(t.name).text }));
  for (const item of items) item.width = TEXT.before + widthOf(item.said, font.size, font.family);
  const widest = Math.max(0, ...items.map((i) => i.width));
  const inLine = items.reduce((sum, i) => sum + i.width, 0) + (items.length - 1) * TEXT.after < room;
  let x = 0, row = 0;
  for (const item of items) {
    const step = (inLine ? item.width : widest) + TEXT.after;
    if (x > 0 && x + step - TEXT.after >= room) [x, row] = [0, row + 1];
    Object.assign(item, { x, row });
    x += step;
  }
  return { items, height: (row + 1) * TEXT.line + 2 * TEXT.pad };
}

/** Pixels of the legend of a figure, of which so many are between its margins. */
export const legendHeight = (traces, room, font) => places(traces, room, font).height;

function legend(traces, layout) {
  const { width, margin, font } = layout;
  const { items, height } = places(traces, width - margin.l - margin.r, font);
  return items.map(({ t, said, x, row }) => {
    const out = node("g", { transform: `translate(${two(margin.l + x)},${margin.t - height + TEXT.pad + (row + 0.5) * TEXT.line})` });
    out.append(...sample(t), text(layout, font.size, { x: TEXT.before, y: 0.39 * font.size }, said));
    return out;
  });
}

/** A text of the figure; lines of it are apart as Plotly has them. */
function note(a, layout) {
  const { margin, height, width } = layout;
  const x = Math.round(margin.l + a.x * (width - margin.l - margin.r)) + 2;
  const y = Math.round(margin.t + (1 - a.y) * (height - margin.t - margin.b) - (a.yshift ?? 0));
  const { size } = a.font;
  return a.text.split("<br>").map((line, i) => {
    const { bold, text: said } = lettersOf(line);
    return text(layout, size, { x, y: two(y + 1 + Math.round(size) + 1.3 * size * i), "font-weight": bold ? 700 : undefined, ...(a.font.color ? { fill: a.font.color } : {}) }, said);
  });
}

/** @param {any[]} traces @param {any} layout as Chart dresses it @returns {SVGElement} */
export function sketchLines(traces, layout) {
  const out = node("svg", { width: layout.width, height: layout.height, "font-family": layout.font.family, style: "display:block" });
  const axes = Object.keys(layout).filter((key) => /^yaxis\d*$/.test(key)).map((key) => key.slice(5));
  out.append(node("rect", { width: layout.width, height: layout.height, fill: layout.paper_bgcolor }));
  for (const id of axes) {
    const panel = new Panel(layout, `x${id}`, `y${id}`);
    const { below, above } = frame(panel, layout);
    const inner = node("svg", { x: panel.left, y: panel.top, width: panel.width, height: panel.height, overflow: "hidden" });
    let before = 0; // traces with as few markers as this, of the same panel
    for (const t of traces.filter((trace) => trace.xaxis === `x${id}`)) {
      inner.append(...drawn(t, before, panel));
      if (t.mode.includes("markers") && t.marker.maxdisplayed > 0) before++;
    }
    out.append(...below, inner, ...above);
  }
  out.append(...legend(traces, layout), ...layout.annotations.flatMap((a) => note(a, layout)));
  return out;
}
