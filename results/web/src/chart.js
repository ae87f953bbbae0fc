/* chart.js - one plot with its tools: SVG, PNG, CSV of what is drawn, the same as a table, a summary in words.
 *
 * Plotly takes its time over many panels. A chart that has a sketch shows that at once, from the same traces and layout; Plotly follows
 * when a reader has stopped choosing, a chart at a time, and its picture takes the sketch's place.
 *
 *     const chart = new Chart({ name: "curves", label: "Learning curves" });
 *     parent.append(chart.node);
 *     chart.draw((paint) => ({ traces, layout, csv: { columns, rows }, summary: "...", height: 400 }));
 *
 * The maker is called again for other colours (dark, light, print) and widths; downloads are always on white. */
import { button, csv, download, downloadCsv, el, fill, idle, number, prefixDownloads } from "./dom.js";
import { loadPlots, plots, whenPlots } from "./plots.js";
import { FONT, isPrinting, onTheme, palette, theme } from "./theme.js";

const PRINT_WIDTH = 680; // of a plot on A4 or letter, CSS pixels
const PRINT_HALF = 325;
const TABLE_ROWS = 3000;
const HEAD = 30; // pixels of the line that downloads have above
const REST = 150; // ms without a new sketch after which Plotly begins
const CONFIG = { displayModeBar: false, displaylogo: false, responsive: false, doubleClick: "reset" };

/** @typedef {{theme: string, colours: any, width: number, printing: boolean}} Paint */
/** @typedef {{traces: any[], layout: any, csv: {columns: string[], rows: any[][]}, summary: string, height: number,
 *             title?: string}} Spec */
/** @typedef {(traces: any[], layout: any) => SVGElement} Sketch */

const charts = new Set(), byNode = new WeakMap();
let observers = null;
let stamp = "";

/** What every downloaded picture says at its top: the sweep, and whether its data is synthetic; the names of all files say that, too. */
export function stampDownloads(doc) {
  stamp = doc.synthetic ? `${doc.name}, SYNTHETIC DATA` : doc.name;
  prefixDownloads(doc.synthetic ? "synthetic-" : "");
}

/** Plotly reads some tags in texts: names from the file must not become markup. */
export function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export class Chart {
  /**
   * @param {{name: string, label: string, early?: Sketch, sketch?: Sketch}} options name: of downloaded files; early: what draws it
   * before Plotly is there; sketch: what draws it then and whenever it changes
   */
  constructor({ name, label, early, sketch }) {
    this.name = name;
    this.early = early ?? sketch;
    this.sketch = sketch;
    this.plot = el("div", { class: "plot", role: "img", "aria-label": label, id: `plot-${name}` });
    this.summary = el("p", { class: "summary", id: `summary-${name}` });
    this.plot.setAttribute("aria-describedby", this.summary.id);
    this.table = el("details", { class: "data-table", ontoggle: () => this.#fillTable() }, el("summary", { text: "Show as a table" }), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${label}, as a table` }));
    this.node = el("figure", { class: "chart", "aria-label": label }, this.plot, el("figcaption", {}, this.summary, this.#tools(label)), this.table);
    this.isSeen = false;
    charts.add(this);
    observe(this);
  }

  #tools(label) {
    const tool = (text, what, action) => button(text, action, { "aria-label": `Download ${label} as ${what}`, dataset: { format: text.toLowerCase() } });
    return el(
      "div",
      { class: "tools", role: "group", "aria-label": `Download ${label}` },
      tool("SVG", "SVG", () => this.#image("svg")),
      tool("PNG", "PNG", () => this.#image("png")),
      tool("CSV", "CSV", () => downloadCsv(this.name, this.spec.csv)),
    );
  }

  /** @param {(paint: Paint) => Spec} maker */
  draw(maker) {
    this.maker = maker;
    this.redraw();
  }

  redraw() {
    if (!this.maker) return;
    if (!plots() && !this.waits) whenPlots(() => (this.sketch && !isPrinting() ? drawLater(this) : this.redraw()));
    this.waits = !plots();
    if (this.waits && !this.early) return;
    this.#make();
    const sketch = !plots() ? this.early : isPrinting() ? null : this.sketch;
    if (sketch) this.#showSketch(sketch);
    else this.drawNow();
    if (this.table.open) this.#fillTable();
  }

  /** What is to be drawn, in the colours and the width that there are now. */
  #make() {
    this.isOld = false;
    this.width = isPrinting() ? (this.node.closest(".two") ? PRINT_HALF : PRINT_WIDTH) : Math.max(260, Math.floor(this.node.clientWidth));
    this.spec = this.maker({ theme: theme(), colours: palette(), width: this.width, printing: isPrinting() });
    this.layout = dressed(this.spec, palette(), this.width);
    this.summary.textContent = this.spec.summary;
    if (!isPrinting()) this.plot.style.minHeight = `${this.spec.height}px`;
  }

  /** In other colours, or another width, when the browser has time. */
  redrawLater() {
    if (!this.maker || !plots()) return this.redraw();
    this.isOld = true;
    drawLater(this);
  }

  /** A sketch over what Plotly drew before, which nobody can point at any more. */
  #showSketch(sketch) {
    const picture = sketch(this.spec.traces, this.layout);
    picture.classList.add("sketch");
    this.#removeSketch();
    this.plot.append(picture);
    this.plot.style.height = `${this.spec.height}px`;
    if (plots()) drawLater(this);
  }

  #removeSketch() {
    this.plot.querySelector(":scope > .sketch")?.remove();
    this.plot.style.height = "";
  }

  /** By Plotly. */
  drawNow() {
    waiting.delete(this);
    if (this.isOld) this.#make();
    this.#removeSketch();
    plots().react(this.plot, this.spec.traces, this.layout, CONFIG);
  }

  /** The CSV text of what is drawn now. */
  csv() {
    return csv(this.spec.csv);
  }

  #fillTable() {
    if (!this.table.open || !this.spec) return;
    const { columns, rows } = this.spec.csv;
    const numeric = columns.map((_, c) => rows.every((r) => typeof r[c] === "number" || r[c] === null));
    const cells = (row) => row.map((c, i) => el("td", { text: typeof c === "number" ? number(c, 4) : (c ?? "–"), class: numeric[i] ? "number" : undefined }));
    const more = rows.length - TABLE_ROWS;
    fill(
      this.table.lastElementChild,
      el("table", {}, el("thead", {}, el("tr", {}, ...columns.map((c, i) => el("th", { scope: "col", text: c, class: numeric[i] ? "number" : undefined })))), el("tbody", {}, ...rows.slice(0, TABLE_ROWS).map((r) => el("tr", {}, ...cells(r))))),
      more > 0 && el("p", { text: `${more} further rows are in the CSV file.` }),
    );
  }

  async #image(format) {
    const colours = palette("light");
    const width = Math.max(900, this.width);
    const spec = this.maker({ theme: "light", colours, width, printing: false });
    const layout = headed(dressed(spec, colours, width), spec.title);
    const figure = { data: spec.traces, layout, config: CONFIG };
    const uri = await loadPlots().toImage(figure, { format, width: layout.width, height: layout.height, scale: format === "png" ? 2 : 1 });
    const [head, body] = [uri.slice(0, uri.indexOf(",")), uri.slice(uri.indexOf(",") + 1)];
    const data = head.endsWith(";base64") ? Uint8Array.from(atob(body), (c) => c.charCodeAt(0)) : decodeURIComponent(body);
    download(`${this.name}.${format}`, new Blob([data], { type: format === "svg" ? "image/svg+xml" : "image/png" }));
  }

  remove() {
    charts.delete(this);
    waiting.delete(this);
    plots()?.purge(this.plot);
    this.node.remove();
  }
}

