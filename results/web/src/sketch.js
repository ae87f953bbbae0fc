/* sketch.js - a plot as plain SVG, before Plotly is there: dots with bars, lines, boxes and texts, as summary.js asks for them. What is
 * drawn comes from the same traces and layout, so that Plotly's picture takes its place without a move. */

const SVG = "http://www.w3.org/2000/svg";

export function node(name, attributes, text = "") {
  const out = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) out.setAttribute(key, String(value));
  if (text) out.textContent = text;
  return out;
}

/** Of lines of the layout, and of traces that are at most 3 pixels wide. */
export const DASHES = { dot: "1.5 2.5", dash: "7 5", trace: { dot: "3 3", dash: "9 9" } };
const numbers = (list) => Array.from(list);

/** A text as it is written for Plotly, with <b> and entities. */
export function lettersOf(text) {
  return { bold: text.startsWith("<b>"), text: text.replace(/<\/?b>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&") };
}

export class Places {
  constructor(layout) {
    this.layout = layout;
  }

  /** "xaxis2" of "x2". */
  key(id) {
    return `${id[0]}axis${id.slice(1)}`;
  }

  /** Pixels of a value of an axis, or of a share of its domain: "x2", "y domain". */
  at(ref, value) {
    const [id, domain] = ref.split(" ");
    const axis = this.layout[this.key(id)];
    const { width, height, margin } = this.layout;
    const share = domain ? value : (value - axis.range[0]) / (axis.range[1] - axis.range[0]);
    const along = axis.domain[0] + share * (axis.domain[1] - axis.domain[0]);
    return id[0] === "x" ? margin.l + along * (width - margin.l - margin.r) : margin.t + (1 - along) * (height - margin.t - margin.b);
  }
}

function grid(places, id, axis, layout) {
  const y = axis.anchor;
  const [top, bottom] = [places.at(`${y} domain`, 1), places.at(`${y} domain`, 0)];
  const out = [node("path", { d: `M${places.at(`${id} domain`, 0)} ${top}V${bottom}H${places.at(`${id} domain`, 1)}`, fill: "none", stroke: axis.linecolor })];
  for (let k = Math.ceil(axis.range[0] / axis.dtick - 1e-9); k * axis.dtick <= axis.range[1] + 1e-9; k++) {
    const value = Math.round(1e6 * k * axis.dtick) / 1e6;
    const x = places.at(id, value);
    out.push(node("line", { x1: x, x2: x, y1: top, y2: bottom, stroke: axis.gridcolor }), node("text", { x, y: bottom + 18, "text-anchor": "middle", "font-size": axis.tickfont.size, fill: layout.font.color }, String(value)));
  }
  return out;
}

function names(places, id, axis, layout) {
  const x = places.at(`${axis.anchor} domain`, 0);
  return axis.tickvals.map((value, i) => node("text", { x: x - 4, y: places.at(id, value), "text-anchor": "end", "dominant-baseline": "central", "font-size": axis.tickfont.size, fill: layout.font.color }, lettersOf(axis.ticktext[i]).text));
}

function shape(places, s) {
  const [x0, x1] = [places.at(s.xref, s.x0), places.at(s.xref, s.x1)];
  const [y0, y1] = [places.at(s.yref, s.y0), places.at(s.yref, s.y1)];
  if (s.type === "rect") return node("rect", { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0), fill: s.fillcolor });
  return node("line", { x1: x0, x2: x1, y1: y0, y2: y1, stroke: s.line.color, "stroke-width": s.line.width, "stroke-dasharray": DASHES[s.line.dash] });
}

function dots(places, t) {
  const one = (value, i) => (Array.isArray(value) ? value[i] : value);
  const { marker, error_x: bar } = t;
  return numbers(t.x).flatMap((value, i) => {
    const [x, y] = [places.at(t.xaxis, value), places.at(t.yaxis, t.y[i])];
    const open = marker.symbol === "circle-open";
    const dot = node("circle", { cx: x, cy: y, r: marker.size / 2, fill: open ? "none" : one(marker.color, i), stroke: marker.line && one(marker.line.color, i), "stroke-width": marker.line?.width });
    if (!bar) return [dot];
    const ends = [places.at(t.xaxis, value - bar.arrayminus[i]), places.at(t.xaxis, value + bar.array[i])];
    return [node("path", { d: `M${ends[0]} ${y}H${ends[1]}${ends.map((e) => `M${e} ${y - bar.width}v${2 * bar.width}`).join("")}`, stroke: bar.color, "stroke-width": bar.thickness, fill: "none" }), dot];
  });
}

const ANCHORS = { left: "start", center: "middle", right: "end" };
const PAD = { left: 2, center: 0, right: -2, bottom: -3, middle: 0, top: 3 }; // as Plotly has around texts
const BASELINES = { bottom: "text-after-edge", middle: "central", top: "text-before-edge" };

function note(places, a, layout) {
  const { bold, text } = lettersOf(a.text);
  return node("text", { x: places.at(a.xref, a.x) + PAD[a.xanchor], y: places.at(a.yref, a.y) - (a.yshift ?? 0) + PAD[a.yanchor], "text-anchor": ANCHORS[a.xanchor], "dominant-baseline": BASELINES[a.yanchor], "font-size": a.font.size, "font-weight": bold ? 700 : undefined, fill: a.font.color ?? layout.font.color }, text);
}

/** @param {any[]} traces @param {any} layout as Chart dresses it */
export function sketch(traces, layout) {
  const places = new Places(layout);
  const axes = Object.entries(layout).filter(([key]) => /^[xy]axis\d*$/.test(key)).map(([key, axis]) => [key.replace("axis", ""), axis]);
  const out = node("svg", { width: layout.width, height: layout.height, "font-family": layout.font.family, style: "display:block;overflow:visible" });
  out.append(
    ...layout.shapes.filter((s) => s.layer === "below" && s.type === "rect").map((s) => shape(places, s)),
    ...axes.filter(([id]) => id[0] === "x").flatMap(([id, axis]) => grid(places, id, axis, layout)),
    ...axes.filter(([id]) => id[0] === "y").flatMap(([id, axis]) => names(places, id, axis, layout)),
    ...layout.shapes.filter((s) => s.layer === "below" && s.type !== "rect").map((s) => shape(places, s)),
    ...traces.flatMap((t) => dots(places, t)),
    ...layout.shapes.filter((s) => s.layer !== "below").map((s) => shape(places, s)),
    ...layout.annotations.map((a) => note(places, a, layout)),
  );
  return out;
}
