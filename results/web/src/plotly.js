/* plotly.js - only the parts of Plotly that the page draws with. None of them uses eval, so a strict policy holds. */
import Plotly from "plotly.js/lib/core.js";
import bar from "plotly.js/lib/bar.js";
import heatmap from "plotly.js/lib/heatmap.js";

Plotly.register([bar, heatmap]);

export default Plotly;
