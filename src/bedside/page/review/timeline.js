// The timeline: lanes over the whole session. A drag goes through time, two fingers or the wheel zoom and scroll.

import { el, setText } from "../dom.js";
import { icon } from "../icons.js";
import { FONT, UNIT, clusters, drawRuler, xOf } from "./lanes.js";
import { Overview } from "./overview.js";
import { clock } from "./words.js";

/** @typedef {import("./lanes.js").Lane} Lane */
/** @typedef {import("./lanes.js").Sign} Sign */

const RULER = 26 * UNIT;
const GAP = 5;
const SHORTEST_S = 0.5;
const NEAR_PX = 22;

export class Timeline {
  /**
   * @param {number} durationS
   * @param {{go: (seconds: number) => void, sign: (sign: Sign) => void}} on
   */
  constructor(durationS, on) {
    this.on = on;
    this.durationS = Math.max(SHORTEST_S, durationS);
    this.view = { fromS: 0, toS: this.durationS };
    /** @type {Lane[]} */
    this.lanes = [];
    /** @type {Sign[]} */
    this.signs = [];
    this.atS = 0;
    /** @type {Map<number, number>}  x of each finger */
    this.fingers = new Map();
    this.isDue = false;
    this.canvas = el("canvas", "lanes");
    this.canvas.setAttribute("aria-hidden", "true");
    this.head = el("div", "playhead");
    this.tracks = el("div", "tracks", this.canvas, this.head);
    Object.assign(this.tracks, { tabIndex: 0, role: "slider", ariaLabel: "Timeline" });
    this.overview = new Overview((fromS) => this.show(fromS, fromS + this.lengthS));
    this.clock = el("b");
    this.frame = el("span");
    const zoom = (/** @type {string} */ sign, /** @type {string} */ name, /** @type {() => void} */ deed) => {
      const button = el("button", "round", icon(sign));
      Object.assign(button, { type: "button", ariaLabel: name, title: name });
      button.addEventListener("click", deed);
      return button;
    };
    const buttons = [
      zoom("minus", "Zoom out", () => this.zoom(2, this.atS)),
      zoom("plus", "Zoom in", () => this.zoom(0.5, this.atS)),
      zoom("whole", "Whole session", () => this.show(0, this.durationS)),
    ];
    this.root = el("section", "timeline", el("div", "timeline-head", el("p", "clock", this.clock, this.frame), this.overview.root, ...buttons), this.tracks);
    this.root.ariaLabel = "Timeline";
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.tracks);
  }

  get lengthS() {
    return this.view.toS - this.view.fromS;
  }

  /** Where the times lie, in CSS pixels. */
  get window() {
    const left = this.tracks.clientWidth < 600 ? 62 : 96 * UNIT;
    return { left, width: Math.max(10, this.tracks.clientWidth - left - 18), ...this.view };
  }

  /** @param {Lane[]} lanes @param {Sign[]} signs */
  fill(lanes, signs) {
    this.lanes = lanes;
    this.signs = signs;
    this.overview.lane = lanes[0] ?? null;
    const height = RULER + lanes.reduce((sum, lane) => sum + lane.height + GAP, 0);
    this.tracks.style.setProperty("height", `${height}px`);
    this.draw();
  }

  /** @param {number} fromS @param {number} toS */
  show(fromS, toS) {
    const length = Math.min(this.durationS, Math.max(SHORTEST_S, toS - fromS));
    const from = Math.max(0, Math.min(this.durationS - length, fromS));
    this.view = { fromS: from, toS: from + length };
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => this.draw());
  }

  /** @param {number} factor @param {number} aroundS  stays where it is, if it is to be seen */
  zoom(factor, aroundS) {
    const { fromS, toS } = this.view;
    const fixed = aroundS >= fromS && aroundS <= toS ? aroundS : (fromS + toS) / 2;
    const length = Math.min(this.durationS, Math.max(SHORTEST_S, this.lengthS * factor));
    const from = fixed - ((fixed - fromS) / this.lengthS) * length;
    this.show(from, from + length);
  }

  /** @param {number} atS @param {string} frame  which one it is, in words @param {boolean} follows  keep it in sight */
  move(atS, frame, follows) {
    this.atS = atS;
    const { fromS, toS } = this.view;
    if (follows && (atS > toS || atS < fromS)) this.show(atS - this.lengthS * 0.05, atS + this.lengthS * 0.95);
    setText(this.clock, `${clock(atS, 2)} / ${clock(this.durationS)}`);
    setText(this.frame, frame);
    this.tracks.ariaValueMax = this.durationS.toFixed(1);
    this.tracks.ariaValueMin = "0";
    this.tracks.ariaValueNow = atS.toFixed(2);
    this.tracks.ariaValueText = `${clock(atS, 2)} of ${clock(this.durationS)}, ${frame}`;
    this.placeHead();
  }

  placeHead() {
    const at = this.window;
    const x = xOf(at, this.atS);
    this.head.hidden = x < at.left - 1 || x > at.left + at.width + 1;
    this.head.style.setProperty("transform", `translateX(${x}px)`);
    this.overview.place(this.atS, this.view, this.durationS);
  }

  draw() {
    this.isDue = false;
    const { canvas, tracks } = this;
    const scale = devicePixelRatio;
    const [width, height] = [tracks.clientWidth, tracks.clientHeight];
    if (!width || !height) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    ctx.scale(scale, scale);
    const at = this.window;
    drawRuler(ctx, { top: 0, height: RULER }, at);
    let top = RULER;
    for (const lane of this.lanes) {
      this.drawName(ctx, lane, top, at.left);
      ctx.save();
      ctx.beginPath();
      ctx.rect(at.left - 12, top - 2, at.width + 24, lane.height + 4);
      ctx.clip();
      lane.draw(ctx, { top, height: lane.height }, at);
      ctx.restore();
      ctx.fillStyle = "#242d37";
      ctx.fillRect(0, top + lane.height + 2, width, 1);
      top += lane.height + GAP;
    }
    this.overview.draw(this.durationS);
    this.placeHead();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Lane} lane @param {number} top @param {number} room */
  drawName(ctx, lane, top, room) {
    ctx.font = FONT;
    ctx.fillStyle = "#9aa7b4";
    let name = lane.name;
    while (name.length > 2 && ctx.measureText(name).width > room - 14) name = `${name.slice(0, -2)}…`;
    ctx.fillText(name, 8, top + lane.height / 2 + 4 * UNIT);
  }

  listen() {
    const { tracks, fingers } = this;
    tracks.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      tracks.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event.offsetX);
      if (fingers.size === 1) this.tap(event.offsetX, event.offsetY);
    });
    tracks.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      const old = [...fingers.values()];
      fingers.set(event.pointerId, event.offsetX);
      if (fingers.size === 1) this.on.go(this.secondsAt(event.offsetX));
      else this.pinch(old, [...fingers.values()]);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      tracks.addEventListener(end, (event) => fingers.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
    tracks.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /** @param {number} x  CSS pixels */
  secondsAt(x) {
    const { left, width, fromS, toS } = this.window;
    return Math.max(0, Math.min(this.durationS, fromS + ((x - left) / width) * (toS - fromS)));
  }

  /** @param {number} x @param {number} y */
  tap(x, y) {
    const height = this.lanes.at(-1)?.height ?? 0;
    const isOnMarks = y > this.tracks.clientHeight - height - GAP;
    const near = isOnMarks ? clusters(this.signs, this.window).filter((cluster) => Math.abs(cluster.x - x) < NEAR_PX) : [];
    if (!near.length) return this.on.go(this.secondsAt(x));
    const nearest = near.reduce((best, one) => (Math.abs(one.x - x) < Math.abs(best.x - x) ? one : best));
    if (nearest.signs.length > 1) this.zoomTo(nearest.signs);
    this.on.sign(nearest.signs[0]);
  }

  /** Until the signs stand apart, where they can. @param {Sign[]} signs */
  zoomTo(signs) {
    const [first, last] = [signs[0].at_s, signs[signs.length - 1].at_s];
    if (last - first > 0.05) this.show(first - (last - first) * 0.5, last + (last - first) * 0.5);
  }

  /** @param {number[]} before @param {number[]} after  x of two fingers */
  pinch(before, after) {
    const [spreadBefore, spreadAfter] = [before, after].map(([a, b]) => Math.max(24, Math.abs(a - b)));
    const [middleBefore, middleAfter] = [before, after].map(([a, b]) => (a + b) / 2);
    const fixed = this.secondsAt(middleBefore);
    const length = Math.min(this.durationS, Math.max(SHORTEST_S, (this.lengthS * spreadBefore) / spreadAfter));
    const { left, width } = this.window;
    const from = fixed - ((middleAfter - left) / width) * length;
    this.show(from, from + length);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const move = isSideways ? event.deltaX || event.deltaY : event.deltaY;
    if (!isSideways) return this.zoom(Math.exp(Math.max(-120, Math.min(120, move)) * 0.003), this.secondsAt(event.offsetX));
    const shift = (move / this.window.width) * this.lengthS;
    this.show(this.view.fromS + shift, this.view.toS + shift);
  }
}
