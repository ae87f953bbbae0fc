/* filter.js - the grammar of --filter (results/store/filter.h) over the jobs of a document: keys are its factors, axes, and what a job has.
 *
 *     const matches = filterOf(sweep, "strategy=none|smote,seed<=5,clusters=1-*");    throws an Error in one line
 *     matches(j)
 */

/** What can be asked for, by name: a job's value as text, "" where it does not read it. @returns {Map<string, (j: number) => string>} */
export function jobKeys(sweep) {
  const { jobs } = sweep;
  const keys = new Map(["clusters", "strategy", "protocol", "model", "seed", "fold", "repeat", "key", "state"].map((name) => [name, (j) => String(jobs[name][j] ?? "")]));
  sweep.doc.axes.forEach((axis, a) => keys.set(axis.name, (j) => String(jobs.axis[a][j] ?? "")));
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

/** One alternative: "-", a range, a number, a pattern, a text. @returns {(value: string) => boolean} */
function alternative(text, name) {
  const range = /^(.+?)\.\.(.+)$/.exec(text);
  if (text === "-") return (value) => value === "";
  if (range && isNumber(range[1]) && isNumber(range[2])) return (value) => isNumber(value) && Number(value) >= Number(range[1]) && Number(value) <= Number(range[2]);
  if (isNumber(text)) return (value) => isNumber(value) && Number(value) === Number(text);
  const pattern = text.split(/("[^"]*")/).map((part) => (part.startsWith('"') ? escaped(part.slice(1, -1)) : part.split("*").map(escaped).join(".*"))).join("");
  const whole = new RegExp(`^${pattern}$`, "su");
  return (value) => whole.test(value.replaceAll('"', "")) || (name === "protocol" && text === "kfold" && value.startsWith("kfold:"));
}

const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

function partOf(text, keys) {
  const found = /^([^=!<>]+?)\s*(!=|<=|>=|=|<|>)(.*)$/s.exec(text);
  if (!found) throw new Error(`“${text}” is not key=value, as in strategy=none|smote`);
  const [, name, operator, value] = found;
  const of = keys.get(name.trim());
  if (!of) throw new Error(`no key “${name.trim()}” here; there are ${[...keys.keys()].join(", ")}`);
  if (operator === "=" || operator === "!=") {
    const list = split(value, "|").map((text) => alternative(text, name.trim()));
    return (j) => list.some((test) => test(of(j))) === (operator === "=");
  }
  if (!isNumber(value)) throw new Error(`“${text}”: ${operator} asks for a number`);
  const limit = Number(value);
  const compare = { "<": (x) => x < limit, "<=": (x) => x <= limit, ">": (x) => x > limit, ">=": (x) => x >= limit }[operator];
  return (j) => isNumber(of(j)) && compare(Number(of(j)));
}

/** Whether a job matches; an empty filter matches every job. @param {string} text @returns {(j: number) => boolean} */
export function filterOf(sweep, text) {
  if (!text.trim()) return () => true;
  const keys = jobKeys(sweep);
  const parts = split(text, ",").map((part) => partOf(part, keys));
  return (j) => parts.every((part) => part(j));
}
