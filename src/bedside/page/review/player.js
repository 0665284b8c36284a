// Plays, steps and seeks through a session, frame by frame; says which frame is on the screen, and stops at holes.

import { Film } from "./film.js";
import { Slides } from "./slides.js";
import { Stills } from "./stills.js";

/** @typedef {import("./api.js").Segment} Segment */
/** @typedef {import("./frames.js").Hole} Hole */

const HOLE_SHOWN_MS = 1500;
const PREPARE_S = 10;

export class Player {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./frames.js").Frames} frames
   * @param {import("./screen.js").Screen} screen
   * @param {{changed: () => void, failed: (error: Error) => void}} on
   */
  constructor(api, frames, screen, on) {
    this.frames = frames;
    this.screen = screen;
    this.on = on;
    this.stills = new Stills(api);
    this.slides = new Slides(this.stills, frames, {
      show: (picture, index) => this.show(picture, index),
      passed: (index) => (this.place(index), this.run()),
      ended: () => this.pause(),
      failed: (error) => (this.pause(), on.failed(error)),
    });
    this.film = new Film(screen.root, {
      frame: (picture, segment, seconds) => this.show(picture, frames.indexOfMedia(segment, seconds)),
      ended: (segment) => this.endOf(segment),
      failed: (segment) => this.unplayable(segment),
    });
    /** The frame that is wanted, or shown while it plays. */
    this.index = frames.length ? 0 : -1;
    /** Where on the timeline, seconds; in a hole this is no frame's time. */
    this.atS = frames.length ? frames.atS[0] : 0;
    /** @type {Hole|null} */
    this.hole = null;
    this.isPlaying = false;
    this.speed = 1;
    this.holeTimer = 0;
    /** @type {Set<Segment>} those that this browser could not play */
    this.refused = new Set();
  }

  /** Go to a frame and stay there, or play on from there. @param {number} index */
  goTo(index) {
    if (!this.frames.length) return;
    this.place(Math.max(0, Math.min(this.frames.length - 1, index)));
    if (this.isPlaying) this.run();
    else void this.still();
  }

  /** Go to a time; where nothing was recorded, that is said over the frame before it. @param {number} atS */
  goToTime(atS) {
    if (!this.frames.length) return;
    this.place(this.frames.indexAt(atS));
    this.hole = this.frames.holeAt(atS);
    if (this.hole) this.atS = atS;
    if (this.isPlaying) this.run();
    else void this.still();
  }

  /** So many frames on, or back; then the picture stands. @param {number} frames */
  step(frames) {
    const from = this.hole && frames > 0 ? this.hole.after : this.index;
    this.halt();
    this.goTo(from + frames);
  }

  /** @param {number} seconds */
  jump(seconds) {
    const index = this.frames.indexAt(Math.max(0, this.atS + seconds));
    const hasMoved = index !== this.index || this.hole !== null;
    this.goTo(hasMoved || !seconds ? index : index + Math.sign(seconds));
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play() {
    if (!this.frames.length) return;
    if (this.index >= this.frames.length - 1) this.place(0);
    this.isPlaying = true;
    this.run();
  }

  pause() {
    this.halt();
    void this.still();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = this.slides.rate = speed;
    this.film.setRate(speed);
  }

  /** @param {number} index */
  place(index) {
    this.index = index;
    this.atS = this.frames.atS[index] ?? 0;
    this.hole = null;
  }

  halt() {
    clearTimeout(this.holeTimer);
    this.isPlaying = false;
    this.film.stop();
    this.slides.stop();
  }

  /** Play on from where we are. */
  run() {
    clearTimeout(this.holeTimer);
    this.film.stop();
    this.slides.stop();
    this.stills.forget();
    this.on.changed();
    if (this.hole) return this.wait(this.hole);
    const segment = this.frames.segmentOf(this.index);
    if (segment && segment.is_playable && !this.refused.has(segment)) {
      void this.film.start(segment, this.frames.mediaTime(this.index));
    } else this.slides.start(this.index);
  }

  /** A frame came to the screen. @param {import("./screen.js").Picture} picture @param {number} index */
  show(picture, index) {
    this.place(index);
    this.screen.paint(picture, { index, seq: this.frames.seq[index] });
    const hole = this.frames.holeAfter(index);
    if (hole && this.isPlaying) {
      this.film.stop();
      this.slides.stop();
      this.hole = hole;
      this.wait(hole);
    } else this.prepareNext(index);
    this.on.changed();
  }

  /** Say for a moment that nothing was recorded here, then go on behind it. @param {Hole} hole */
  wait(hole) {
    const ms = Math.min(HOLE_SHOWN_MS, ((hole.to_s - this.atS) * 1000) / this.speed);
    this.holeTimer = window.setTimeout(() => {
      if (hole.after + 1 >= this.frames.length) return this.pause();
      this.place(hole.after + 1);
      this.run();
    }, ms);
  }

  /** @param {number} index */
  prepareNext(index) {
    const segment = this.frames.segmentOf(index);
    if (!segment || !this.isPlaying || segment.end_s - this.frames.atS[index] > PREPARE_S * this.speed) return;
    const next = this.frames.segmentOf(segment.first + segment.frames);
    if (next?.is_playable && !this.refused.has(next)) this.film.prepare(next);
  }

  /** @param {Segment} segment */
  endOf(segment) {
    const last = segment.first + segment.frames - 1;
    const hole = this.frames.holeAfter(last);
    if (last + 1 >= this.frames.length) {
      this.place(last);
      return this.pause();
    }
    this.place(hole ? last : last + 1);
    this.hole = hole;
    this.run();
  }

  /** This browser cannot play it: single pictures do. @param {Segment} segment */
  unplayable(segment) {
    this.refused.add(segment);
    if (this.isPlaying) this.run();
  }

  /** The exact picture of where we stand. */
  async still() {
    const { index } = this;
    this.on.changed();
    try {
      const width = this.screen.wanted(this.frames.segmentOf(index)?.width ?? 1280);
      const picture = await this.stills.newest(index, width);
      if (!picture || this.isPlaying || index !== this.index) return;
      this.screen.paint(picture, { index, seq: this.frames.seq[index] });
      this.on.changed();
      for (const beside of [index + 1, index - 1]) {
        if (beside >= 0 && beside < this.frames.length) await this.stills.fetch(beside, width).catch(() => {});
        if (index !== this.index) return;
      }
    } catch (error) {
      this.on.failed(/** @type {Error} */ (error));
    }
  }
}
