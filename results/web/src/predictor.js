/* predictor.js - upload images of cells, see them as the networks do, and what they take them for. Only when served. */
import { api } from "./api.js";
import { announce, button, checkbox, downloadCsv, el, fill, number } from "./dom.js";
import { classWord, classesWord, floats } from "./model.js";
import { numberField } from "./numbers.js";
import { SortableTable } from "./table.js";

const AT_ONCE = 16; // images a request: the server's limit when it also looks where the network looked
const MANY = 6; // images; more are folded below a table

export class Predictor {
  constructor() {
    this.files = [];
    this.results = [];
    this.models = [];
    this.options = { occlusion: true, similar: 5 };
    this.node = el("div", { class: "serve-only" });
    this.model = el("select", { id: "predict-model" });
    this.said = el("p", { role: "status", class: "hint" });
    this.counted = el("div", { id: "predictions-table" });
    this.list = el("div", { id: "predictions" });
    this.#build();
  }

  #build() {
    this.images = el("input", { type: "file", id: "predict-images", accept: "image/png,image/jpeg,image/tiff,.png,.jpg,.jpeg,.tif,.tiff,.npy", multiple: true, class: "file", onchange: () => this.#take(this.images.files) });
    this.boundaries = el("input", { type: "file", id: "predict-boundaries", accept: ".csv,.gz,text/csv", class: "file", onchange: () => this.run() });
    const similar = numberField("Similar cells of the sweep", { min: 0, max: 50, whole: true, value: this.options.similar, id: "predict-similar", onchange: (value) => (this.options.similar = value) });
    const drop = el("div", { class: "drop" }, el("label", { for: "predict-images", text: "Images of cells (PNG, TIFF, JPEG, .npy): drop them here, or choose" }), this.images);
    this.#droppable(drop);
    this.again = button("Classify", () => this.run(), { id: "predict-run" });
    this.form = el("div", {},
      el("div", { class: "row" }, el("label", { class: "field" }, el("span", { text: "Model: all its jobs vote" }), this.model), el("label", { class: "field" }, el("span", { text: "Boundaries (CSV), to mask by; optional" }), this.boundaries)),
      drop,
      el("div", { class: "row" }, checkbox("Where the network looked", this.options.occlusion, (on) => (this.options.occlusion = on), { id: "predict-occlusion" }), similar, this.again, button("CSV", () => downloadCsv("predictions", this.table()), { "aria-label": "Download the predictions as CSV" })),
    );
    this.form.hidden = true;
    fill(this.node, el("p", { text: "Upload images of cells: each is masked and resized as in training and shown to the networks of a model. Nothing is kept on the server." }), this.form, this.said, this.counted, this.list);
  }

  #droppable(drop) {
    const over = (event, on) => {
      event.preventDefault();
      drop.classList.toggle("over", on);
    };
    drop.addEventListener("dragover", (event) => over(event, true));
    drop.addEventListener("dragleave", (event) => over(event, false));
    drop.addEventListener("drop", (event) => {
      over(event, false);
      this.#take(event.dataTransfer.files);
    });
    // A file dropped beside the box would be opened in the place of the page.
    for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
  }

