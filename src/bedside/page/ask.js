// Asking the server, and its own sentence where it says no; a device that is signed out goes where it is paired.

import { signOut } from "./signed_out.js";

/** What a page waits for an answer. */
const PATIENCE_MS = 10_000;

/**
 * @param {string} path
 * @returns {Promise<any>} the answer. Throws an Error with the server's own sentence where it says no.
 */
export function ask(path) {
  return answerOf(path, { cache: "no-store" });
}

/**
 * Ask for a deed.
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>} the answer. Throws an Error with the server's own sentence where it says no.
 */
export function post(path, body) {
  return answerOf(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** @param {string} path @param {RequestInit} how */
async function answerOf(path, how) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { ...how, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Error("the server cannot be reached");
  }
  if (!response.ok) throw new Error(await whyNot(response));
  return await response.json();
}

/**
 * The server's own sentence, or its status where it has none.
 * @param {Response} response
 */
export async function whyNot(response) {
  if (response.status === 401) signOut();
  return sentenceIn(await response.text()) || `the server answered ${response.status} ${response.statusText}`;
}

/** @param {string} text */
function sentenceIn(text) {
  try {
    const { error, message } = JSON.parse(text);
    return String(error ?? message ?? "");
  } catch {
    return text.startsWith("<") ? "" : text.slice(0, 300);
  }
}
