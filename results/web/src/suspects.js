/* suspects.js - cells whose label is likely wrong, as pictures: sorted, narrowed, as CSV. */
import { CARDS, Picture, fillCards } from "./cells.js";
import { button, downloadCsv, el, fill, number, select } from "./dom.js";
import { Shown, cellSelects, chosenCell, isCellKey } from "./explorer.js";
import { classWord, isSame, named } from "./model.js";

const INTRODUCTION = [
  "Cells whose label is contradicted by models that did not train on them (confident learning, Northcutt et al. 2021): only test predictions of jobs that had not seen the cell are asked.",
  "It is a list of cells to look at, not of errors: where classes overlap, honest labels of hard cells are among them, and labels that are wrong in one direction throughout are not.",
];

const ORDERS = {
  margin: { label: "how much likelier", by: (s) => s.p_likelier - s.p_given },
  seeds: { label: "seeds that agree", by: (s) => s.seeds_agree / s.seeds },
  agree: { label: "combinations that agree", by: (s) => s.agree / s.groups },
  judged: { label: "how often judged", by: (s) => s.judged },
};

export function suspectsDefaults() {
  return { "sus.sort": "margin", "sus.given": "", "sus.likelier": "", "sus.seeds": "0" };
}

const percent = (x) => `${number(100 * x, 1)} %`;

export class Suspects {
  constructor(sweep, view) {
    this.sweep = sweep;
    this.view = view;
    this.limit = CARDS;
    this.controls = el("div", { class: "row controls" });
    this.said = el("p", { class: "hint", role: "status" });
    this.list = el("ul", { class: "cells" });
    this.more = el("p");
    this.shown = new Shown();
    this.tools = el("div", { class: "tools" }, button("CSV", () => downloadCsv("suspects", this.table()), { id: "suspects-csv", "aria-label": "Download the suspects shown as CSV" }));
    this.node = el("div", {});
    this.build();
  }

  build() {
    const { sweep, view } = this;
    this.has = Boolean(sweep.doc.suspects?.groups.some((g) => g.images > 0 || g.leaky > 0));
    if (!this.has) return fill(this.node, el("p", { class: "hint", text: "No suspects: no test prediction of a finished job is stored yet." }));
    if (!this.list.isConnected) fill(this.node, ...INTRODUCTION.map((text) => el("p", { text })), this.controls, this.shown.node, this.said, this.list, this.more, this.tools);
    this.picture = sweep.doc.cells && new Picture(sweep.doc.cells, this.list);
    const choice = (label, key, options) => select(label, options, view.get(key), (value) => view.set({ [key]: value }), { id: `suspects-${key.slice(4)}`, dataset: { key } });
    const classes = sweep.doc.data.clusters.map((c) => String(c.number)).map((value) => ({ value, label: value }));
    fill(
      this.controls,
      ...cellSelects(sweep, view, "suspects"),
      select("Strategy", sweep.strategyOptions(), view.get("cm.a"), (value) => view.set({ "cm.a": value }), { id: "suspects-strategy", dataset: { key: "cm.a" } }),
      choice("Labelled", "sus.given", [{ value: "", label: "anything" }, ...classes]),
      choice("Likelier", "sus.likelier", [{ value: "", label: "anything" }, ...classes]),
      choice("Seeds that agree", "sus.seeds", [["0", "any"], ["0.5", "half or more"], ["1", "all"]].map(([value, label]) => ({ value, label }))),
      choice("Sort by", "sus.sort", Object.entries(ORDERS).map(([value, { label }]) => ({ value, label }))),
    );
  }

  wants() {
    return { pieces: ["cells"] };
  }

  needs(key) {
    return isCellKey(key) || key === "cm.a" || key.startsWith("sus.");
  }

