/* plotly.js - the charts with two axes of Plotly, as its own project bundles them. Nothing in it uses eval, so a strict policy
 * holds. */
import Plotly from "plotly.js-cartesian-dist-min";

export default Plotly;