  #take(files) {
    this.files = [...files];
    this.run();
  }

  /** Ask which models there are: more may have come. */
  async refresh() {
    try {
      const models = await api("api/models");
      this.#choose(Array.isArray(models) ? models : models.models);
    } catch (error) {
      this.said.textContent = error.message;
    }
  }

  #choose(models) {
    const before = this.models[this.model.value]?.filter;
    if (JSON.stringify(models) === JSON.stringify(this.models) && models.length) return;
    this.models = models;
    this.form.hidden = models.length === 0;
    if (models.length === 0) {
      this.said.textContent = "There is no model to classify with: that takes finished jobs and a sweep run with keep_weights: true.";
      return;
    }
    if (this.results.length === 0) this.said.textContent = "";
    fill(this.model, ...models.map((m, i) => el("option", { value: String(i), text: this.#label(m), title: m.filter, selected: m.filter === before })));
  }

  /** "8-10, none, holdout, 16 (3 jobs)": clusters, strategy, protocol, and model and axes where those differ. */
  #label(model) {
    const parts = (m) => [m.clusters, m.strategy, m.protocol, m.model, ...m.axis];
    const shown = parts(model).filter((value, i) => i < 3 || (value !== "" && this.models.some((m) => parts(m)[i] !== value)));
    return `${shown.join(", ")} (${model.n_jobs} ${model.n_jobs === 1 ? "job" : "jobs"})`;
  }

  async run() {
    if (this.files.length === 0) {
      this.said.textContent = "Choose an image first.";
      return;
    }
    const files = this.files;
    const { filter } = this.models[this.model.value] ?? {};
    this.results = [];
    fill(this.list);
    fill(this.counted);
    this.again.disabled = true;
    this.node.setAttribute("aria-busy", "true");
    try {
      const outlines = await unpacked(this.boundaries.files[0]);
      for (let i = 0, n = 0; i < files.length && this.files === files; i += n) {
        n = files.length - i === AT_ONCE + 1 ? AT_ONCE - 1 : AT_ONCE; // none of several goes alone: alone, any single outline fits
        this.said.textContent = `Classifying ${i + 1} to ${Math.min(i + n, files.length)} of ${files.length} …`;
        this.#show(await this.#ask(filter, files.slice(i, i + n), outlines));
      }
      this.#count();
      this.said.textContent = this.#inWords();
      announce(this.said.textContent);
    } catch (error) {
      this.said.textContent = `Not classified: ${error.message}`;
    } finally {
      this.again.disabled = false;
      this.node.removeAttribute("aria-busy");
    }
  }

  /** Models are asked for by their place, which moves when another model gets its first finished job: the answer says whose it is. */
  async #ask(filter, files, outlines) {
    for (let again = 0; again < 3; again++) {
      const answer = await this.#post(Math.max(0, this.models.findIndex((m) => m.filter === filter)), files, outlines);
      if (filter === undefined || answer.filter === filter) return answer;
      await this.refresh();
    }
    throw new Error("the models are changing; try again");
  }

  #post(model, files, outlines) {
    const form = new FormData();
    for (const file of files) form.append("image", file, file.name);
    if (outlines) form.append("boundaries", outlines, "boundaries.csv");
    if (this.options.occlusion) form.append("occlusion", "1");
    if (this.options.similar > 0) form.append("similar", String(this.options.similar));
    return api(`api/predict?model=${model}`, { method: "POST", body: form }, 180);
  }

  #show(answer) {
    for (const image of answer.images) {
      const result = { image, clusters: answer.clusters };
      result.flags = image.error ? [] : flags(result);
      this.results.push(result);
      this.list.append(prediction(result, this.files.length > MANY));
    }
  }

  /** Of many images a table, and what could not be read before the others. */
  #count() {
    if (this.results.length <= MANY) return;
    const right = this.results.filter((r) => !r.image.error);
    const wrong = this.results.filter((r) => r.image.error);
    const classes = right[0]?.clusters ?? [];
    const of = (c) => right.filter((r) => topOf(r).cluster === c).length;
    fill(
      this.counted,
      wrong.length ? el("div", { class: "warning" }, el("h3", { text: `${wrong.length} could not be read` }), el("ul", {}, ...wrong.map((r) => el("li", { text: r.image.error })))) : null,
      right.length
        ? new SortableTable({
            name: "predictions",
            caption: `${right.length} images: ${classes.filter(of).map((c) => `${of(c)} ${full(c)}`).join(", ")}${flagged(right)}`,
            rows: right,
            columns: [
              { label: "image", value: (r) => r.image.name },
              { label: classWord(classes), value: (r) => topOf(r).cluster },
              { label: "probability", value: (r) => topOf(r).p },
              { label: "jobs that say so", value: (r) => r.image.votes[topOf(r).at], text: (r) => `${r.image.votes[topOf(r).at]} of ${jobsOf(r)}` },
              { label: "beware", value: (r) => r.flags.map((f) => f.word).join(", ") },
            ],
            all: this.table(),
          }).node
        : null,
    );
    for (const article of this.list.querySelectorAll(".predicted.unread")) article.remove();
  }

  #inWords() {
    const right = this.results.filter((r) => !r.image.error);
    const wrong = this.results.length - right.length;
    const first = right.length === 1 ? ` ${verdict(right[0])}${right[0].flags.length ? `; beware: ${right[0].flags.map((f) => f.word).join(", ")}` : ""}.` : "";
    return `${right.length} ${right.length === 1 ? "image" : "images"} classified${wrong ? `, ${wrong} could not be read` : ""}${right.length > 1 ? flagged(right) : ""}.${first}`;
  }

  /** What the CSV holds: a row an image. */
  table() {
    const clusters = this.results[0]?.clusters ?? [];
    const empty = [...clusters, "votes", "jobs", "spread", "copy_of", "distance", "usual_distance", "beware"].map(() => null);
    const row = (r) => {
      const { at, cluster } = topOf(r);
      const { known, votes, spread, probabilities, masked, name } = r.image;
      return [name, cluster, masked ? 1 : 0, ...probabilities, votes[at], jobsOf(r), spread[at], known?.copy?.id ?? null, known?.distance ?? null, known?.usual ?? null, r.flags.map((f) => f.word).join(", "), null];
    };
    return {
      columns: ["image", "cluster", "masked", ...clusters.map((c) => `p_${c}`), "votes", "jobs", "spread", "copy_of", "distance", "usual_distance", "beware", "error"],
      rows: this.results.map((r) => (r.image.error ? [r.image.name, null, null, ...empty, r.image.error] : row(r))),
    };
  }
}

