/* page.js - the sections of the page, in the order of the report, and what is drawn when. */
import { DataSection, findings, finalTable, header } from "./front.js";
import { Explorer, Unbalanced, explorerDefaults } from "./explorer.js";
import { announce, button, el, fill, idle } from "./dom.js";
import { Sweep } from "./model.js";
import { View } from "./state.js";
import { toggleTheme } from "./theme.js";

export class Page {
  /** @param {any} doc @param {HTMLElement} app @param {{extra?: (page: Page) => HTMLElement[]}} [options] */
  constructor(doc, app) {
    this.app = app;
    this.sweep = new Sweep(doc);
    this.view = new View(explorerDefaults(this.sweep));
    this.build();
    this.view.subscribe(() => this.update());
  }

  build() {
    const { sweep, view } = this;
    document.title = `${sweep.doc.name} – cellsweep`;
    this.parts = [new Explorer(sweep, view), new DataSection(sweep), new Unbalanced(sweep, view)];
    const [explorer, data, unbalanced] = this.parts;
    const main = el("main", {},
      section("results", "Results", header(sweep), findings(sweep), finalTable(sweep)),
      section("data", "Data", data.node),
      section("unbalanced", "Unbalanced", unbalanced.node),
      section("strategies", "Strategies", explorer.node),
    );
    fill(this.app, this.#top(), main, el("div", { id: "announcer", class: "hidden", "aria-live": "polite" }));
    this.update();
  }

  #top() {
    return el("header", { class: "top" }, el("h1", { text: this.sweep.doc.name }), button("Dark or light", toggleTheme));
  }

  update() {
    const [explorer, ...rest] = this.parts;
    explorer.update();
    performance.mark("cellsweep-first-plot");
    for (const part of rest) idle(() => part.update());
  }

  showSection() {
    document.getElementById(this.view.section)?.scrollIntoView();
  }
}

function section(id, title, ...content) {
  return el("section", { id, "aria-labelledby": `h-${id}` }, el("h2", { id: `h-${id}`, text: title }), ...content);
}
