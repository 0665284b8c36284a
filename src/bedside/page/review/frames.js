// Which frame lies where: the rows of the recorded frames as columns, and the holes in which nothing was recorded.

/** @typedef {import("./api.js").Segment} Segment */
/** @typedef {{from_s: number, to_s: number, after: number}} Hole  after: the last frame before it, -1 at the start */

const PTS_PER_S = 90_000;
/** A hole is longer than this, and than so many usual intervals: fewer lost frames are a loss, not a hole. */
const HOLE_S = 0.5;
const HOLE_INTERVALS = 6;
/** Aim so far into a frame's time when seeking, so that rounding cannot land on the one before it. */
const INSIDE_S = 0.004;
/** A browser says times to the microsecond, a file keeps them in a time base of its own. */
const ROUNDING_S = 0.001;

export class Frames {
  /**
   * @param {{seq: number[], at_s: number[], segment: number[], pts: number[]}} columns
   * @param {Segment[]} segments
   * @param {number} durationS  of the session
   */
  constructor(columns, segments, durationS) {
    this.seq = Float64Array.from(columns.seq);
    this.atS = Float64Array.from(columns.at_s);
    this.segment = Int32Array.from(columns.segment);
    this.pts = Float64Array.from(columns.pts);
    this.length = this.seq.length;
    this.durationS = Math.max(durationS, this.length ? this.atS[this.length - 1] : 0);
    this.segments = new Map(segments.map((segment) => [segment.number, segment]));
    this.intervalS = usualInterval(this.atS);
    this.holes = this.findHoles();
  }

  findHoles() {
    /** @type {Hole[]} */
    const holes = [];
    const limit = Math.max(HOLE_S, HOLE_INTERVALS * this.intervalS);
    let before = 0;
    for (let i = 0; i < this.length; i++) {
      if (this.atS[i] - before > limit) holes.push({ from_s: before, to_s: this.atS[i], after: i - 1 });
      before = this.atS[i];
    }
    if (this.durationS - before > limit) holes.push({ from_s: before, to_s: this.durationS, after: this.length - 1 });
    return holes;
  }

  /** The last frame that was captured not later; 0 before the first, -1 when there is none. @param {number} atS */
  indexAt(atS) {
    return this.length ? Math.max(0, upper(this.atS, atS + 1e-5) - 1) : -1;
  }

  /** The hole in which a time lies, or null. @param {number} atS */
  holeAt(atS) {
    return this.holes.find(({ from_s, to_s }) => atS > from_s + this.intervalS * 1.5 && atS < to_s - 1e-5) ?? null;
  }

  /** The hole that begins after a frame, or null. @param {number} index */
  holeAfter(index) {
    return this.holes.find(({ after }) => after === index) ?? null;
  }

  /** @param {number} index @returns {Segment|null} */
  segmentOf(index) {
    return index < 0 || index >= this.length ? null : (this.segments.get(this.segment[index]) ?? null);
  }

  /** Where to send a video so that it shows this very frame, seconds. @param {number} index */
  mediaTime(index) {
    const isLast = index + 1 >= this.length || this.segment[index + 1] !== this.segment[index];
    const lasts = isLast ? this.intervalS : (this.pts[index + 1] - this.pts[index]) / PTS_PER_S;
    return this.pts[index] / PTS_PER_S + Math.min(INSIDE_S, lasts / 2);
  }

  /**
   * The frame that a video shows, by the presentation time of what is on the screen.
   * @param {Segment} segment @param {number} seconds
   */
  indexOfMedia({ first, frames }, seconds) {
    const pts = this.pts.subarray(first, first + frames);
    return first + Math.max(0, upper(pts, (seconds + ROUNDING_S) * PTS_PER_S) - 1);
  }
}

/** The first place whose value is larger. @param {Float64Array} values  rising @param {number} value */
export function upper(values, value) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The last one that is as asked for.
 * @template Any
 * @param {Any[]} list @param {(one: Any) => boolean} test
 * @returns {Any|undefined}
 */
export function lastWhere(list, test) {
  for (let i = list.length - 1; i >= 0; i--) if (test(list[i])) return list[i];
  return undefined;
}

/** The median of up to a thousand intervals, seconds. @param {Float64Array} atS */
function usualInterval(atS) {
  const stride = Math.max(1, Math.floor(atS.length / 1000));
  const intervals = [];
  for (let i = 1; i < atS.length; i += stride) intervals.push(atS[i] - atS[i - 1]);
  intervals.sort((a, b) => a - b);
  return intervals[Math.floor(intervals.length / 2)] ?? 0.04;
}
