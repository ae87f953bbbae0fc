/* table.js - tables that can be sorted, narrowed to the columns that matter, and downloaded. */
import { button, downloadCsv, el, fill, number } from "./dom.js";

/** @typedef {{label: string, value: (row: any[]) => any, text?: (row: any[]) => string, title?: (row: any[]) => string,
 *             node?: (row: any[]) => Node}} Column node: what is shown instead of a text, and not in the CSV */

/** Columns as they stand in the document. @param {string[]} names @returns {Column[]} */
export function plainColumns(names) {
  return names.map((label, i) => ({ label, value: (row) => row[i] }));
}

/** How a reader left a table, by its name: a table made anew from newer data looks the same. */
const remembered = new Map();

export class SortableTable {
  /**
   * @param {{name: string, caption: string, rows: any[][], columns: Column[], all?: {columns: string[], rows: any[][]},
   *          notes?: any, limit?: number}} options all: what the CSV holds (default: what is shown)
   */
  constructor(options) {
    this.options = options;
    const { limit = options.limit ?? 200, sort = { column: -1, down: false }, wide = false } = remembered.get(options.name) ?? {};
    Object.assign(this, { limit, sort, wide: wide && Boolean(options.all) });
    this.body = el("tbody");
    this.head = el("tr");
    this.more = el("p", { class: "hint" });
    const region = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": options.caption }, el("table", { id: `table-${options.name}` }, el("caption", { text: options.caption }), el("thead", {}, this.head), this.body));
    this.node = el("div", { class: "sortable" }, region, this.more, this.#tools(), notes(options.notes));
    this.#draw();
  }

  #tools() {
    const { name, caption, all } = this.options;
    const tools = [button("CSV", () => downloadCsv(name, this.full()), { "aria-label": `Download ${caption} as CSV` })];
    if (all) {
      const toggle = button("All columns", () => {
        this.wide = !this.wide;
        this.sort = { column: -1, down: false };
        toggle.setAttribute("aria-pressed", String(this.wide));
        this.#draw();
      }, { "aria-pressed": String(this.wide) });
      tools.push(toggle);
    }
    return el("div", { class: "tools" }, ...tools);
  }

  /** What the CSV holds. */
  full() {
    const { all, rows } = this.options;
    const columns = this.options.columns.filter((c) => !c.node);
    return all ?? { columns: columns.map((c) => c.label), rows: rows.map((r) => columns.map((c) => c.value(r))) };
  }

  #columns() {
    return this.wide ? plainColumns(this.options.all.columns) : this.options.columns;
  }

  #draw() {
    remembered.set(this.options.name, { limit: this.limit, sort: this.sort, wide: this.wide });
    const columns = this.#columns();
    const source = this.wide ? this.options.all.rows : this.options.rows;
    const rows = this.#sorted(source, columns);
    const numeric = columns.map((c) => source.length > 0 && source.every((r) => isNumber(c.value(r))));
    const broken = columns.map((c, i) => numeric[i] && source.some((r) => isBroken(c.value(r))));
    fill(this.head, ...columns.map((c, i) => this.#header(c, i, numeric[i])));
    fill(this.body, ...rows.slice(0, this.limit).map((row) => el("tr", {}, ...columns.map((c, i) => cell(c, row, numeric[i], broken[i])))));
    const left = rows.length - this.limit;
    fill(this.more, left > 0 && button(`Show ${left} more rows`, () => { this.limit = Infinity; this.#draw(); }));
  }

  #header(column, i, numeric) {
    const active = this.sort.column === i;
    const sortBy = () => {
      this.sort = { column: i, down: active ? !this.sort.down : numeric };
      this.#draw();
      this.head.children[i].firstElementChild.focus();
    };
    return el("th", { scope: "col", class: numeric ? "number" : undefined, "aria-sort": active ? (this.sort.down ? "descending" : "ascending") : "none" }, el("button", { type: "button", class: "sort", onclick: sortBy }, column.label.replaceAll("_", " "), el("span", { "aria-hidden": "true", text: active ? (this.sort.down ? " ▾" : " ▴") : "" })));
  }

  #sorted(rows, columns) {
    const { column, down } = this.sort;
    if (column < 0 || column >= columns.length) return rows;
    const value = columns[column].value;
    return [...rows].sort((a, b) => compare(value(a), value(b), down));
  }
}

const isBroken = (v) => typeof v === "number" && !Number.isInteger(v);

function isNumber(v) {
  return v === null || v === undefined || typeof v === "number";
}

/** Empty cells last, whichever way. */
function compare(a, b, down) {
  const none = (v) => v === null || v === undefined || v === "" || Number.isNaN(v);
  if (none(a) || none(b)) return none(a) - none(b);
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return down ? -order : order;
}

/** broken: the column has fractions, so that 1 is 1.000 in it. */
function cell(column, row, numeric, broken) {
  const value = column.value(row);
  const text = column.text ? column.text(row) : typeof value === "number" ? (broken && Number.isInteger(value) ? value.toFixed(3) : number(value)) : (value ?? "–");
  if (column.node) return el("td", {}, column.node(row));
  const title = column.title ? column.title(row) : typeof value === "number" && !Number.isInteger(value) ? String(value) : undefined;
  return el("td", { text: text === "" ? "–" : text, class: numeric ? "number" : undefined, title });
}

/** Notes of a table: a text or a list of texts. */
export function notes(value) {
  const list = (Array.isArray(value) ? value : [value]).filter(Boolean);
  return list.length ? el("div", { class: "notes" }, ...list.map((text) => el("p", { text }))) : null;
}

/** Reader of named columns: column(row, "test_loss_mean") is undefined when the table has none. */
export function reader(columns) {
  const at = new Map(columns.map((c, i) => [c, i]));
  const read = (row, name) => (at.has(name) ? row[at.get(name)] : undefined);
  read.has = (name) => at.has(name);
  return read;
}
