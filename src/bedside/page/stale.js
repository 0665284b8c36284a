// The rules of what still counts as current: pure functions of numbers and states, no page, no clock.

import { say } from "./ages.js";

const PICTURE_LIMIT_MS = 500;
const SILENCE_LIMIT_MS = 1500;
const ANSWER_LIMIT_MS = 1000;

/** @typedef {{icon: string, title: string, detail: string}} Notice */
/** @typedef {{kind: "fresh"|"stale"|"waiting"|"down"|"off", icon: string, title: string, detail: string}} Condition */

/** Each state of the signal: icon, word in the status line, and the sentence over a grey picture ("" : not grey). */
export const SIGNALS = {
  live: { icon: "live", word: "Live", title: "" },
  frozen: { icon: "frozen", word: "Frozen", title: "" },
  no_signal: { icon: "no_signal", word: "No signal", title: "No signal from the scanner" },
  stalled: { icon: "stalled", word: "Stalled", title: "The picture stands still: the box stopped delivering" },
  unplugged: { icon: "unplugged", word: "Unplugged", title: "HDMI box unplugged" },
  ended: { icon: "ended", word: "Ended", title: "The recording has come to its end" },
  error: { icon: "error", word: "Error", title: "The source cannot be used" },
  withheld: { icon: "withheld", word: "Withheld", title: "The picture is held back: names may show" },
  offline: { icon: "offline", word: "Broadcaster offline", title: "The broadcaster is not running - trying again" },
};

/**
 * Word and icon of a state, also of one that this page does not know.
 * @param {string} state
 */
export function signalOf(state) {
  return Object.hasOwn(SIGNALS, state)
    ? SIGNALS[/** @type {keyof typeof SIGNALS} */ (state)]
    : { icon: "error", word: state, title: `Unknown state of the source: ${state}` };
}

/**
 * A picture is old after 500 ms, or after two and a half frames of a source slower than 5 fps.
 * @param {number} fps
 */
export function pictureLimit(fps) {
  return Math.max(PICTURE_LIMIT_MS, fps > 0 ? 2500 / fps : 0);
}

/**
 * Why the picture is not to be believed, or null when it is current. The nearest cause wins.
 * @param {{connected: boolean, wasConnected: boolean, silentMs: number, refused: string,
 *   signal: {state: string, message: string, fps: number}|null, ageMs: number|null}} at
 * @returns {Notice|null}
 */
export function pictureTrouble({ connected, wasConnected, silentMs, refused, signal, ageMs }) {
  const last = ageMs === null || ageMs < PICTURE_LIMIT_MS ? "" : `last picture ${say(ageMs)} old`;
  if (refused) return { icon: "error", title: "The server refuses this page", detail: refused };
  if (!connected && !wasConnected) return { icon: "lost", title: "Connecting to the server", detail: "" };
  if (!connected) return { icon: "lost", title: "Connection lost - trying again", detail: last };
  if (silentMs > SILENCE_LIMIT_MS) {
    return { icon: "lost", title: "Connection lost - trying again", detail: `nothing for ${say(silentMs)}` };
  }
  if (!signal) return { icon: "waiting", title: "Waiting for the server", detail: last };
  const { icon, title } = signalOf(signal.state);
  if (title) return { icon, title, detail: [signal.message, last].filter(Boolean).join(" · ") };
  if (ageMs === null) return { icon: "waiting", title: "Waiting for the first picture", detail: signal.message };
  if (ageMs > pictureLimit(signal.fps)) return { icon: "late", title: "The picture is late", detail: last };
  return null;
}

/**
 * An answer is old after three of its usual intervals, at least 1 s.
 * @param {number|null} intervalMs  usual time between answers
 * @param {number} modelMs
 * @param {number} restMs  so long the engine rests between two questions, as it is set
 */
export function answerLimit(intervalMs, modelMs, restMs = 0) {
  return Math.max(ANSWER_LIMIT_MS, 3 * Math.max(intervalMs ?? 0, modelMs, restMs));
}

const DOWN = {
  NEW: { icon: "starting", title: "AI is starting" },
  STARTING: { icon: "starting", title: "AI is starting" },
  FAILED: { icon: "failed", title: "AI failed" },
  DEAD: { icon: "restarting", title: "AI is restarting" },
};

/**
 * What the newest answer is worth.
 * @param {{connected: boolean, silentMs: number, engine: {state: string, message: string, model_ms: number,
 *   busy_ms: number|null, restarts: number, waits: boolean, holds: boolean, rest_ms: number}|null, ageMs: number|null, intervalMs: number|null}} at
 *   `engine` null: no engine is set; `ageMs` null: no answer yet
 * @returns {Condition}
 */
export function answerCondition({ connected, silentMs, engine, ageMs, intervalMs }) {
  const last = ageMs === null ? "" : `last answer ${say(ageMs)} old`;
  if (!connected || silentMs > SILENCE_LIMIT_MS) {
    return { kind: ageMs === null ? "waiting" : "stale", icon: "lost", title: "No connection", detail: last };
  }
  if (!engine) return { kind: "off", icon: "off", title: "No AI engine is set", detail: "" };
  if (Object.hasOwn(DOWN, engine.state)) {
    const words = DOWN[/** @type {keyof typeof DOWN} */ (engine.state)];
    const again = engine.state === "STARTING" && engine.restarts > 0 ? DOWN.DEAD : words;
    return { kind: "down", ...again, detail: [engine.message, last].filter(Boolean).join(" · ") };
  }
  if (engine.waits) return { kind: "waiting", icon: "waiting", title: `AI ${engine.message}`, detail: last };
  const busy = engine.busy_ms !== null && engine.busy_ms > 1000 ? `computing for ${say(engine.busy_ms)}` : "";
  if (ageMs === null) return { kind: "waiting", icon: "waiting", title: "Waiting for the first answer", detail: busy };
  if (!engine.holds && ageMs > answerLimit(intervalMs, engine.model_ms, engine.rest_ms)) {
    return { kind: "stale", icon: "late", title: `Answer is ${say(ageMs)} old`, detail: busy };
  }
  return { kind: "fresh", icon: "", title: "", detail: "" };
}

/**
 * Without a current picture no answer is current either.
 * @param {Condition} condition
 * @param {Notice|null} trouble
 * @param {number|null} ageMs
 * @returns {Condition}
 */
export function whenTrouble(condition, trouble, ageMs) {
  if (!trouble || condition.kind !== "fresh") return condition;
  return { kind: "stale", icon: trouble.icon, title: `Answer is ${say(ageMs ?? 0)} old`, detail: "no current picture" };
}

/**
 * Which picture is large and which is the inset.
 * @param {{view: {picture: string, inset: boolean}, swapped: boolean, held: boolean, usable: boolean}} at
 *   `usable`: there is an answered picture that still counts; `held`: the person holds the large picture
 * @returns {{large: "live"|"answer", inset: "live"|"answer"|null, fallback: boolean}}
 */
export function plan({ view, swapped, held, usable }) {
  const shows = view.picture === "answer" || view.inset;
  const preferred = (view.picture === "answer") !== (swapped && view.inset) ? "answer" : "live";
  const fallback = shows && preferred === "answer" && !usable;
  const large = fallback ? "live" : preferred;
  if (held) return { large, inset: "live", fallback };
  if (!view.inset || !usable) return { large, inset: null, fallback };
  return { large, inset: large === "live" ? "answer" : "live", fallback };
}
