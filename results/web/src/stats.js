/* stats.js - means, intervals and smoothing of learning curves. Pure functions; NaN means "not reached". */

/**
 * Curves of runs of one split as one, their mean over those that have a value at an epoch: few groups of images leave few splits.
 * @param {number[][]} curves @param {(number|null)[]} split of each curve, null: its own
 */
export function pool(curves, split) {
  if (split.every((key) => key === null)) return curves;
  const by = new Map();
  curves.forEach((curve, i) => {
    const key = split[i] ?? `alone ${i}`;
    by.set(key, [...(by.get(key) ?? []), curve]);
  });
  const mean = (values) => (values.length ? values.reduce((sum, v) => sum + v, 0) / values.length : NaN);
  return [...by.values()].map((of) => (of.length === 1 ? of[0] : of[0].map((_, e) => mean(of.map((c) => c[e]).filter(Number.isFinite)))));
}

/** Jobs below which a figure shows each of them instead of a band. */
export const FEW = 5;

/**
 * Mean, spread and limits of the finite values. `band`: "ci" (95 % interval of the mean), "sd", "range" or "none". The interval is
 * Student's t; results of splits that share images have a ratio, n_test / n_train, and then the variance
 * (1/n + ratio) sd^2 (Nadeau and Bengio 2003), as in results/stats/stats.h. Limits are cut to what is possible, `least` to `most`; NaN
 * where the band is not defined: fewer than two values.
 * @param {number[]} values @param {string} band
 * @param {{t95?: number[], ratio?: number, least?: number, most?: number}} [of] t95: Student's t of 1, 2, ... degrees of freedom
 */
export function summarise(values, band = "ci", { t95 = [], ratio = NaN, least = -Infinity, most = Infinity } = {}) {
  const v = values.filter(Number.isFinite);
  const n = v.length;
  if (n === 0) return { n, mean: NaN, sd: NaN, low: NaN, high: NaN };
  const mean = v.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return { n, mean, sd: NaN, low: NaN, high: NaN };
  const sd = Math.sqrt(v.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1));
  if (band === "range") return { n, mean, sd, low: Math.min(...v), high: Math.max(...v) };
  const half = band === "ci" ? (t95[n - 2] ?? t95.at(-1)) * sd * Math.sqrt(1 / n + (ratio > 0 ? ratio : 0)) : band === "sd" ? sd : NaN;
  const within = (x) => Math.min(Math.max(x, least), most);
  return { n, mean, sd, low: within(mean - half), high: within(mean + half) };
}

/**
 * A smoothed copy. "exponential": s = w s + (1 - w) x with its start corrected (w = amount / 100); "moving": mean of the
 * last `amount` epochs. NaN stays NaN and is not averaged in.
 * @param {number[]} values @param {string} kind @param {number} amount
 */
export function smooth(values, kind, amount) {
  if (kind === "exponential") return exponential(values, Math.min(amount, 99) / 100);
  if (kind === "moving") return moving(values, Math.max(1, Math.round(amount)));
  return values;
}

function exponential(values, w) {
  let sum = 0, weight = 0;
  return values.map((x) => {
    if (!Number.isFinite(x)) return NaN;
    sum = w * sum + (1 - w) * x;
    weight = w * weight + (1 - w);
    return sum / weight;
  });
}

function moving(values, width) {
  return values.map((x, i) => {
    if (!Number.isFinite(x)) return NaN;
    const part = values.slice(Math.max(0, i - width + 1), i + 1).filter(Number.isFinite);
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
}

/** Index of the best finite value, -1 when there is none. @param {number[]} values @param {boolean} smallest */
export function best(values, smallest) {
  let at = -1;
  values.forEach((x, i) => {
    if (Number.isFinite(x) && (at < 0 || (smallest ? x < values[at] : x > values[at]))) at = i;
  });
  return at;
}
