/* numbers.js - numbers as people type them, German or English: 0,001 and 0.001, 1.234,5 and 1,234.5. Where a text may be either, that is
 * said, and nothing is taken.
 *
 *     const field = numberField("Similar cells", { value: 4, min: 0, max: 50, id: "similar", onchange: (x) => ... });
 *     field.input.value */
import { el } from "./dom.js";

/** @param {string} text @returns {{value: number|null, error: string}} error: what is to be done about it, "" when there is a value */
export function parseNumber(text) {
  const plain = text.trim().replaceAll(/[\s\u00a0\u202f'’]/g, "").replaceAll("−", "-");
  const body = plain.replace(/^[+-]/, "").replace(/e[+-]?\d+$/i, "");
  const wrong = { value: null, error: `“${text.trim()}” is no number: write 0.5 or 0,5.` };
  if (!/^(\d[\d.,]*|[.,]\d+)$/.test(body)) return wrong;
  const marks = [...body].filter((c) => c === "." || c === ",");
  const last = marks.at(-1);
  if (marks.length === 1 && /^[1-9]\d{0,2}[.,]\d{3}$/.test(body)) {
    const [whole, rest] = body.split(last);
    return { value: null, error: `“${text.trim()}” may be ${whole}${rest} or ${Number(`${whole}.${rest}`)}: write ${whole}${rest}, or ${whole}${last}${rest}0 for the smaller one.` };
  }
  const grouped = marks.length > 1 && marks.every((c) => c === last);
  if (grouped && !/^\d{1,3}([.,]\d{3})+$/.test(body)) return wrong;
  if (marks.length > 1 && !grouped && !/^\d{1,3}(\.\d{3})+,\d+$|^\d{1,3}(,\d{3})+\.\d+$/.test(body)) return wrong;
  const point = grouped ? "" : last;
  const english = [...plain].map((c) => (c === "." || c === "," ? (c === point ? "." : "") : c)).join("");
  return { value: Number(english), error: "" };
}

/** The same within limits, and whole where asked. */
export function parseWithin(text, { min = -Infinity, max = Infinity, whole = false }) {
  const { value, error } = parseNumber(text);
  if (error) return { value, error };
  if (whole && !Number.isInteger(value)) return { value: null, error: `“${text.trim()}” is not whole.` };
  return value < min || value > max ? { value: null, error: `It must be from ${min} to ${max}.` } : { value, error: "" };
}

/**
 * A labelled field for a number; what is wrong with it is said beside it, and the last right number stays.
 * @param {string} label @param {{value: string|number, min?: number, max?: number, whole?: boolean, id: string, onchange: (value: number) => void}} options
 */
export function numberField(label, { value, min, max, whole, id, onchange, ...props }) {
  const said = el("span", { class: "said", id: `${id}-said`, role: "alert" });
  const input = el("input", { type: "text", inputmode: whole ? "numeric" : "decimal", autocomplete: "off", class: "a-number", value: String(value), id, "aria-describedby": said.id, ...props, onchange: () => {
    const read = parseWithin(input.value, { min, max, whole });
    said.textContent = read.error;
    input.setAttribute("aria-invalid", String(read.error !== ""));
    if (read.error === "") onchange(read.value);
  } });
  return Object.assign(el("div", { class: "field small" }, el("label", { for: id, text: label }), input, said), { input });
}
