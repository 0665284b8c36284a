// Two marks that a finger sets on the picture, with a loupe beside the finger, which is thicker than a ruler's lines.

import { el } from "./dom.js";

/** @typedef {import("./protocol.js").Point} Point */

const REACH_PX = 44;
const LOUPE = { radius: 72, times: 4, away: 128 };
const INK = "#ffffff";
const HALO = "rgba(4, 6, 9, 0.85)";
const COLOUR = "#a9b8ff";

export class Ruler {
  /**
   * @param {import("./stage.js").Stage} stage
   * @param {() => void} changed
   */
  constructor(stage, changed) {
    this.stage = stage;
    this.changed = changed;
    /** Fractions of the picture. @type {Point[]} */
    this.marks = [];
    /** Which mark the buttons move. */
    this.chosen = 0;
    /** The finger is down: the loupe shows what it hides. */
    this.isDown = false;
    this.canvas = el("canvas", "ruler");
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.isDown && this.move(event));
    for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) this.canvas.addEventListener(kind, () => this.up());
    new ResizeObserver(() => this.canvas.isConnected && this.fit()).observe(stage.root);
  }

  start() {
    this.marks = [];
    this.chosen = 0;
    this.isDown = false;
    this.stage.isBare = true;
    this.stage.root.classList.add("measuring");
    this.stage.root.append(this.canvas);
    this.stage.redraw();
    this.fit();
    this.changed();
  }

  stop() {
    this.canvas.remove();
    this.stage.isBare = false;
    this.stage.root.classList.remove("measuring");
    this.stage.redraw();
  }

  /** Over the large picture, whose size follows a frame later. */
  fit() {
    requestAnimationFrame(() => {
      const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = this.stage.large;
      for (const [key, value] of Object.entries({ left, top, width, height })) this.canvas.style.setProperty(key, `${value}px`);
      this.canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
      this.canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
      this.draw();
    });
  }

  /** The first two taps set marks; later ones take the nearer one along. @param {PointerEvent} event */
  down(event) {
    const at = this.at(event);
    if (this.marks.length < 2 && !this.marks.some((mark) => this.apart(mark, at) < REACH_PX)) {
      this.marks.push(at);
      this.chosen = this.marks.length - 1;
    } else {
      this.chosen = this.marks.length === 2 && this.apart(this.marks[1], at) < this.apart(this.marks[0], at) ? 1 : 0;
    }
    this.isDown = true;
    this.canvas.setPointerCapture(event.pointerId);
    this.move(event);
  }

  /** @param {PointerEvent} event */
  move(event) {
    this.marks[this.chosen] = this.at(event);
    this.tell();
  }

  up() {
    this.isDown = false;
    this.tell();
  }

  /** Move the chosen mark. @param {number} dx @param {number} dy  fractions of the picture */
  nudge(dx, dy) {
    const mark = this.marks[this.chosen];
    if (!mark) return;
    this.marks[this.chosen] = [within(mark[0] + dx), within(mark[1] + dy)];
    this.tell();
  }

  tell() {
    this.draw();
    this.changed();
  }

  /** @param {PointerEvent} event @returns {Point} */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  /** In CSS pixels. @param {Point} a @param {Point} b */
  apart(a, b) {
    return Math.hypot((a[0] - b[0]) * this.canvas.clientWidth, (a[1] - b[1]) * this.canvas.clientHeight);
  }

  draw() {
    const ctx = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const [w, h] = [this.canvas.clientWidth, this.canvas.clientHeight];
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    ctx.clearRect(0, 0, w, h);
    const spots = this.marks.map(([x, y]) => /** @type {Point} */ ([x * w, y * h]));
    if (spots.length === 2) line(ctx, spots[0], spots[1]);
    spots.forEach((spot, i) => cross(ctx, spot, i === this.chosen));
    if (this.isDown && spots[this.chosen]) this.loupe(ctx, spots[this.chosen], w, h);
  }

  /** What is under the finger, four times as large, beside it. @param {CanvasRenderingContext2D} ctx @param {Point} spot @param {number} w @param {number} h */
  loupe(ctx, [x, y], w, h) {
    const shot = this.stage.shown;
    if (!shot) return;
    const { radius, times, away } = LOUPE;
    const cx = Math.max(radius, Math.min(w - radius, x + (x > w / 2 ? -away : away)));
    const cy = Math.max(radius, Math.min(h - radius, y - away > radius ? y - away : y + away));
    const [sx, sy] = [shot.bitmap.width / w, shot.bitmap.height / h];
    const half = radius / times;
    ctx.save();
    ctx.beginPath();
    ctx.arc(cx, cy, radius, 0, 2 * Math.PI);
    ctx.fillStyle = "#000000";
    ctx.fill();
    ctx.save();
    ctx.clip();
    ctx.drawImage(shot.bitmap, (x - half) * sx, (y - half) * sy, 2 * half * sx, 2 * half * sy, cx - radius, cy - radius, 2 * radius, 2 * radius);
    ctx.restore();
    ctx.lineWidth = 3;
    ctx.strokeStyle = COLOUR;
    ctx.stroke();
    ctx.restore();
    cross(ctx, [cx, cy], false);
  }
}

/** @param {number} value */
function within(value) {
  return Math.max(0, Math.min(1, value));
}

/** @param {CanvasRenderingContext2D} ctx @param {Point} a @param {Point} b */
function line(ctx, a, b) {
  ctx.beginPath();
  ctx.moveTo(...a);
  ctx.lineTo(...b);
  ctx.setLineDash([7, 6]);
  ctx.lineWidth = 2;
  ctx.strokeStyle = COLOUR;
  ctx.stroke();
  ctx.setLineDash([]);
}

/** An open cross: the point itself stays free. @param {CanvasRenderingContext2D} ctx @param {Point} spot @param {boolean} isChosen */
function cross(ctx, [x, y], isChosen) {
  ctx.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    ctx.moveTo(x + dx * 4, y + dy * 4);
    ctx.lineTo(x + dx * 20, y + dy * 20);
  }
  if (isChosen) {
    ctx.moveTo(x + 26, y);
    ctx.arc(x, y, 26, 0, 2 * Math.PI);
  }
  for (const [style, width] of /** @type {[string, number][]} */ ([[HALO, 5], [isChosen ? COLOUR : INK, 2]])) {
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.stroke();
  }
}
