/* dom.js - elements, texts and downloads. Texts of a sweep only ever become text nodes, never markup. */

/**
 * An element. `props`: "class", "text", "on…" handlers, "dataset", DOM properties that are not strings, else attributes.
 * Children: nodes or texts; null and false are left out.
 * @param {string} tag @param {Object<string, any>} [props] @param {...(Node|string|null|false)} children
 * @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...children.filter((c) => c !== null && c !== false && c !== undefined));
  return node;
}

function set(node, name, value) {
  if (value === undefined || value === null) return;
  if (name === "class") node.className = value;
  else if (name === "text") node.textContent = value;
  else if (name === "dataset") Object.assign(node.dataset, value);
  else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (typeof value === "boolean") node[name] = value;
  else node.setAttribute(name, value);
}

/** Replace all children. @param {Element} parent @param {...(Node|string|null|false)} children */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((c) => c !== null && c !== false && c !== undefined));
}

/**
 * A labelled select. @param {string} label @param {{value: string, label: string}[]} options @param {string} value
 * @param {(value: string) => void} onchange
 */
export function select(label, options, value, onchange, props = {}) {
  const node = el("select", { ...props, onchange: () => onchange(node.value) });
  for (const o of options) node.append(el("option", { value: o.value, text: o.label, selected: o.value === value }));
  return el("label", { class: "field" }, el("span", { text: label }), node);
}

/** A labelled check box. @param {string} label @param {boolean} checked @param {(checked: boolean) => void} onchange */
export function checkbox(label, checked, onchange, props = {}) {
  const box = el("input", { type: "checkbox", checked, ...props, onchange: () => onchange(box.checked) });
  return el("label", { class: "check" }, box, el("span", { text: label }));
}

/** @param {string} label @param {() => void} onclick */
export function button(label, onclick, props = {}) {
  return el("button", { type: "button", text: label, ...props, onclick });
}

/** "0.812"; "–" for null or NaN, which are undefined. Whole numbers stay whole. */
export function number(x, digits = 3) {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  return (Number.isInteger(x) ? String(x) : x.toFixed(digits)).replace(/^-(?=[\d.]*[1-9])/, "−").replace(/^-/, "");
}

/** A number with three decimals, or as many as leave it on its side of a limit. @param {number|null|undefined} x */
export function beside(x, limit) {
  let digits = 3;
  while (typeof x === "number" && digits < 12 && Math.sign(Number(x.toFixed(digits)) - limit) !== Math.sign(x - limit)) digits++;
  return number(x, digits);
}

/** A p value: "<0.001" rather than "0.000", and what is below 0.05 looks so. */
export function pValue(p) {
  return typeof p === "number" && p < 0.001 ? "<0.001" : beside(p, 0.05);
}

/** "−0.036 to −0.00005": an interval without 0 looks so. */
export function interval(low, high) {
  if (typeof low !== "number" || typeof high !== "number") return "–";
  return low <= 0 && high >= 0 ? `${number(low)} to ${number(high)}` : `${beside(low, 0)} to ${beside(high, 0)}`;
}

/** A row of CSV text; numbers in full precision. @param {any[]} cells */
/** As results/write/csv_out.h says: a spreadsheet runs what begins with = + - @, and takes 4-5 for a date. */
function harmless(cell, column) {
  if (typeof cell !== "string") return String(cell);
  if (/clusters|sizes|first|second/.test(column) && /^\d+(-\d+)+$/.test(cell)) return cell.replaceAll("-", "+");
  return /^[=+\-@\t\r]/.test(cell) && (cell.trim() === "" || Number.isNaN(Number(cell))) ? `'${cell}` : cell;
}

function csvLine(cells, columns) {
  return cells
    .map((c, i) => {
      if (c === null || c === undefined || Number.isNaN(c)) return "";
      const text = harmless(c, columns[i]);
      return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(",");
}

/** @param {{columns: string[], rows: any[][]}} table */
export function csv(table) {
  return [table.columns, ...table.rows].map((row) => csvLine(row, table.columns)).join("\n") + "\n";
}

let prefix = "";

/** What the names of all downloaded files begin with. @param {string} text */
export function prefixDownloads(text) {
  prefix = text;
}

/** Hand a file to the user. @param {string} name @param {Blob} blob */
export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: prefix + name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** @param {string} name @param {{columns: string[], rows: any[][]}} table */
export function downloadCsv(name, table) {
  download(`${name}.csv`, new Blob([csv(table)], { type: "text/csv" }));
}

/** Read out by screen readers, politely. @param {string} text */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (region && region.textContent !== text) region.textContent = text;
}

/** Run when the browser has time, in order. @param {() => void} task */
export function idle(task) {
  queue.push(task);
  if (queue.length === 1) next();
}

const queue = [];

function next() {
  const later = window.requestIdleCallback ?? ((f) => setTimeout(f, 1));
  later(
    () => {
      const task = queue[0];
      try {
        task();
      } finally {
        queue.shift();
        if (queue.length) next();
      }
    },
    { timeout: 500 },
  );
}
