// The whole session in a strip: shows which part the lanes show; dragging it scrolls them.

import { el } from "../dom.js";

export class Overview {
  /** @param {(fromS: number) => void} scroll */
  constructor(scroll) {
    this.scroll = scroll;
    /** @type {import("./lanes.js").Lane|null} what is drawn in it */
    this.lane = null;
    this.view = { fromS: 0, toS: 1 };
    this.durationS = 1;
    this.canvas = el("canvas");
    this.part = el("div", "part");
    this.dot = el("div", "dot");
    this.root = el("div", "overview", this.canvas, this.part, this.dot);
    this.root.setAttribute("aria-hidden", "true");
    let grip = 0;
    this.root.addEventListener("pointerdown", (event) => {
      this.root.setPointerCapture(event.pointerId);
      const at = this.secondsAt(event.offsetX);
      const length = this.view.toS - this.view.fromS;
      grip = at > this.view.fromS && at < this.view.toS ? at - this.view.fromS : length / 2;
      this.scroll(at - grip);
    });
    this.root.addEventListener("pointermove", (event) => {
      if (this.root.hasPointerCapture(event.pointerId)) this.scroll(this.secondsAt(event.offsetX) - grip);
    });
  }

  /** @param {number} x */
  secondsAt(x) {
    return (x / Math.max(1, this.root.clientWidth)) * this.durationS;
  }

  /** @param {number} durationS */
  draw(durationS) {
    const [width, height] = [this.root.clientWidth, this.root.clientHeight];
    if (!width) return;
    const scale = devicePixelRatio;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const ctx = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    ctx.scale(scale, scale);
    ctx.fillStyle = "#161d25";
    ctx.fillRect(0, height / 2 - 11, width, 22);
    this.lane?.draw(ctx, { top: height / 2 - 10, height: 20 }, { left: 0, width, fromS: 0, toS: durationS, isSmall: true });
  }

  /** @param {number} atS @param {{fromS: number, toS: number}} view @param {number} durationS */
  place(atS, view, durationS) {
    this.view = view;
    this.durationS = durationS;
    const percent = (/** @type {number} */ seconds) => `${(seconds / durationS) * 100}%`;
    this.part.style.setProperty("left", percent(view.fromS));
    this.part.style.setProperty("width", percent(view.toS - view.fromS));
    this.part.hidden = view.toS - view.fromS >= durationS * 0.999;
    this.dot.style.setProperty("left", percent(atS));
  }
}
