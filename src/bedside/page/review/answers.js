// What the engines answered, loaded in pieces around the frame that is looked at; the oldest pieces are forgotten.

/** @typedef {import("./api.js").Result} Result */
/** @typedef {{engine: string, replay: string}} Source  replay "" is the scan itself */
/** @typedef {{result: Result, isExact: boolean, ageS: number}} Found */

const PIECE = 256; // frames
const KEPT = 24; // pieces, of all sources together
const LOOK_BACK = 2; // pieces

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
    /** @type {Map<string, {engines: Map<string, Result[]>|null}>}  oldest use first; null while it is under way */
    this.pieces = new Map();
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
      const result = (piece.engines.get(engine) ?? []).findLast(({ frame }) => frame <= index);
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
    this.piece(number, replay);
    if (index % PIECE > PIECE / 3 && (number + 1) * PIECE < this.frames.length) this.piece(number + 1, replay);
    if (number > 0) this.piece(number - 1, replay);
  }

  /** @param {number} number @param {string} replay */
  piece(number, replay) {
    const key = `${number} ${replay}`;
    const there = this.pieces.get(key);
    if (there) {
      this.pieces.delete(key);
      this.pieces.set(key, there);
      return there;
    }
    /** @type {{engines: Map<string, Result[]>|null}} */
    const piece = { engines: null };
    this.pieces.set(key, piece);
    if (this.pieces.size > KEPT) this.pieces.delete(/** @type {string} */ (this.pieces.keys().next().value));
    void this.load(piece, key, number, replay);
    return piece;
  }

  /** @param {{engines: Map<string, Result[]>|null}} piece @param {string} key @param {number} number @param {string} replay */
  async load(piece, key, number, replay) {
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
    }
  }
}
