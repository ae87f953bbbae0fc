/* panels.js - which rows and panels the first picture has, what is in each, and what is averaged. Pure functions of the document.
 *
 *     const items = glanceItems(doc);
 *     const plan = planOf(doc, items);
 *     panelsOf(items, plan, plan.by, {})      [{values: {clusters: "8-10"}, leak, chance, cells: [cell of each row of the plan]}]
 *
 * Numbers come from the document: table `final` and `glance`. Only where the reader has fewer panels than the sweep has combinations
 * are there means made here, of the means of groups, as results/stats/marginal.h makes them: with their range, which is no interval,
 * and of combinations that all rows have. Results of several protocols are never averaged: one may leak. */
import { floats } from "./model.js";
import { reader } from "./table.js";

/** Panels and rows above which a picture scrolls in a box of its own; what is chosen to begin with stays below. */
export const MOST_PANELS = 12;
export const MOST_ROWS = 12;
const LEAST_SHARE = 0.01; // of the variance, for a factor to divide panels without being asked

/** Groups with a number: `final` and `glance`, a row each. */
export function glanceItems(doc) {
  const { glance } = doc;
  const table = doc.tables?.final;
  if (!glance || !table?.rows.length) return [];
  const read = reader(table.columns);
  const names = ["clusters", "strategy", "protocol", "model", ...doc.axes.map((a) => a.name)];
  const runs = floats(glance.runs);
  let begin = 0;
  return table.rows.flatMap((row, i) => {
    const mine = Array.from(runs.subarray(begin, (begin += glance.n_runs[i])));
    const mean = read(row, "test_balanced_accuracy_mean") ?? null;
    if (mean === null) return [];
    const number = (name) => read(row, name) ?? null;
    return [{
      at: i, of: Object.fromEntries(names.map((name) => [name, String(read(row, name) ?? "")])),
      mean, low: number("test_balanced_accuracy_low"), high: number("test_balanced_accuracy_high"), n: number("n"),
      leak: number("leak_mean") ?? 0, leakShare: number("leak_share_mean") ?? 0,
      chance: glance.chance[i], none: glance.none[i], differs: glance.differs[i], runs: mine,
    }];
  });
}

const valuesOf = (items, name) => [...new Set(items.map((x) => x.of[name]))];

/**
 * What rows differ in, what panels may differ in with how much each explains, and the panels to begin with: protocol, so that no mean
 * is over leaky and honest results; then by explained variance, clusters, and sweeps that a file keeps apart, also where they explain
 * little, while all fit.
 */
export function planOf(doc, items) {
  const several = (name) => valuesOf(items, name).length > 1;
  const of = (owner) => doc.axes.filter((a) => a.of === owner && several(a.name)).map((a) => a.name);
  const strategy = ["strategy", ...of("strategy")];
  const nRows = new Set(items.map((x) => [...strategy, "model"].map((f) => x.of[f]).join("\n"))).size;
  const withModel = several("model") && nRows <= MOST_ROWS;
  const rowFactors = withModel ? ["model", ...of("model"), ...strategy] : strategy;
  const share = (name) => doc.glance?.explained.find((e) => e.factor === name)?.share ?? 0;
  const factors = ["clusters", "protocol", "model", ...doc.axes.map((a) => a.name)]
    .filter((name) => several(name) && !rowFactors.includes(name))
    .map((name) => ({ name, share: share(name), values: valuesOf(items, name) }))
    .sort((a, b) => b.share - a.share);
  const by = [];
  let n = 1;
  for (const f of [...factors.filter((g) => g.name === "protocol"), ...factors.filter((g) => g.name !== "protocol")])
    if (f.name === "protocol" || (n * f.values.length <= MOST_PANELS && (["clusters", "sweep"].includes(f.name) || f.share >= LEAST_SHARE))) {
      by.push(f.name);
      n *= f.values.length;
    }
  const found = new Map();
  for (const x of items) {
    x.row = idOf(x, rowFactors);
    if (!found.has(x.row)) found.set(x.row, { id: x.row, of: x.of });
  }
  const rows = [...found.values()];
  const models = valuesOf(items, "model");
  if (withModel) rows.sort((a, b) => models.indexOf(a.of.model) - models.indexOf(b.of.model));
  return { rowFactors, withModel, factors, by, rows };
}

