// The buttons and keys: snapshot, hold the picture, freeze the synthetic scanner, full screen.

import { el, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/**
 * @typedef {{snapshot: () => Promise<void>, hold: () => void, scanner: () => Promise<void>}} Deeds
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
    this.scanner.classList.add("quiet");
    root.append(this.scanner, this.snapshot, this.hold);
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

  /** @param {{controls: boolean, canControl: boolean, held: boolean, frozen: boolean}} now */
  render({ controls, canControl, held, frozen }) {
    show(this.root, controls);
    show(this.scanner, canControl);
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
 */
export function listenToKeys(keys) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const deed = keys[event.key.toLowerCase()];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}

export async function toggleFullScreen() {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}

/**
 * Ask the server for a deed. Throws an Error with the server's own sentence where it says no.
 * @param {string} path
 * @param {object} body
 */
export async function post(path, body) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("the server cannot be reached");
  }
  if (!response.ok) throw new Error(await whyNot(response));
}

/**
 * The server's own sentence, or its status where it has none.
 * @param {Response} response
 */
export async function whyNot(response) {
  return sentenceIn(await response.text()) || `the server answered ${response.status} ${response.statusText}`;
}

/** @param {string} text */
function sentenceIn(text) {
  try {
    const { error, message } = JSON.parse(text);
    return String(error ?? message ?? "");
  } catch {
    return text.startsWith("<") ? "" : text.slice(0, 300);
  }
}
