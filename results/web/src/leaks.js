/* leaks.js - how a panel says that some of its test images were seen in training. */
import { LEAKY } from "./theme.js";

/** "8 %" or "0.4 %". @param {number} share */
export const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** Words above and ground behind the panel of two axes; nothing where nothing leaks. @param {number} share of the test images */
export function leakMarks(x, y, share, paint) {
  if (!(share > 0)) return { annotations: [], shapes: [] };
  return {
    annotations: [{ xref: `${x} domain`, yref: `${y} domain`, x: 1, y: 1, xanchor: "right", yanchor: "bottom", showarrow: false, text: `<b>LEAK: up to ${percent(Math.max(share, 0.001))} of test seen</b>`, font: { size: 12, color: LEAKY[paint.theme].ink } }],
    shapes: [{ type: "rect", xref: `${x} domain`, yref: `${y} domain`, x0: 0, x1: 1, y0: 0, y1: 1, layer: "below", line: { width: 0 }, fillcolor: LEAKY[paint.theme].ground }],
  };
}
