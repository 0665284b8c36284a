// The newest answer of each engine, and how often answers come.

import { median } from "./ages.js";

/** @typedef {import("./protocol.js").Result} Result */
/** @typedef {import("./protocol.js").Answered} Answered */

const REMEMBERED = 8;

export class Answers {
  constructor() {
    /** @type {Map<string, Answered>} */
    this.newest = new Map();
    /** @type {Map<string, {at: number, gaps: number[]}>} */
    this.rhythm = new Map();
  }

  /**
   * @param {Result} result
   * @param {number} capturedAt  when its frame was captured, on this page's clock
   * @param {number} now
   */
  take(result, capturedAt, now) {
    this.newest.set(result.engine, { result, capturedAt });
    const { at, gaps } = this.rhythm.get(result.engine) ?? { at: null, gaps: [] };
    const longer = at === null ? gaps : [...gaps, now - at].slice(-REMEMBERED);
    this.rhythm.set(result.engine, { at: now, gaps: longer });
  }

  /** A pause of the connection is no interval between answers. */
  paused() {
    this.rhythm.clear();
  }

  /**
   * Nor is the time while it is not its turn.
   * @param {string} engine
   */
  rested(engine) {
    this.rhythm.delete(engine);
  }

  /**
   * Usual time between answers, ms; null before the second one.
   * @param {string} engine
   */
  intervalMs(engine) {
    return median(this.rhythm.get(engine)?.gaps ?? []);
  }

  /** @param {string} engine @param {number} now @returns {number|null} */
  ageMs(engine, now) {
    const answered = this.newest.get(engine);
    return answered ? now - answered.capturedAt : null;
  }
}
