/* log.js - what is known of the course of a run, line by line: from the event log that `cellsweep serve` reads beside the results file, or
 * what the file itself holds. */
import { number } from "./dom.js";
import { duration } from "./front.js";

const LOG_LETTERS = 400; // of a message, which a failed job may have made as long as it likes

const brief = (text) => (String(text).length > LOG_LETTERS ? `${String(text).slice(0, LOG_LETTERS)}…` : String(text));

/** A log is a file that anybody may have written to: what is no number spoils no other line. */
const figure = (x) => number(typeof x === "number" ? x : null);

/** "2026-11-29 13:27:57 UTC" of seconds since 1970, or of ISO 8601. @param {number|string} time */
function moment(time) {
  const date = new Date(typeof time === "number" ? 1000 * time : time);
  return Number.isNaN(date.getTime()) ? brief(time) : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Fractions of a second, too: a small job has no more. */
const took = (seconds) => (typeof seconds !== "number" ? "– s" : seconds < 10 ? `${number(seconds, 1)} s` : duration(seconds));
const because = (text) => (text ? `: ${brief(text)}` : "");

/** How far it came: one that stopped early says so. */
function epochsText(sweep, j, n) {
  const all = sweep.epochsOf(j);
  return n < all ? `stopped early after ${n} of ${all} epochs` : `${n} epochs`;
}

/** What a line of the event log says, by its kind. @type {Object<string, (e: any, sweep: any, j: number) => string>} */
const WORDS = {
  job_started: (e) => `attempt ${e.attempt} started on rank ${e.rank}`,
  checkpoint: (e) => `${e.written} ${e.written === 1 ? "checkpoint" : "checkpoints"} written, the last after epoch ${e.epoch}`,
  job_finished: (e, sweep, j) => `finished on rank ${e.rank} in ${took(e.seconds)}, ${epochsText(sweep, j, e.epochs)}; test loss ${figure(e.loss)}, balanced accuracy ${figure(e.balanced_accuracy)}`,
  job_diverged: (e) => `diverged on rank ${e.rank} after ${took(e.seconds)} and ${e.epochs} epochs${because(e.message)}`,
  job_failed: (e) => `attempt ${e.attempt} failed on rank ${e.rank}${because(e.message)}${e.last === false ? "; it is tried again" : ""}`,
  rank_lost: (e) => `rank ${e.rank} was lost, silent for ${took(e.silent)}`,
};

/** Lines of the event log in words; of a kind that this page does not know, its name. @param {any[]} events @returns {{time: string, text: string}[]} */
export function eventLines(sweep, j, events) {
  return events.map((e) => ({ time: moment(e.time), text: Object.hasOwn(WORDS, e.event) ? WORDS[e.event](e, sweep, j) : brief(e.event) }));
}

/** What the results file says of a run: its last attempt, and how that ended. @returns {{time: string, text: string}[]} */
export function fileLines(sweep, j) {
  const { jobs } = sweep;
  const [state, begun, ended] = [jobs.state[j], jobs.started[j], jobs.finished[j]];
  const lines = [];
  if (begun !== null) lines.push({ time: moment(begun), text: `attempt ${jobs.attempts[j]} started${jobs.rank[j] === null ? "" : ` on rank ${jobs.rank[j]}`}` });
  const spent = begun !== null && ended !== null ? ` in ${took(ended - begun)}` : "";
  const end = { done: () => `finished${spent}, ${epochsText(sweep, j, jobs.epochs_done[j])}, judged after epoch ${jobs.judged_epoch[j]}`, failed: () => `failed${because(jobs.message[j])}`, diverged: () => `diverged after ${jobs.epochs_done[j]} epochs${because(jobs.message[j])}` }[state];
  if (end) lines.push({ time: ended === null ? "" : moment(ended), text: end() });
  return lines;
}
