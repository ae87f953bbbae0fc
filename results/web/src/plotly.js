/* plotly.js - the charts with two axes of Plotly, as its own project bundles them. Nothing in it uses eval, so a strict policy
 * holds. A script of its own, which plots.js runs. */
import Plotly from "plotly.js-cartesian-dist-min";

export default Plotly;
