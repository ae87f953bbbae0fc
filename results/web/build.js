/* build.js - bundle src/ into one file, OUT/page.html: style, script and template inlined, with one marker that the
 * program replaces by a sweep's data. OUT (or --outdir=DIR) defaults to ./dist. */
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const argument = process.argv.find((a) => a.startsWith("--outdir="))?.slice("--outdir=".length);
const OUT = argument || process.env.OUT || join(HERE, "dist");
const MARKER = "<!--cellsweep-data-->";

async function bundle(entry, options = {}) {
  const result = await build({
    entryPoints: [join(HERE, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    charset: "utf8",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
    define: { global: "globalThis" },
    ...options,
  });
  return result.outputFiles[0].text.trimEnd();
}

/** A function as replacement: "$&" in minified code must stay what it is. */
function fill(page, name, text) {
  const slot = `<!--${name}-->`;
  if (page.split(slot).length !== 2) throw new Error(`page.template.html: ${slot} must occur once`);
  return page.replace(slot, () => text);
}

/** As a script of a page holds it. */
const inPage = (text) => text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
const policy = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const script = inPage(await bundle("main.js", { format: "iife", outfile: "page.js" }));
const plots = inPage(await bundle("plotly.js", { format: "iife", globalName: "cellsweepPlots", outfile: "plots.js" }));
const style = await bundle("style.css");

let page = await readFile(join(HERE, "src", "page.template.html"), "utf8");
page = fill(page, "style", `<style>${style}</style>`);
page = fill(page, "csp", `script-src ${policy(script)} ${policy(plots)}`);
page = fill(page, "script", `<script>${script}</script>`);
page = fill(page, "plots", `<script type="text/plain" id="cellsweep-plots">${plots}</script>`);
if (page.split(MARKER).length !== 2) throw new Error(`${MARKER} must occur exactly once in the page`);

await mkdir(OUT, { recursive: true });
const target = join(OUT, "page.html");
await writeFile(`${target}.new`, page);
await rename(`${target}.new`, target);
console.log(`${target}: ${(Buffer.byteLength(page) / 1e6).toFixed(2)} MB`);
