// The picture with its overlay, painted in one step: no shape can lie on another frame than the one it is said for.

import { drawOverlay } from "../overlay.js";
import { el } from "../dom.js";

/** @typedef {{index: number, seq: number}} Named  which frame a picture is */
/** @typedef {import("./film.js").Moving|ImageBitmap} Picture */

export class Screen {
  /**
   * @param {HTMLElement} root
   * @param {(named: Named) => import("../protocol.js").Answer|null} answerOf  what to draw over a frame
   */
  constructor(root, answerOf) {
    this.root = root;
    this.answerOf = answerOf;
    this.canvas = el("canvas", "large");
    this.canvas.setAttribute("role", "img");
    root.append(this.canvas);
    /** @type {{picture: Picture, size: {width: number, height: number}, named: Named}|null} what is to be seen */
    this.shown = null;
    this.overlay = true;
    this.fills = false;
    new ResizeObserver(() => this.repaint()).observe(root);
  }

  /** How wide a picture can be used here, in pixels; in steps, so that few sizes are asked for. @param {number} width */
  wanted(width) {
    const room = (this.fills ? this.root.clientHeight * 2 : this.root.clientWidth) * devicePixelRatio;
    return Math.min(width, Math.max(320, Math.ceil(room / 320) * 320));
  }

  /** @param {Picture} picture @param {Named} named */
  paint(picture, named) {
    const size = sizeOf(picture);
    if (size.width === 0) return;
    this.shown = { picture, size, named };
    this.layOut(size);
    const { canvas } = this;
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.dataset.frame = String(named.index);
    canvas.dataset.seq = String(named.seq);
    canvas.ariaLabel = `Frame ${named.seq}`;
    const answer = this.overlay ? this.answerOf(named) : null;
    canvas.dataset.overlay = String(answer !== null);
    if (!answer) return;
    drawOverlay(ctx, answer, { width: canvas.width, height: canvas.height, scale: devicePixelRatio, labels: true });
  }

  /** The same picture again, because something around it changed; a video that plays paints itself. */
  repaint() {
    if (!this.shown) return;
    if (this.shown.picture instanceof ImageBitmap) this.paint(this.shown.picture, this.shown.named);
    else this.layOut(this.shown.size);
  }

  /** @param {{width: number, height: number}} size */
  layOut({ width, height }) {
    const [across, down] = [this.root.clientWidth / width, this.root.clientHeight / height];
    const scale = this.fills ? Math.max(across, down) : Math.min(across, down);
    const box = { width: width * scale, height: height * scale };
    const place = {
      left: (this.root.clientWidth - box.width) / 2,
      top: (this.root.clientHeight - box.height) / 2,
      ...box,
    };
    for (const [key, value] of Object.entries(place)) this.canvas.style.setProperty(key, `${value}px`);
    const pixels = [box.width, box.height].map((length) => Math.max(1, Math.round(length * devicePixelRatio)));
    if (this.canvas.width !== pixels[0]) this.canvas.width = pixels[0];
    if (this.canvas.height !== pixels[1]) this.canvas.height = pixels[1];
  }
}

/** @param {Picture} picture */
function sizeOf(picture) {
  if (picture instanceof HTMLVideoElement) return { width: picture.videoWidth, height: picture.videoHeight };
  if (picture instanceof ImageBitmap) return { width: picture.width, height: picture.height };
  return { width: picture.displayWidth, height: picture.displayHeight };
}
