/* api.js - requests to `cellsweep serve`. A token in the page's own address goes along as a header, never into a link. */

const token = new URLSearchParams(location.search).get("token");

/** The server could not be reached at all, or did not answer in time. */
export class Unreachable extends Error {}

/**
 * Ask the server; its own error line becomes the message of the error thrown.
 * @param {string} path below the page, as "api/sweep" @param {RequestInit} [options] @param {number} [seconds] to wait
 */
export async function api(path, options = {}, seconds = 60) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-cache", signal: AbortSignal.timeout(1000 * seconds) });
  } catch (error) {
    throw new Unreachable(String(error.message ?? error));
  }
  let body;
  try {
    body = await response.json();
  } catch {
    if (response.ok) throw new Unreachable("the answer broke off");
    body = {};
  }
  if (!response.ok) throw new Error(body.error ?? `the server answered ${response.status} ${response.statusText}`);
  return body;
}

export const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
