/* main.js - start: find the data, build the page, keep it up to date.
 *
 * The page is either a report (the document is inside it) or served (a meta tag says so; the document is fetched). */
import { el, fill } from "./dom.js";
import { Page } from "./page.js";
import { startServed } from "./live.js";
import { startTheme } from "./theme.js";

function start() {
  startTheme();
  const app = document.getElementById("app");
  const served = document.querySelector('meta[name="cellsweep-mode"]')?.getAttribute("content") === "serve";
  if (served) return startServed(app);
  const data = document.getElementById("cellsweep-data");
  if (!data) return fill(app, el("p", { class: "banner", role: "alert", text: "This page holds no sweep: cellsweep report writes one that does." }));
  new Page(JSON.parse(data.textContent), app).showSection();
}

start();
