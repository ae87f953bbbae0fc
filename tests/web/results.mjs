/* results.mjs - "ok - what" and "not ok - what" lines of the tests of the page, and the tables they compare it with. */

let failures = 0;

/** Run a test and say how it went. */
export async function check(what, test) {
  try {
    await test();
    console.log(`ok - ${what}`);
  } catch (error) {
    failures++;
    console.log(`not ok - ${what}`);
    console.log(`${error.stack ?? error}`.split("\n").slice(0, 6).map((line) => `# ${line}`).join("\n"));
  }
}

/** Whether a test has failed. */
export const failed = () => failures > 0;

/** Rows of a CSV text as objects. */
export function parseCsv(text) {
  const lines = text.trim().split("\n").map(parseLine);
  return lines.slice(1).map((cells) => Object.fromEntries(lines[0].map((name, i) => [name, cells[i]])));
}

function parseLine(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] === undefined ? m[2] : m[1].replaceAll('""', '"')));
}