/** Boundaries as 10x Xenium writes them are compressed; the server reads text. @param {File} [file] */
async function unpacked(file) {
  if (!file?.name.endsWith(".gz")) return file;
  try {
    return await new Response(file.stream().pipeThrough(new DecompressionStream("gzip"))).blob();
  } catch {
    throw new Error(`${file.name} is no whole gzip file; choose it again, or the plain CSV`);
  }
}

/** "cluster 8", "class Folded". */
const full = (name) => `${classWord([name])} ${name}`;

function topOf({ image, clusters }) {
  const at = image.probabilities.indexOf(Math.max(...image.probabilities));
  return { cluster: clusters[at], p: image.probabilities[at], at };
}

/** Jobs that voted. */
const jobsOf = ({ image }) => image.votes.reduce((a, b) => a + b, 0);

const flagged = (results) => {
  const n = results.filter((r) => r.flags.length).length;
  return n ? `; beware of ${n}` : "";
};

/** "clusters 4 and 5"; "28 clusters". */
const among = (clusters) => (clusters.length > 6 ? `${clusters.length} ${classesWord(clusters)}` : `${classesWord(clusters)} ${clusters.join(", ")}`);

/** What speaks against taking the answer for one: a word for the table, and a sentence. far: it may be none of these classes. */
function flags(result) {
  const { image, clusters } = result;
  const { copy, distance, usual } = image.known ?? {};
  const { p } = topOf(result);
  const guess = 1 / clusters.length;
  const is = (condition, word, text, far) => (condition ? [{ word, text, far }] : []);
  const foreign = copy && !clusters.includes(copy.cluster);
  return [
    ...is(image.flat, "empty", "All its pixels are the same, so there is no cell in it.", true),
    ...is(foreign, "of another class", copy && `It is cell ${copy.id} of the sweep, of ${full(copy.cluster)}, which is none of ${among(clusters)}.`, true),
    ...is(copy && !foreign, "copy", copy && `It equals cell ${copy.id} of ${full(copy.cluster)} of the sweep in every pixel: these networks may have been trained on it, so what they say of it tells nothing about new cells.`),
    ...is(!foreign && distance > usual, "unlike all", `None of these cells is like it: the nearest differs by ${number(distance)} in brightness (root mean square, 0 to 1); of 100 of them, 99 have another within ${number(usual)}.`, true),
    ...is(p < (1 + guess) / 2, "unsure", `A probability of ${number(p)} is nearer to a guess among ${clusters.length} (${number(guess, 2)}) than to certainty.`),
    ...is(image.votes[topOf(result).at] < 0.8 * jobsOf(result), "divided", "Fewer than four in five of the jobs that vote say so."),
  ];
}

/** "The image belongs to cluster 8"; less where it may be none of these classes. */
function verdict(result) {
  const { cluster } = topOf(result);
  return result.flags.some((f) => f.far) ? `Of ${among(result.clusters)} the networks choose ${full(cluster)}, and it may be none of them` : `The image belongs to ${full(cluster)}`;
}

/** folded: one of many. */
function prediction(result, folded) {
  const { image, clusters } = result;
  if (image.error) return el("article", { class: "predicted unread" }, el("h3", { text: image.name }), el("p", { class: "warning", text: image.error }));
  const top = topOf(result);
  const data = { class: "predicted", dataset: { name: image.name, cluster: top.cluster } };
  const parts = [
    el("p", {}, el("strong", { text: verdict(result) }), ` (probability ${top.p.toFixed(3)}).`),
    steps(image),
    image.notes.length ? el("div", { class: "notes" }, ...image.notes.map((text) => el("p", { text }))) : null,
    caution(result),
    bars(image.probabilities, clusters, top.at),
    similarCells(image.similar),
  ];
  if (!folded) return el("article", data, el("h3", { text: image.name }), ...parts);
  const words = result.flags.map((f) => f.word).join(", ");
  return el("details", data, el("summary", { text: `${image.name}: ${full(top.cluster)}, ${top.p.toFixed(3)}${words ? ` (${words})` : ""}` }), ...parts);
}

