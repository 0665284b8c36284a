// Short messages that go away by themselves.

import { el } from "./dom.js";
import { icon } from "./icons.js";

/**
 * @param {HTMLElement} root
 * @param {{sign: string, text: string, thumbnail?: HTMLCanvasElement|null, forMs?: number}} toast
 */
export function toast(root, { sign, text, thumbnail = null, forMs = 2500 }) {
  const node = el("div", "toast", thumbnail ?? icon(sign), el("span", "", text));
  root.append(node);
  while (root.childElementCount > 3) root.firstElementChild?.remove();
  setTimeout(() => node.remove(), forMs);
}

/** @param {HTMLCanvasElement} canvas */
export function thumbnailOf(canvas) {
  const small = el("canvas", "thumbnail");
  small.width = 160;
  small.height = Math.round((160 * canvas.height) / canvas.width);
  small.getContext("2d")?.drawImage(canvas, 0, 0, small.width, small.height);
  return small;
}
