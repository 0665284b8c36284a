// Areas on the picture, moved and resized by finger, mouse and keys; told in whole pixels of the whole picture.

import { el, setText } from "./dom.js";

/** @typedef {[number, number, number, number]} Rectangle  x, y, width, height */
/** @typedef {{kind: "crop"|"fan"|"mask", at: Rectangle}} Area */

/** Smallest side, pixels. */
const LEAST = 8;
/** So far an arrow key goes, as a share of the picture's width; with Alt it is one pixel. */
const STEP = 0.01;
const WORDS = { crop: "Shown", fan: "Fan", mask: "Mask" };
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * A rectangle held within the picture.
 * @param {Rectangle} at
 * @param {[number, number]} size
 * @returns {Rectangle}
 */
export function within([x, y, width, height], size) {
  const across = Math.round(Math.min(Math.max(width, LEAST), size[0]));
  const down = Math.round(Math.min(Math.max(height, LEAST), size[1]));
  return [Math.round(Math.min(Math.max(x, 0), size[0] - across)), Math.round(Math.min(Math.max(y, 0), size[1] - down)), across, down];
}

/**
 * The rectangle with one corner dragged; the opposite one stays.
 * @param {Rectangle} at
 * @param {string} corner  nw, ne, sw or se
 * @param {number} dx
 * @param {number} dy
 * @param {[number, number]} size
 * @returns {Rectangle}
 */
export function stretched([x, y, width, height], corner, dx, dy, size) {
  let [left, top, right, bottom] = [x, y, x + width, y + height];
  if (corner.includes("w")) left = Math.min(Math.max(left + dx, 0), right - LEAST);
  else right = Math.max(Math.min(right + dx, size[0]), left + LEAST);
  if (corner.includes("n")) top = Math.min(Math.max(top + dy, 0), bottom - LEAST);
  else bottom = Math.max(Math.min(bottom + dy, size[1]), top + LEAST);
  return within([left, top, right - left, bottom - top], size);
}

export class Areas {
  /**
   * @param {HTMLElement} root  lies exactly over the picture
   * @param {(isEdit: boolean) => void} changed  something was moved, added or removed, or only chosen
   */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    /** @type {[number, number]} */
    this.size = [0, 0];
    /** @type {Area[]} */
    this.all = [];
    /** @type {Area|null} */
    this.chosen = null;
    /** @type {Map<Area, HTMLElement>} */
    this.nodes = new Map();
  }

  /** @param {Area[]} all @param {[number, number]} size */
  set(all, size) {
    this.all = all;
    this.size = size;
    this.chosen = null;
    this.draw();
  }

  /** @param {Area} area */
  add(area) {
    area.at = within(area.at, this.size);
    this.all.push(area);
    this.choose(area);
    this.changed(true);
  }

  /** @param {Area} area */
  remove(area) {
    this.all = this.all.filter((other) => other !== area);
    if (this.chosen === area) this.chosen = null;
    this.draw();
    this.changed(true);
  }

  /** @param {Area|null} area */
  choose(area) {
    this.chosen = area;
    this.draw();
    if (area) this.nodes.get(area)?.focus({ preventScroll: true });
    this.changed(false);
  }

  /** What an area is called. @param {Area} area */
  nameOf(area) {
    const masks = this.all.filter((other) => other.kind === "mask");
    return area.kind === "mask" ? `Mask ${masks.indexOf(area) + 1}` : WORDS[area.kind];
  }

  draw() {
    for (const [area, node] of this.nodes) {
      if (this.all.includes(area)) continue;
      node.remove();
      this.nodes.delete(area);
    }
    for (const area of this.all) this.place(area);
  }

  /** @param {Area} area */
  place(area) {
    let node = this.nodes.get(area);
    if (!node) {
      node = this.build(area);
      this.nodes.set(area, node);
      this.root.append(node);
    }
    const [x, y, width, height] = area.at;
    const [across, down] = this.size;
    Object.assign(node.style, {
      left: `${(x / across) * 100}%`, top: `${(y / down) * 100}%`, width: `${(width / across) * 100}%`, height: `${(height / down) * 100}%`,
    });
    node.ariaCurrent = String(this.chosen === area);
    node.ariaLabel = `${this.nameOf(area)}: ${x} across, ${y} down, ${width} by ${height} pixels`;
    setText(/** @type {Element} */ (node.firstElementChild), this.nameOf(area));
  }

  /** @param {Area} area */
  build(area) {
    const node = el("div", `area ${area.kind}`, el("span", "word"));
    node.tabIndex = 0;
    node.setAttribute("role", "group");
    node.setAttribute("aria-describedby", "hint");
    this.drag(node, area, "");
    for (const corner of ["nw", "ne", "sw", "se"]) {
      const grip = el("span", `corner ${corner}`);
      this.drag(grip, area, corner);
      node.append(grip);
    }
    node.addEventListener("focus", () => this.chosen === area || this.choose(area));
    node.addEventListener("keydown", (event) => this.key(event, area));
    return node;
  }

  /** @param {HTMLElement} node @param {Area} area @param {string} corner  empty: the whole area is dragged */
  drag(node, area, corner) {
    node.addEventListener("pointerdown", (down) => {
      if (down.button !== 0) return;
      down.preventDefault();
      down.stopPropagation();
      this.choose(area);
      node.setPointerCapture(down.pointerId);
      const before = area.at;
      const scale = this.size[0] / this.root.getBoundingClientRect().width;
      const move = (/** @type {PointerEvent} */ event) => {
        if (event.pointerId !== down.pointerId) return;
        const [dx, dy] = [(event.clientX - down.clientX) * scale, (event.clientY - down.clientY) * scale];
        const [x, y, width, height] = before;
        area.at = corner ? stretched(before, corner, dx, dy, this.size) : within([x + dx, y + dy, width, height], this.size);
        this.place(area);
        this.changed(true);
      };
      const end = () => {
        node.removeEventListener("pointermove", move);
        node.removeEventListener("lostpointercapture", end);
      };
      node.addEventListener("pointermove", move);
      node.addEventListener("lostpointercapture", end);
    });
  }

  /** @param {KeyboardEvent} event @param {Area} area */
  key(event, area) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return this.remove(area);
    }
    const way = ARROWS[event.key];
    if (!way || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const step = event.altKey ? 1 : Math.max(1, Math.round(this.size[0] * STEP));
    const [dx, dy] = [way[0] * step, way[1] * step];
    const [x, y, width, height] = area.at;
    area.at = event.shiftKey ? stretched(area.at, "se", dx, dy, this.size) : within([x + dx, y + dy, width, height], this.size);
    this.place(area);
    this.changed(true);
  }
}
