// Plays what a browser cannot decode as a row of pictures from the server: at the session's pace where they come
// fast enough, else as fast as they come.

const AHEAD = 2; // pictures under way beside the one that is waited for
const WIDTH = 960;

export class Slides {
  /**
   * @param {import("./stills.js").Stills} stills
   * @param {import("./frames.js").Frames} frames
   * @param {{show: (picture: ImageBitmap, index: number) => void, passed: (index: number) => void, ended: () => void,
   *   failed: (error: Error) => void}} on
   */
  constructor(stills, frames, on) {
    this.stills = stills;
    this.frames = frames;
    this.on = on;
    this.rate = 1;
    this.run = 0;
  }

  stop() {
    this.run++;
  }

  /** @param {number} first  frame */
  async start(first) {
    const run = ++this.run;
    const segment = this.frames.segmentOf(first);
    const last = segment ? segment.first + segment.frames - 1 : first;
    const clock = { startedAt: performance.now(), fromS: this.frames.atS[first] };
    try {
      for (let index = first; run === this.run; ) {
        const picture = await this.stills.fetch(index, WIDTH);
        await until(clock.startedAt + ((this.frames.atS[index] - clock.fromS) * 1000) / this.rate);
        if (run !== this.run) return;
        this.on.show(picture, index);
        if (run !== this.run) return;
        if (index >= this.frames.length - 1) return this.on.ended();
        const next = this.due(clock, index);
        if (next > last) return this.on.passed(next);
        for (let ahead = 1; ahead <= AHEAD; ahead++) this.look(next + ahead * (next - index), last);
        index = next;
      }
    } catch (error) {
      if (run === this.run) this.on.failed(/** @type {Error} */ (error));
    }
  }

  /** The next frame, or the one that is due by now; none before a hole is passed over. @param {{startedAt: number, fromS: number}} clock @param {number} index */
  due(clock, index) {
    const nowS = clock.fromS + ((performance.now() - clock.startedAt) / 1000) * this.rate;
    let next = index + 1;
    const late = this.frames.indexAt(nowS);
    const hole = this.frames.holes.find(({ after }) => after > index);
    next = Math.max(next, Math.min(late, hole ? hole.after : late));
    if (late > next) Object.assign(clock, { startedAt: performance.now(), fromS: this.frames.atS[next] });
    return next;
  }

  /** @param {number} index @param {number} last */
  look(index, last) {
    if (index <= last) this.stills.fetch(index, WIDTH).catch(() => {});
  }
}

/** @param {number} at  performance.now() */
function until(at) {
  const ms = at - performance.now();
  return ms > 1 ? new Promise((resolve) => setTimeout(resolve, ms)) : new Promise((resolve) => requestAnimationFrame(resolve));
}
