/* filter.js - the grammar of --filter (results/store/filter.h) over the jobs of a document: keys are its factors, axes, and what a job has.
 *
 *     const matches = filterOf(sweep, "strategy=none|smote,seed<=5,clusters=1-*");    throws an Error in one line
 *     matches(j)
 */

/** What can be asked for, by name: a job's value as text, "" where it does not read it; of the document
 * that the sweep has when they are asked. @returns {Map<string, (j: number) => string>} */
export function jobKeys(sweep) {
  const keys = new Map(["clusters", "strategy", "protocol", "model", "seed", "fold", "repeat", "key", "state"].map((name) => [name, (j) => String(sweep.jobs[name][j] ?? "")]));
  sweep.doc.axes.forEach((axis, a) => keys.set(axis.name, (j) => String(sweep.jobs.axis[a][j] ?? "")));
  return keys;
}

/** Parts of a text between separators that do not stand in double quotes. */
function split(text, separator) {
  const parts = [""];
  let quoted = false;
  for (const c of text) {
    if (c === '"') quoted = !quoted;
    if (c === separator && !quoted) parts.push("");
    else parts[parts.length - 1] += c;
  }
  if (quoted) throw new Error(`${text}: a double quote is not closed`);
  return parts.map((p) => p.trim());
}

const isNumber = (text) => text.trim() !== "" && Number.isFinite(Number(text));

/** Whether a value is as a pattern has it, in which * outside of double quotes is any characters. After a mismatch the last * takes one
 * character more, so that no pattern takes longer than both lengths multiplied. */
function isLike(value, pattern) {
  let [v, p, star, from, quoted] = [0, 0, -1, 0, false];
  while (v < value.length || p < pattern.length) {
    if (pattern[p] === "*" && !quoted) [star, from] = [++p, v];
    else if (p < pattern.length && v < value.length && value[v] === pattern[p]) {
      if (pattern[p++] === '"') quoted = !quoted;
      v++;
    } else if (star >= 0 && from < value.length) [v, p, quoted] = [++from, star, false];
    else return false;
  }
  return true;
}

/** "4+5" for "4-5", as tables write sets of numbers. */
const isSameSet = (value, text) => /^[0-9-]+$/.test(value) && /^[0-9+-]+$/.test(text) && text.replaceAll("+", "-") === value;

const bare = (text) => text.replaceAll('"', "");
const outside = (text) => text.replace(/"[^"]*"/g, "");

/** One alternative: a value, "-" (not read), a pattern, a number, a range. @returns {(value: string) => boolean} */
function alternative(text) {
  const range = /^(.+?)\.\.(.+)$/s.exec(text);
  const [first, last] = range ? [range[1], range[2]] : [text, text];
  const inRange = isNumber(first) && isNumber(last) ? (value) => isNumber(value) && Number(value) >= Number(first) && Number(value) <= Number(last) : () => false;
  return (value) => {
    if (value === "") return text === "-" || text === "";
    const same = value === text || isSameSet(value, text) || (text.includes('"') && !outside(text).includes("*") && bare(value) === bare(text));
    return same || (text !== "" && value.startsWith(`${text}:`)) || isLike(value, text) || inRange(value);
  };
}

/** A value as a filter takes it, to choose it alone. What has letters of the grammar in it stands in double quotes; a list of classes has its
 * own already; of another text with quotes such letters are left to a *. */
export function valueText(value) {
  if (value === "") return "-";
  if (!/[,|=*<>"]|\.\./.test(value)) return value;
  if (value.includes('"')) return /[,|=*<>"]/.test(outside(value)) ? value.replace(/[,|=*<>"]/g, "*") : value;
  return `"${value}"`;
}

function partOf(text, keys) {
  const found = /^([^=!<>]+?)\s*(!=|<=|>=|=|<|>)(.*)$/s.exec(text);
  if (!found) throw new Error(`“${text}” is not key=value, as in strategy=none|smote`);
  const [, name, operator, value] = found;
  const of = keys.get(name.trim());
  if (!of) throw new Error(`no key “${name.trim()}” here; there are ${[...keys.keys()].join(", ")}`);
  if (operator === "=" || operator === "!=") {
    const list = split(value, "|").map((text) => alternative(text));
    return remembered(of, (value) => list.some((test) => test(value)) === (operator === "="));
  }
  if (!isNumber(value)) throw new Error(`“${text}”: ${operator} asks for a number`);
  const limit = Number(value);
  const compare = { "<": (x) => x < limit, "<=": (x) => x <= limit, ">": (x) => x > limit, ">=": (x) => x >= limit }[operator];
  return remembered(of, (value) => isNumber(value) && compare(Number(value)));
}

/** A test of a job's value, made once a value: a sweep has far more jobs than values. */
function remembered(of, test) {
  const known = new Map();
  return (j) => {
    const value = of(j);
    if (!known.has(value)) known.set(value, test(value));
    return known.get(value);
  };
}

/** Whether a job matches; an empty filter matches every job. @param {string} text @returns {(j: number) => boolean} */
export function filterOf(sweep, text) {
  if (!text.trim()) return () => true;
  const keys = jobKeys(sweep);
  const parts = split(text, ",").filter((part) => part !== "").map((part) => partOf(part, keys));
  return (j) => parts.every((part) => part(j));
}
