// The buttons and keys: say what is right, snapshot, hold the picture, freeze the synthetic scanner, full screen.

import { el, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/**
 * @typedef {{snapshot: () => Promise<void>, hold: () => void, scanner: () => Promise<void>, up: () => Promise<void>,
 *   down: () => Promise<void>, correct: () => Promise<void>, probe: () => void}} Deeds
 */

export class Buttons {
  /**
   * @param {HTMLElement} root
   * @param {Deeds} deeds
   */
  constructor(root, deeds) {
    this.root = root;
    this.snapshot = button("camera", "Snapshot", () => this.once(this.snapshot, deeds.snapshot));
    this.hold = button("pause", "Freeze", deeds.hold);
    this.scanner = button("frozen", "Freeze scanner", () => this.once(this.scanner, deeds.scanner));
    this.probe = button("probe", "Probe", deeds.probe);
    for (const node of [this.scanner, this.probe]) node.classList.add("quiet");
    this.up = button("thumb_up", "Right", () => this.once(this.up, deeds.up));
    this.down = button("thumb_down", "Wrong", () => this.once(this.down, deeds.down));
    this.correct = button("pencil", "Correct", () => this.once(this.correct, deeds.correct));
    for (const node of [this.up, this.down, this.correct]) node.classList.add("say");
    root.append(this.scanner, this.probe, this.up, this.down, this.correct, this.snapshot, this.hold);
  }

  /**
   * One press, one deed: the button rests until it is done.
   * @param {HTMLButtonElement} which
   * @param {() => Promise<void>} deed
   */
  async once(which, deed) {
    if (which.disabled) return;
    which.disabled = true;
    try {
      await deed();
    } finally {
      which.disabled = false;
    }
  }

  /** @param {{controls: boolean, operates: boolean, canControl: boolean, canSteer: boolean, judges: boolean, held: boolean, frozen: boolean}} now */
  render({ controls, operates, canControl, canSteer, judges, held, frozen }) {
    show(this.root, controls);
    for (const node of [this.snapshot, this.correct]) show(node, operates); // a viewer holds the picture on his own page
    show(this.up, judges && operates);
    show(this.down, judges && operates);
    label(this.correct, judges ? "pencil" : "note", judges ? "Correct" : "Note");
    show(this.scanner, canControl);
    show(this.probe, canSteer);
    this.root.classList.toggle("steers", canSteer);
    label(this.scanner, frozen ? "play" : "frozen", frozen ? "Unfreeze scanner" : "Freeze scanner");
    label(this.hold, held ? "play" : "pause", held ? "Go on" : "Freeze");
    this.hold.setAttribute("aria-pressed", String(held));
  }
}

/** @param {string} sign @param {string} text @param {() => void} press */
function button(sign, text, press) {
  const node = el("button", "", icon(sign), el("span", "", text));
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

/** @param {HTMLElement} node @param {string} sign @param {string} text */
function label(node, sign, text) {
  setIcon(node.children[0], sign);
  setText(node.children[1], text);
}

/**
 * Keys do what the buttons do. There is none that changes the view: a participant must not leave the arm of a study by a
 * slip of the hand.
 * @param {Record<string, () => void>} keys
 * @param {() => {once: Record<string, () => void>, held: Record<string, (isRepeat: boolean) => void>}} more
 *   those of now; the second go on while they are held
 */
export function listenToKeys(keys, more) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const sheet = event.key !== "Escape" && /** @type {Element} */ (event.target).closest?.(".sheet:not([hidden])");
    if (sheet && (!sheet.matches(".probe") || event.key === " " || event.key === "Enter")) return; // there keys write
    const key = event.key.toLowerCase();
    const { once, held } = more();
    const deed = held[key] ?? (event.repeat ? undefined : (once[key] ?? keys[key]));
    if (!deed) return;
    event.preventDefault();
    deed(event.repeat);
  });
}

export async function toggleFullScreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}
