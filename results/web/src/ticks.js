/* ticks.js - where an axis has its ticks: as Plotly chooses them, and of logarithmic axes so that a narrow one has several. */

const clean = (x) => Number(x.toPrecision(12));

/** The step of round numbers, 2, 5 or 10 times a power of ten, that is not below `rough`. */
function roundStep(rough) {
  const base = 10 ** Math.floor(Math.log10(rough));
  return clean(base * [2, 5, 10].find((k, i) => i === 2 || k * base >= rough));
}

/** Multiples of a step within limits. */
export const multiples = (low, high, step) => Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1) }, (_, i) => clean((Math.ceil(low / step - 1e-9) + i) * step));

/** Ticks of a linear axis of so many pixels, as Plotly has them (its autoTicks): one every 40 pixels upwards, every 80 across. */
export function linearTicks([low, high], pixels, isY) {
  const n = Math.min(9, Math.max(4, pixels / (isY ? 40 : 80))) + 1;
  return multiples(low, high, roundStep((high - low) / n));
}

/* So much of every decade that the axis has several; from as many as there are decades, as in results/figures/costaxis.c. */
const DENSITIES = [[0.8, [1, 1.5, 2, 3, 4, 5, 7]], [1.7, [1, 2, 5]], [2.5, [1, 3]], [Infinity, [1]]];
const FEWEST = 4; // ticks of an axis, else it has those of a linear one

/** Ticks of a logarithmic axis from `low` to `high`, both above 0: numbers on them are round. @returns {number[]} */
export function logTicks(low, high) {
  const decades = Math.log10(high / low);
  const steps = DENSITIES.find(([most]) => decades < most)[1];
  const first = Math.floor(Math.log10(low));
  const all = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, d) => steps.map((s) => Number((s * 10 ** (first + d)).toPrecision(3)))).flat();
  const ticks = all.filter((x) => x >= low && x <= high);
  return ticks.length < FEWEST && decades < 1 ? multiples(low, high, roundStep((high - low) / (FEWEST + 1))) : ticks;
}
