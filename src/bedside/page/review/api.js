// What the server knows of a session, asked for over HTTP; every refusal is an Error with the server's own sentence.

import { signOut } from "../signed_out.js";

/** @typedef {import("../protocol.js").Answer} Answer */
/**
 * @typedef {{name: string, start: string, participant: string, arm: string, duration_s: number, video_s: number,
 *   frames: number, losses: number, snapshots: number, best: number, replays: string[], is_running: boolean,
 *   is_ended: boolean, problem: string}} Listed  one session of the list
 * @typedef {{number: number, url: string, codec: string, is_playable: boolean, start_s: number, end_s: number,
 *   first: number, frames: number, width: number, height: number}} Segment  start_s, end_s: of its first and last frame
 * @typedef {{name: string, about: Record<string, any>, duration_s: number, segments: Segment[], engines: string[],
 *   replays: string[], problem: string}} Session
 * @typedef {{from_s: number, to_s: number, label: string|null, level: string|null, failed?: boolean}} Span
 * @typedef {{engine: string, replay: string, spans: Span[]}} Lane
 * @typedef {{at_s: number, mark: string, frame?: number|null, [field: string]: any}} Mark
 * @typedef {{from_s: number, to_s: number, count: number, where: string}} Loss
 * @typedef {{duration_s: number, signal: {from_s: number, to_s: number, signal: string}[], gaps: Loss[],
 *   verdicts: Lane[], marks: Mark[]}} Timeline
 * @typedef {{frame: number, seq: number, captured_ns: number, engine: string, error: string, answer: Answer,
 *   missing?: Record<string, string>, timing: {model_ms: number, added_ms: number}}} Result
 * @typedef {{item: string, kind: "snapshots"|"best", name: string, png: string, clip?: string|null, seq: number,
 *   captured_ns?: number, frame: number|null, at_s: number, answer: Answer, error?: string, engine: string,
 *   ticked: boolean, comment: string}} Item
 * @typedef {Record<string, any>} Note
 */

/**
 * @param {string} path
 * @param {RequestInit} [request]
 * @returns {Promise<any>}
 */
export async function ask(path, request) {
  let response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (request?.signal?.aborted) throw error;
    throw new Error("The server does not answer. Is bedside still running?");
  }
  if (response.status === 401) signOut();
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The server refused: ${response.status} ${response.statusText}`);
  return body;
}

/** The address of one session's data. */
export class Api {
  /** @param {string} name  of the session */
  constructor(name) {
    this.root = `/api/sessions/${encodeURIComponent(name)}`;
  }

  /** @returns {Promise<Session>} */
  session() {
    return ask(this.root);
  }

  /** @returns {Promise<Timeline>} */
  timeline() {
    return ask(`${this.root}/timeline`);
  }

  /** @returns {Promise<{seq: number[], at_s: number[], segment: number[], pts: number[]}>} */
  frames() {
    return ask(`${this.root}/frames`);
  }

  /** @param {number} first @param {number} count @param {string} replay @returns {Promise<{results: Result[]}>} */
  results(first, count, replay) {
    const query = new URLSearchParams({ first: String(first), count: String(count) });
    if (replay) query.set("replay", replay);
    return ask(`${this.root}/results?${query}`);
  }

  /** @returns {Promise<{items: Item[]}>} */
  items() {
    return ask(`${this.root}/items`);
  }

  /** @returns {Promise<{notes: Note[]}>} */
  notes() {
    return ask(`${this.root}/notes`);
  }

  /** @param {Note} note */
  post(note) {
    return ask(`${this.root}/notes`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(note),
    });
  }

  /** Where the exact picture of a frame is. @param {number} index @param {number} width  in pixels */
  picture(index, width) {
    return `${this.root}/frame/${index}.jpg?width=${width}`;
  }
}
