/* state.js - what the reader chose, in the address behind "#", so that a view can be linked.
 *
 *     #strategies?clusters=8-10&strategy=none,augment
 *
 * The part before "?" is a section to go to. Only values that differ from the defaults are written. */

export class View {
  /** @param {Object<string, string>} defaults every key there is, as text */
  constructor(defaults) {
    this.defaults = defaults;
    this.listeners = [];
    this.section = "";
    this.values = null;
    /** Keys that were set last. @type {string[]} */
    this.changed = [];
    this.#read();
    window.addEventListener("hashchange", () => {
      this.#read();
      this.#tell();
    });
  }

  #read() {
    const [section, query] = location.hash.slice(1).split("?");
    this.section = section;
    if (query === undefined && this.values) return; // only a jump within the page
    this.values = { ...this.defaults };
    for (const [key, value] of new URLSearchParams(query)) if (Object.hasOwn(this.defaults, key)) this.values[key] = value;
  }

  get(key) {
    return this.values[key];
  }

  list(key) {
    return this.values[key] ? this.values[key].split(",") : [];
  }

  on(key) {
    return this.values[key] === "1";
  }

  /** Change some values; listeners are told once. @param {Object<string, string>} values */
  set(values) {
    this.changed = Object.keys(values);
    Object.assign(this.values, values);
    history.replaceState(null, "", this.hash() || "#");
    this.#tell();
  }

  /** The default of a choice that only a later piece of the document tells: what the reader or the address chose stays. */
  settle(key, value) {
    if (this.values[key] === this.defaults[key]) this.values[key] = value;
    this.defaults[key] = value;
  }

  /** The address part of this view. */
  hash(section = this.section) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(this.values)) if (value !== this.defaults[key]) query.set(key, value);
    const text = query.toString().replaceAll("%2C", ",");
    return section || text ? `#${section}${text ? `?${text}` : ""}` : "";
  }

  /** The whole address without its query: a token there must not travel with a link. */
  link(section) {
    return location.origin === "null" || location.protocol === "file:"
      ? location.href.split(/[?#]/)[0] + this.hash(section)
      : location.origin + location.pathname + this.hash(section);
  }

  subscribe(listener) {
    this.listeners.push(listener);
  }

  #tell() {
    for (const listener of this.listeners) listener();
  }
}