function picture(source, alt, caption) {
  return el("figure", {}, el("img", { src: source, alt }), el("figcaption", { text: caption }));
}

function steps(image) {
  const size = `${image.width} × ${image.height} pixels`;
  return el(
    "div",
    { class: "steps" },
    picture(image.original, `${image.name} as uploaded`, `As uploaded, ${size}`),
    image.masked ? picture(image.masked_image, `${image.name} masked`, "Masked by its boundary") : null,
    picture(image.seen, `${image.name} as the network sees it`, `Resized, as the network sees it${image.masked ? "" : "; not masked: no boundary for this cell"}`),
    image.occlusion ? looked(image) : null,
  );
}

/** The image as the network sees it, red where hiding a patch costs the predicted cluster most. */
function looked(image) {
  const { size, map, class: cluster } = image.occlusion;
  const values = floats(map);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const canvas = el("canvas", { width: String(size), height: String(size), role: "img", "aria-label": `Where the network looked in ${image.name}` });
  const below = new Image();
  below.onload = () => {
    const context = canvas.getContext("2d");
    context.drawImage(below, 0, 0, size, size);
    const pixels = context.getImageData(0, 0, size, size);
    values.forEach((v, i) => tint(pixels.data, 4 * i, most > 0 ? Math.max(0, v) / most : 0));
    context.putImageData(pixels, 0, 0);
  };
  below.src = image.seen;
  return el("figure", {}, canvas, el("figcaption", { text: `Where it looked: hiding an orange place lowers the probability of ${full(cluster)}, by ${number(most, 2)} at most` }));
}

function tint(data, at, share) {
  const alpha = 0.65 * share;
  [240, 110, 20].forEach((c, k) => (data[at + k] = data[at + k] * (1 - alpha) + c * alpha));
}

/** The likeliest classes; all of them behind a button when there are many. */
function bars(probabilities, clusters, top) {
  const order = clusters.map((_, i) => i);
  if (clusters.length > 8) order.sort((a, b) => probabilities[b] - probabilities[a]);
  const row = (i) => {
    const p = probabilities[i];
    const fillUp = el("i");
    fillUp.style.width = `${100 * p}%`;
    return [el("span", { text: full(clusters[i]), class: i === top ? "top-class" : undefined }), el("span", { class: "bar", "aria-hidden": "true" }, fillUp), el("span", { text: p.toFixed(4), title: p.toPrecision(9), class: i === top ? "top-class" : undefined, dataset: { cluster: clusters[i], probability: String(p) } })];
  };
  const few = el("div", { class: "bars" }, ...order.slice(0, 8).flatMap(row));
  if (order.length <= 8) return few;
  return el("div", {}, few, el("details", {}, el("summary", { text: `All ${order.length} ${classesWord(clusters)}` }), el("div", { class: "bars" }, ...order.slice(8).flatMap(row))));
}

/** What the networks cannot know: that it may be none of their classes; and that they may have learnt this very image. */
function caution(result) {
  const { image, clusters } = result;
  const { at, cluster } = topOf(result);
  const n = jobsOf(result);
  const votes = n > 1 ? ` ${image.votes[at]} of ${n} jobs that vote find ${full(cluster)} likeliest; the standard deviation of its probability over them is ${number(image.spread[at])}.` : "";
  return el(
    "div",
    {},
    el("p", { class: "hint caution", text: `Chosen among ${among(clusters)}: one of them is named whatever the image shows.${votes}` }),
    result.flags.length ? el("ul", { class: "warning beware" }, ...result.flags.map((f) => el("li", { text: f.text, dataset: { flag: f.word } }))) : null,
  );
}

function similarCells(list) {
  if (!list?.length) return null;
  return el("details", { open: true }, el("summary", { text: `The ${list.length} most similar cells of the sweep` }), el("div", { class: "steps" }, ...list.map((s) => picture(s.image, `Cell ${s.id} of ${full(s.cluster)}`, `cell ${s.id}, ${full(s.cluster)}, similarity ${s.similarity.toFixed(2)}`))));
}
