/* cells.js - the cells that the models got wrong, as pictures. */
import { button, el, fill, number, select } from "./dom.js";
import { classWord, isSame, named } from "./model.js";
import { Shown, cellSelects, chosenCell, isCellKey } from "./explorer.js";

/** How many cells were wrong: the document may have only the worst of them. */
function inWords(rows, word) {
  if (rows.length === 0) return "No cell was misclassified for this choice.";
  const all = rows[0].n_wrong ?? rows.length;
  const said = `${all} ${all === 1 ? "cell was" : "cells were"} taken for another ${word} at least once`;
  return all > rows.length ? `${said}; these are the ${rows.length} worst.` : `${said}.`;
}

/** Cards that a list begins with, and that are added at a time. */
export const CARDS = 48;
const SHOWN = 100; // CSS pixels a side
const INTRODUCTION = "Worst first, as the network sees them. Only test predictions count: what was said by models that were not trained on the cell, unless the protocol leaks.";

/** Pictures of cells: one sheet for all of a list, a crop is a window on it. */
export class Picture {
  /** @param {any} cells of the document @param {HTMLElement} list that the crops will stand in */
  constructor(cells, list) {
    this.cells = cells;
    this.at = new Map(cells.image.map((image, i) => [image, i]));
    list.style.setProperty("--sprite", `url("${cells.sprite}")`);
  }

  has(image) {
    return this.at.has(image);
  }

  id(image) {
    return this.cells.id[this.at.get(image)];
  }

  cluster(image) {
    return this.cells.cluster[this.at.get(image)];
  }

  /** The picture of a row of /images, null when it is not on the sheet. */
  crop(image) {
    const i = this.at.get(image);
    if (i === undefined) return null;
    const { columns } = this.cells;
    const crop = el("div", { class: "crop", role: "img", "aria-label": `Cell ${this.id(image)}, ${named(this.cluster(image))}` });
    crop.style.backgroundImage = "var(--sprite)";
    crop.style.backgroundSize = `${columns * SHOWN}px auto`;
    crop.style.backgroundPosition = `${-(i % columns) * SHOWN}px ${-Math.floor(i / columns) * SHOWN}px`;
    return crop;
  }
}

/** As many cards as a part of the page shows, and a button that shows more. @param {{list: Element, more: Element, limit: number, update: () => void}} part @param {any[]} rows @param {(row: any) => Node} card */
export function fillCards(part, rows, card) {
  fill(part.list, ...rows.slice(0, part.limit).map(card));
  const left = rows.length - part.limit;
  fill(part.more, left > 0 && button(`Show ${Math.min(left, CARDS)} more`, () => { part.limit += CARDS; part.update(); }));
}

/** One of `misclassified`, as a card. @param {Picture} picture */
export function missedCard(sweep, picture, m) {
  const others = m.predicted === null ? "no probability was a number" : sweep.classes(m.clusters)?.length > 2 ? `mostly taken for ${m.predicted}` : `taken for ${m.predicted}`;
  return el("li", { class: "cell" }, picture.crop(m.image), el("div", { text: `cell ${picture.id(m.image)}` }), el("div", { text: `${named(picture.cluster(m.image))}, ${others}` }), el("div", { class: "wrong", text: `wrong ${m.wrong} of ${m.judged}` }), el("div", { text: `p of its own ${number(m.p_true, 2)}`, title: String(m.p_true) }));
}

export class Misclassified {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.limit = CARDS;
    this.controls = el("div", { class: "row controls" });
    this.said = el("p", { class: "hint", role: "status" });
    this.list = el("ul", { class: "cells" });
    this.more = el("p");
    this.shown = new Shown();
    this.node = el("div", {});
    this.build();
  }

  build() {
    const { sweep, view } = this;
    const { cells, misclassified } = sweep.doc;
    this.has = Boolean(cells && misclassified?.length);
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: misclassified?.length ? "The packed images are not beside the results file, so the cells cannot be shown." : "No cell was misclassified, or no job is finished." }));
    if (!this.list.isConnected) fill(this.node, el("p", { text: INTRODUCTION }), this.controls, this.shown.node, this.said, this.list, this.more);
    this.picture = new Picture(cells, this.list);
    fill(this.controls, ...cellSelects(sweep, view, "cells"), select("Strategy", sweep.strategyOptions(), view.get("cm.a"), (value) => view.set({ "cm.a": value }), { id: "cells-strategy", dataset: { key: "cm.a" } }));
  }

  wants() {
    return { pieces: ["cells"] };
  }

  needs(key) {
    return isCellKey(key) || key === "cm.a";
  }

  update() {
    if (!this.has) return;
    const { sweep, view } = this;
    const cell = chosenCell(sweep, view);
    this.shown.tell(sweep, view, `strategy ${view.get("cm.a")}`);
    const rows = sweep.doc.misclassified.filter((m) => isSame(m, { ...cell, strategy: view.get("cm.a") }));
    const shown = rows.filter((m) => this.picture.has(m.image));
    this.said.textContent = inWords(shown, classWord(sweep.doc.data.clusters.map((c) => c.number)));
    fillCards(this, shown, (m) => missedCard(sweep, this.picture, m));
  }
}
