// What the engines answered, loaded in pieces around the frame that is looked at; the oldest pieces are forgotten.

import { lastWhere } from "./frames.js";

/** @typedef {import("./api.js").Result} Result */
/** @typedef {{engine: string, replay: string}} Source  replay "" is the scan itself */
/** @typedef {{key: string, number: number, replay: string, engines: Map<string, Result[]>|null}} Piece  engines: null until it is there */
/** @typedef {{result: Result, isExact: boolean, ageS: number}} Found */

const PIECE = 256; // frames
const KEPT = 24; // pieces, of all sources together
const LOOK_BACK = 2; // pieces
/** A browser opens few connections, and pictures and video need them too. */
const UNDER_WAY = 2;
/** Who drags through an hour passes over hundreds of pieces: the newest wishes are kept, older ones are forgotten. */
const WAITING = 4;

export class Answers {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./frames.js").Frames} frames
   * @param {{loaded: () => void, failed: (error: Error) => void}} on
   */
  constructor(api, frames, on) {
    this.api = api;
    this.frames = frames;
    this.on = on;
    /** @type {Map<string, Piece>}  oldest use first */
    this.pieces = new Map();
    /** @type {Piece[]}  newest wish last */
    this.waiting = [];
    this.underWay = 0;
  }

  /**
   * The newest answer at or before a frame; null when there is none near, undefined while it is being loaded.
   * @param {number} index @param {Source} source
   * @returns {Found|null|undefined}
   */
  newest(index, { engine, replay }) {
    const last = Math.floor(index / PIECE);
    for (let number = last; number >= Math.max(0, last - LOOK_BACK); number--) {
      const piece = this.piece(number, replay);
      if (!piece.engines) return undefined;
      const result = lastWhere(piece.engines.get(engine) ?? [], ({ frame }) => frame <= index);
      if (result) {
        const ageS = this.frames.atS[index] - this.frames.atS[result.frame];
        return { result, isExact: result.frame === index, ageS };
      }
    }
    return null;
  }

  /** Have what a frame needs, and what comes after it, ready. @param {number} index @param {string} replay */
  prepare(index, replay) {
    const number = Math.floor(index / PIECE);
    if (number > 0) this.piece(number - 1, replay);
    if (index % PIECE > PIECE / 3 && (number + 1) * PIECE < this.frames.length) this.piece(number + 1, replay);
    this.piece(number, replay);
  }

  /** @param {number} number @param {string} replay */
  piece(number, replay) {
    const key = `${number} ${replay}`;
    const there = this.pieces.get(key);
    if (there) {
      this.pieces.delete(key);
      this.pieces.set(key, there);
      const place = this.waiting.indexOf(there);
      if (place >= 0) this.waiting.push(...this.waiting.splice(place, 1));
      return there;
    }
    /** @type {Piece} */
    const piece = { key, number, replay, engines: null };
    this.pieces.set(key, piece);
    if (this.pieces.size > KEPT) this.pieces.delete(/** @type {string} */ (this.pieces.keys().next().value));
    this.waiting.push(piece);
    const tooOld = this.waiting.length > WAITING && this.waiting.shift();
    if (tooOld) this.pieces.delete(tooOld.key);
    this.next();
    return piece;
  }

  next() {
    const piece = this.underWay < UNDER_WAY && this.waiting.pop();
    if (piece) void this.load(piece);
  }

  /** @param {Piece} piece */
  async load(piece) {
    const { key, number, replay } = piece;
    this.underWay++;
    try {
      const { results } = await this.api.results(number * PIECE, PIECE, replay);
      piece.engines = new Map();
      for (const result of results.sort((a, b) => a.frame - b.frame)) {
        const known = piece.engines.get(result.engine);
        if (known) known.push(result);
        else piece.engines.set(result.engine, [result]);
      }
      this.on.loaded();
    } catch (error) {
      if (this.pieces.get(key) === piece) setTimeout(() => this.pieces.delete(key), 2000); // then it is asked for again
      this.on.failed(/** @type {Error} */ (error));
    } finally {
      this.underWay--;
      this.next();
    }
  }
}
