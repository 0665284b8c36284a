// The pictures: the large one with its overlay, the small one in a corner, and what is written over them.

import { drawOverlay } from "./overlay.js";
import { place, wanted } from "./place.js";
import { el } from "./dom.js";

/** @typedef {import("./protocol.js").Shot} Shot */
/** @typedef {import("./protocol.js").Stream} Stream */

const OLD_MS = 500;

export class Stage {
  /**
   * @param {HTMLElement} root
   * @param {{painted: (shot: Shot, isSeen: boolean) => void, want: (want: {live: number, answer: number}) => void, swap: () => void}} on
   */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.large = el("canvas", "large");
    this.small = el("canvas", "small");
    this.smallWord = el("span", "small-word");
    this.inset = el("button", "inset", this.small, this.smallWord);
    this.inset.type = "button";
    this.inset.hidden = true;
    this.inset.addEventListener("click", on.swap);
    root.append(this.large, this.inset);
    /** Room for the small picture outside of the stage; where it has no size it is not used. @type {HTMLElement|null} */
    this.slot = null;
    /** The picture alone, without what is drawn over it. */
    this.isBare = false;
    /** @type {{live: Shot|null, answer: Shot|null}} newest decoded picture of each stream */
    this.shots = { live: null, answer: null };
    /** @type {{live: number|null, answer: number|null}} when the newest painted picture of each stream was captured */
    this.paintedOf = { live: null, answer: null };
    /** @type {Shot|null} the picture that the person holds */
    this.held = null;
    /** @type {import("./protocol.js").Result|null} what is drawn over its own frame while a person corrects that */
    this.corrected = null;
    /** @type {{large: Stream, inset: Stream|null}} */
    this.plan = { large: "live", inset: null };
    this.overlay = false;
    this.asks = { live: true, answer: false };
    this.wants = { live: 0, answer: 0 };
    this.isAsked = false;
    this.scheduled = false;
    this.relaid = true;
    /** Width by height of what was large last: what is gone leaves its room. */
    this.aspect = 4 / 3;
    /** When the pictures changed places. */
    this.arrangedAt = 0;
    this.arranged = "";
    let timer = 0;
    new ResizeObserver(() => {
      clearTimeout(timer);
      timer = window.setTimeout(() => this.ask(), 150);
      this.redraw();
    }).observe(root);
  }

  /** The picture that is large now, or null. */
  get shown() {
    return this.held ?? this.shots[this.plan.large];
  }

  /**
   * Which stream goes where, and which streams this view may ask for at all.
   * @param {{large: Stream, inset: Stream|null}} plan
   * @param {boolean} overlay
   * @param {{live: boolean, answer: boolean}} asks
   */
  arrange(plan, overlay, asks) {
    const key = JSON.stringify([plan.large, plan.inset, overlay, asks]);
    if (key === this.arranged) return;
    this.arranged = key;
    const before = this.plan;
    this.plan = plan;
    this.overlay = overlay;
    this.asks = asks;
    this.arrangedAt = performance.now();
    for (const stream of [plan.large, plan.inset]) this.forget(stream, before);
    this.redraw();
    this.ask();
    this.settle();
  }

  /** What waited to be painted when its stream went out of sight never will be: say so, or the server waits for it. */
  settle() {
    for (const shot of Object.values(this.shots)) {
      if (!shot || shot.painted || this.shows(shot.header.stream)) continue;
      shot.painted = true;
      this.on.painted(shot, false);
    }
  }

  /**
   * A stream that comes into sight again does not begin with what it showed when it went.
   * @param {Stream|null} stream
   * @param {{large: Stream, inset: Stream|null}} before
   */
  forget(stream, before) {
    if (stream === null || before.large === stream || before.inset === stream) return;
    const shot = this.shots[stream];
    if (!shot || performance.now() - shot.capturedAt < OLD_MS) return;
    if (shot !== this.held) shot.bitmap.close();
    this.shots[stream] = null;
  }

  /** Whether new pictures of a stream are to be seen; what is held stands still. @param {Stream} stream */
  shows(stream) {
    return this.plan.inset === stream || (this.plan.large === stream && !this.held);
  }

  /**
   * A newly decoded picture. It is painted with the next frame of the screen; where its stream is not to be seen, it
   * is acknowledged at once as unseen, so that the server goes on and the newest is there when it is wanted.
   * @param {Shot} shot
   */
  offer(shot) {
    const { stream } = shot.header;
    const old = this.shots[stream];
    this.shots[stream] = shot;
    if (!old || old.bitmap.width * shot.bitmap.height !== shot.bitmap.width * old.bitmap.height) this.relaid = true;
    if (old && old !== this.held) old.bitmap.close(); // a closed bitmap has no size: compare first
    if (this.shows(stream)) return this.schedule();
    shot.painted = true;
    this.on.painted(shot, false);
  }

  /** Hold what is large now; false when there is nothing to hold. */
  hold() {
    this.held = this.shots[this.plan.large];
    return this.held !== null;
  }

  release() {
    const shot = this.held;
    this.held = null;
    if (shot && this.shots[shot.header.stream] !== shot) shot.bitmap.close();
    this.redraw();
  }

  /** A picture that must not be seen. @param {Shot} shot */
  refuse(shot) {
    shot.bitmap.close();
    this.on.painted(shot, false);
  }

  /** No picture that is here is ever shown again, but for the one that is held: names may show in them. */
  blank() {
    if (!this.shots.live && !this.shots.answer) return;
    for (const stream of /** @type {Stream[]} */ (["live", "answer"])) {
      const shot = this.shots[stream];
      this.shots[stream] = null;
      if (!shot) continue;
      if (!shot.painted) this.on.painted(shot, false);
      if (shot !== this.held) shot.bitmap.close();
    }
    for (const canvas of [this.large, this.small]) canvas.width = canvas.height = 1;
    this.redraw();
  }

  /** Over the held picture, in the place of its own answer; null is that one again. @param {import("./protocol.js").Result|null} result */
  correct(result) {
    if (this.corrected === result) return;
    this.corrected = result;
    this.redraw();
  }

  redraw() {
    this.relaid = true;
    this.schedule();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.paint();
    });
  }

  paint() {
    const relaid = this.relaid;
    if (relaid) this.layOut();
    const large = this.shown;
    if (large && (relaid || !large.painted)) this.draw(this.large, large, true);
    const inset = this.plan.inset && this.shots[this.plan.inset];
    if (inset && (relaid || !inset.painted)) this.draw(this.small, inset, false);
    for (const shot of [large, inset]) {
      if (!shot || shot.painted) continue;
      shot.painted = true;
      this.paintedOf[shot.header.stream] = shot.capturedAt;
      this.on.painted(shot, true);
    }
  }

  /**
   * Picture and overlay of one frame, together.
   * @param {HTMLCanvasElement} canvas
   * @param {Shot} shot
   * @param {boolean} labels
   */
  draw(canvas, shot, labels) {
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    ctx.drawImage(shot.bitmap, 0, 0, canvas.width, canvas.height);
    canvas.dataset.seq = String(shot.header.seq);
    canvas.dataset.stream = shot.header.stream;
    const result = this.corrected?.seq === shot.header.seq ? this.corrected : shot.header.result;
    if (!this.overlay || this.isBare || !result || result.error) return;
    drawOverlay(ctx, result.answer, { width: canvas.width, height: canvas.height, scale: devicePixelRatio, labels });
  }

  layOut() {
    this.relaid = false;
    const shot = this.shown;
    const inset = this.plan.inset && this.shots[this.plan.inset];
    if (shot) this.aspect = shot.bitmap.width / shot.bitmap.height;
    const { aspect } = this;
    document.documentElement.style.setProperty("--aspect", String(aspect));
    const room = { width: this.root.clientWidth, height: this.root.clientHeight };
    const slot = this.slot && { width: this.slot.clientWidth, height: this.slot.clientHeight };
    const at = place(room, aspect, inset ? inset.bitmap.width / inset.bitmap.height : null, slot);
    fit(this.large, at.large);
    this.large.hidden = !shot;
    this.inset.hidden = !at.inset;
    const home = (at.isElsewhere && this.slot) || this.root;
    if (this.inset.parentElement !== home) home.prepend(this.inset);
    if (at.inset) {
      for (const [key, value] of Object.entries(at.inset)) this.inset.style.setProperty(key, `${value}px`);
      fit(this.small, { left: 0, top: 0, width: at.inset.width, height: at.inset.height });
    }
    this.smallWord.textContent = this.plan.inset === "live" ? "Live" : "AI";
    this.inset.ariaLabel = this.plan.inset === "live" ? "Make the live picture large" : "Make the answered picture large";
    this.root.classList.toggle("roomy", at.roomy);
  }

  /** Tell the server how wide the pictures are drawn here; nothing when it knows. */
  ask() {
    const room = { width: this.root.clientWidth, height: this.root.clientHeight };
    const want = wanted(room, devicePixelRatio, this.plan, this.asks);
    if (this.isAsked && want.live === this.wants.live && want.answer === this.wants.answer) return;
    this.wants = want;
    this.isAsked = true;
    this.on.want(want);
  }

  /** A new connection knows nothing of what this page wants. */
  askAgain() {
    this.isAsked = false;
    this.ask();
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{left: number, top: number, width: number, height: number}} box  CSS pixels
 */
function fit(canvas, box) {
  for (const [key, value] of Object.entries(box)) canvas.style.setProperty(key, `${value}px`);
  const [width, height] = [box.width, box.height].map((length) => Math.max(1, Math.round(length * devicePixelRatio)));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
