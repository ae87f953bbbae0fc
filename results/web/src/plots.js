/* plots.js - Plotly, which is most of the page's script: it is read and run when the first screen is there, not before.
 *
 *     whenPlots(() => ...);        at once if it is there
 *     loadPlots();                 run it now
 *     plots()?.react(...)          null before that
 *
 * Its source is text in the page (build.js); the page's policy knows the hash of it, so it may run. */
let plotly = null;
const waiting = [];

export const plots = () => plotly;

export function whenPlots(task) {
  plotly ? task() : waiting.push(task);
}

export function loadPlots() {
  if (plotly) return plotly;
  const script = document.createElement("script");
  script.textContent = document.getElementById("cellsweep-plots").textContent;
  document.head.append(script);
  plotly = globalThis.cellsweepPlots.default;
  for (const task of waiting.splice(0)) task();
  return plotly;
}