  /** Suspects of the chosen cell that the filters leave, in the chosen order. */
  #chosen(cell) {
    const { sweep, view } = this;
    const is = (key, value) => view.get(key) === "" || view.get(key) === String(value);
    const order = view.get("sus.sort");
    const { by } = Object.hasOwn(ORDERS, order) ? ORDERS[order] : ORDERS.margin;
    const mine = sweep.doc.suspects.rows.filter((s) => isSame(s, cell));
    const left = mine.filter((s) => is("sus.given", s.given) && is("sus.likelier", s.likelier) && s.seeds_agree / s.seeds >= (Number(view.get("sus.seeds")) || 0));
    return { mine, left: left.sort((a, b) => by(b) - by(a)) };
  }

  update() {
    if (!this.has) return;
    const { sweep, view } = this;
    const cell = { ...chosenCell(sweep, view), strategy: view.get("cm.a") };
    this.shown.tell(sweep, view, `strategy ${view.get("cm.a")}`);
    const group = sweep.doc.suspects.groups.find((g) => isSame(g, cell));
    const { mine, left } = this.#chosen(cell);
    this.rows = left;
    this.said.textContent = [this.#inWords(group, mine.length), left.length < mine.length && `${left.length} of ${mine.length} are shown.`].filter(Boolean).join(" ");
    fillCards(this, left, (s) => this.#card(s));
    this.tools.hidden = left.length === 0;
  }

  /** What stands above the pictures. @param {any} group @param {number} here rows of the document */
  #inWords(group, here) {
    const leaky = group?.leaky ? `${group.leaky} ${group.leaky === 1 ? "job is" : "jobs are"} left out that had seen test images in training and agree with the labels they learnt.` : "";
    if (!group?.images) return leaky ? `${leaky} No other judged a cell: choose or run protocol kfold, or holdout.` : "No finished job for this choice.";
    const found = group.suspects === 0 ? `None of ${group.images} cells judged is a suspect.` : `${group.suspects} of ${group.images} cells judged ${group.suspects === 1 ? "is a suspect" : "are suspects"}; the estimate is that ${percent(group.wrong)} of these labels are wrong, cells that are hard to tell apart counted.`;
    const cut = here < group.suspects ? `${here === 0 ? "None of them is" : here === 1 ? "The surest is" : `The ${here} surest are`} here; all of them: cellsweep export, --table suspects.` : "";
    const pictures = this.picture || here === 0 ? "" : "The packed images are not beside the results file, so the cells cannot be shown.";
    return [found, cut, leaky, pictures].filter(Boolean).join(" ");
  }

  #card(s) {
    const { sweep } = this;
    const word = classWord(sweep.doc.data.clusters.map((c) => c.number));
    const crop = this.picture?.crop(s.image);
    return el(
      "li",
      { class: "cell" },
      crop ?? null,
      el("div", { text: `cell ${s.id}` }),
      el("div", {}, "labelled ", named(s.given)),
      el("div", { class: "wrong" }, "likelier ", named(s.likelier)),
      el("div", { text: `p ${number(s.p_likelier, 2)}, of its label ${number(s.p_given, 2)}`, title: `mean probability of the likelier ${word} ${s.p_likelier}, of its label ${s.p_given}` }),
      el("div", { text: `judged by ${s.judged} ${s.judged === 1 ? "run" : "runs"}`, title: "test predictions of runs that had not trained on it" }),
      el("div", { text: `${s.seeds_agree} of ${s.seeds} ${s.seeds === 1 ? "seed" : "seeds"} agree`, title: "seeds that alone, by their own probabilities, say the same" }),
      s.groups > 1 && el("div", { text: `${s.agree} of ${s.groups} combinations`, title: "combinations of the grid on these clusters that suspect it, of those that judged it" }),
    );
  }

  /** The cells shown, with the columns of `export --table suspects`. */
  table() {
    const factors = this.sweep.factors().map((f) => f.name);
    const columns = ["image", "cluster", "likelier", "p_cluster", "p_likelier", "judged", "seeds_agree", "seeds", "share", "agree", "groups"];
    const rows = this.rows.map((s) => [...factors.map((name) => this.sweep.value(s, name)), s.id, s.given, s.likelier, s.p_given, s.p_likelier, s.judged, s.seeds_agree, s.seeds, s.share, s.agree, s.groups]);
    return { columns: [...factors, ...columns], rows };
  }
}
