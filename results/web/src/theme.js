/* theme.js - light or dark, and the colours that plots take from it. */

const PALETTES = {
  light: { paper: "#ffffff", text: "#1b1f24", muted: "#57606a", grid: "#e3e6ea", line: "#9aa3ad", train: "#0072B2", test: "#D55E00", val: "#009E73", published: "#57606a", sequential: [[0, "#ffffff"], [0.5, "#7fb3d9"], [1, "#08306b"]], middle: "#f5f5f5" },
  dark: { paper: "#171b21", text: "#e6eaef", muted: "#a2abb6", grid: "#2c333c", line: "#5b6673", train: "#56B4E9", test: "#F0803C", val: "#2CC295", published: "#b6bec8", sequential: [[0, "#171b21"], [0.5, "#2f74ad"], [1, "#cfe8ff"]], middle: "#252b33" },
};

/** Of texts in pictures. */
export const FONT = { family: "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", size: 12 };

/** Below and beside what leaks, by theme. */
export const LEAKY = { light: { ground: "#fbe0db", ink: "#b3261e" }, dark: { ground: "#4a1f18", ink: "#ff9d8c" } };

const media = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = [];
let printing = false;

function stored() {
  try {
    return localStorage.getItem("cellsweep-theme");
  } catch {
    return null; // storage may be forbidden for local files
  }
}

/** "light" or "dark": paper is always light. */
export function theme() {
  if (printing) return "light";
  return document.documentElement.dataset.theme || (media.matches ? "dark" : "light");
}

/** Colours of a theme. @param {string} [name] */
export function palette(name = theme()) {
  return PALETTES[name];
}

/** A strategy's colour where it can be seen on the paper of a theme: black and near-black turn light on dark. */
export function visible(colour, name = theme()) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const light = (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  if (name === "dark" && light < 0.16) return "#d9dee5";
  if (name === "dark" && light < 0.42) return mix([r, g, b], 255, 0.3);
  return name === "light" && light > 0.8 ? mix([r, g, b], 0, 0.35) : colour;
}

function mix(rgb, towards, share) {
  return `#${rgb.map((c) => Math.round(c + (towards - c) * share).toString(16).padStart(2, "0")).join("")}`;
}

/** "#rrggbb" with an opacity. */
export function faded(colour, opacity) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},${opacity})`;
}

/** @param {() => void} listener called when the colours have changed */
export function onTheme(listener) {
  listeners.push(listener);
}

function tell() {
  for (const listener of listeners) listener();
}

export function toggleTheme() {
  const name = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem("cellsweep-theme", name);
  } catch {
    // it holds until the page is closed
  }
  tell();
}

export function isPrinting() {
  return printing;
}

function setPrinting(on) {
  if (printing === on) return;
  printing = on;
  tell();
}

/** Call once at the start. */
export function startTheme() {
  const name = stored();
  if (name === "light" || name === "dark") document.documentElement.dataset.theme = name;
  media.addEventListener("change", tell);
  window.addEventListener("beforeprint", () => setPrinting(true));
  window.addEventListener("afterprint", () => setPrinting(false));
}