const idOf = (item, names) => names.map((name) => item.of[name]).join("\n");

/** Lists of items by a key, in order of appearance. */
function listsBy(items, key) {
  const lists = new Map();
  for (const x of items) {
    const id = key(x);
    lists.has(id) ? lists.get(id).push(x) : lists.set(id, [x]);
  }
  return lists;
}

/** The mean of several groups of one row: their numbers are its runs, their range its bar. */
function average(members) {
  const means = members.map((x) => x.mean);
  const same = members.every((x) => x.chance === members[0].chance);
  return {
    averaged: members.length, mean: means.reduce((a, b) => a + b, 0) / means.length, low: means.reduce((a, b) => Math.min(a, b)), high: means.reduce((a, b) => Math.max(a, b)),
    n: members.reduce((sum, x) => sum + (x.n ?? 0), 0), leak: members.reduce((m, x) => Math.max(m, x.leak), 0), leakShare: members.reduce((m, x) => Math.max(m, x.leakShare), 0),
    chance: same ? members[0].chance : null, differs: 0, runs: means, of: members[0].of,
  };
}

/**
 * The panels, those without a leak first. `by`: factors that tell them apart; `held`: {factor: value} of others; over what is neither
 * is averaged, over combinations that as many rows have as any.
 */
export function panelsOf(items, plan, by, held) {
  const kept = items.filter((x) => Object.entries(held).every(([name, value]) => x.of[name] === value || x.of[name] === ""));
  const over = plan.factors.map((f) => f.name).filter((name) => !by.includes(name) && !(name in held));
  const panels = [...listsBy(kept, (x) => idOf(x, by)).values()].map((members) => panelOf(members, plan, by, over));
  const order = (p) => by.map((name) => plan.factors.find((f) => f.name === name)?.values.indexOf(p.values[name]) ?? 0);
  const leaky = new Set(panels.filter((p) => p.leak > 0).map((p) => p.values.protocol));
  return panels.sort((a, b) => Number(leaky.has(a.values.protocol)) - Number(leaky.has(b.values.protocol)) || compare(order(a), order(b)));
}

function compare(a, b) {
  const at = a.findIndex((v, i) => v !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}

function panelOf(members, plan, by, over) {
  const combinations = [...listsBy(members, (x) => idOf(x, over)).values()].map((list) => ({ list, rows: new Set(list.map((x) => x.row)).size }));
  const most = combinations.reduce((n, c) => Math.max(n, c.rows), 0);
  const full = combinations.filter((c) => c.rows === most);
  const whole = new Set(full.flatMap((c) => c.list));
  const byRow = listsBy(members.filter((x) => whole.has(x)), (x) => x.row);
  const cells = plan.rows.map((row) => {
    const mine = byRow.get(row.id) ?? [];
    return mine.length === 0 ? null : mine.length === 1 ? { ...mine[0], averaged: 0 } : average(mine);
  });
  const there = cells.filter(Boolean);
  return {
    values: Object.fromEntries(by.map((name) => [name, members[0].of[name]])),
    cells,
    leak: Math.max(0, ...there.map((c) => c.leak)), leakShare: Math.max(0, ...there.map((c) => c.leakShare)),
    chance: there.every((c) => c.chance === there[0].chance) ? (there[0]?.chance ?? null) : null,
    leftOut: combinations.length - full.length,
    over: over.filter((name) => valuesOf([...whole], name).length > 1),
  };
}

/** The row of strategy none that a row stands against: the same model where models are rows; -1: none is there. */
export function noneOf(plan, panel, row) {
  const model = ["model", ...plan.rowFactors.slice(0, plan.rowFactors.indexOf("strategy"))].filter((f) => plan.rowFactors.includes(f));
  return plan.rows.findIndex((r, i) => panel.cells[i] && r.of.strategy === "none" && model.every((f) => r.of[f] === plan.rows[row].of[f]));
}