/** Charts that wait for Plotly, most of them as sketches; what is to be done when there are none. */
const waiting = new Set(), settled = [];
let rest = 0;

function drawLater(chart) {
  waiting.add(chart);
  clearTimeout(rest);
  rest = setTimeout(() => {
    rest = 0;
    idle(drawNext);
  }, REST);
}

function drawNext() {
  if (rest) return;
  const chart = [...waiting].findLast((c) => c.isSeen) ?? [...waiting][0];
  try {
    chart?.drawNow();
  } finally {
    if (waiting.size) idle(drawNext);
    else for (const task of settled.splice(0)) task();
  }
}

/** At once if no chart waits for Plotly, else when all are drawn. @param {() => void} task */
export function whenDrawn(task) {
  waiting.size ? settled.push(task) : task();
}

/** What all plots share: colours, fonts, margins. */
function dressed(spec, colours, width) {
  const font = { ...FONT, color: colours.text };
  const layout = { width, height: spec.height, autosize: false, paper_bgcolor: colours.paper, plot_bgcolor: colours.paper, font, hoverlabel: { font: { size: 12 } }, margin: { l: 52, r: 12, t: 30, b: 40 }, ...spec.layout };
  for (const key of Object.keys(layout))
    if (/^[xy]axis/.test(key)) layout[key] = { gridcolor: colours.grid, zerolinecolor: colours.line, linecolor: colours.line, tickcolor: colours.line, ...layout[key] };
  return layout;
}

/** The layout with a line above: a picture goes where its page is not. */
function headed(layout, title) {
  const top = layout.margin.t;
  const text = `<b>${plain([title, stamp].filter(Boolean).join(" – "))}</b>`;
  const line = { text, xref: "paper", yref: "paper", x: 0, y: 1, xanchor: "left", yanchor: "bottom", yshift: top + 2, showarrow: false, font: { size: 14 } };
  return { ...layout, height: layout.height + HEAD, margin: { ...layout.margin, t: top + HEAD }, annotations: [...(layout.annotations ?? []), line] };
}

/** Its width, and whether it is in view: told by the browser, since asking it would have the page laid out at once. */
function observe(chart) {
  observers ??= { size: new ResizeObserver(() => schedule()), view: new IntersectionObserver((entries) => entries.forEach((e) => (byNode.get(e.target).isSeen = e.isIntersecting))) };
  byNode.set(chart.node, chart);
  observers.size.observe(chart.node);
  observers.view.observe(chart.node);
}

let timer = 0;

function schedule() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (!isPrinting()) refresh([...charts].filter((chart) => chart.maker && chart.node.clientWidth > 0 && Math.floor(chart.node.clientWidth) !== chart.width));
  }, 120);
}

/** In other colours, or another width: at once what a reader sees, and on paper. @param {Chart[]} list */
function refresh(list) {
  const now = isPrinting() ? list : list.filter((chart) => chart.isSeen);
  for (const chart of list) now.includes(chart) ? chart.redraw() : chart.redrawLater();
}

onTheme(() => refresh([...charts]));
