// The buttons and keys that move through a session.

import { el, setText } from "../dom.js";
import { icon, setIcon } from "../icons.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4];

/** @typedef {import("./player.js").Player} Player */
/** @typedef {{overlay: () => void, fit: () => void, snapshot: () => void, help: () => void}} Deeds */

export const KEYS = [
  ["Space", "play and pause"],
  ["← →", "one frame back or on"],
  ["Shift ← →", "one second back or on"],
  ["J K L", "back five seconds, pause, on five seconds"],
  ["Home End", "to the beginning, to the end"],
  ["+ −", "zoom the timeline"],
  ["O", "shapes on and off"],
  ["S", "tick the kept picture at this place for the report"],
  ["F", "the picture fills its place, or is whole"],
  ["?", "this help"],
];

export class Transport {
  /** @param {Player} player @param {Deeds} deeds */
  constructor(player, deeds) {
    this.player = player;
    this.deeds = deeds;
    this.play = button("play", "Play", () => player.toggle(), "main-deed");
    this.speed = el("select", "speed");
    this.speed.ariaLabel = "Speed";
    this.speed.append(...SPEEDS.map((speed) => option(speed)));
    this.speed.value = "1";
    this.speed.addEventListener("change", () => player.setSpeed(Number(this.speed.value)));
    this.overlay = button("shapes", "Shapes on the picture", deeds.overlay);
    this.fit = button("screen", "Picture fills its place", deeds.fit);
    this.root = el(
      "div",
      "transport",
      button("step_back", "One frame back", () => player.step(-1)),
      this.play,
      button("step_on", "One frame on", () => player.step(1)),
      this.speed,
      this.overlay,
      this.fit,
    );
    this.root.setAttribute("role", "toolbar");
    this.root.ariaLabel = "Player";
  }

  /** @param {{overlay: boolean, fills: boolean}} screen */
  render({ overlay, fills }) {
    const { isPlaying } = this.player;
    setIcon(this.play.children[0], isPlaying ? "pause" : "play");
    this.play.ariaLabel = this.play.title = isPlaying ? "Pause" : "Play";
    this.overlay.ariaPressed = String(overlay);
    this.fit.ariaPressed = String(fills);
  }
}

/** @param {number} speed */
function option(speed) {
  const node = el("option");
  node.value = String(speed);
  setText(node, `${speed} ×`);
  return node;
}

/** @param {string} sign @param {string} name @param {() => void} deed @param {string} [kind] */
export function button(sign, name, deed, kind = "") {
  const node = el("button", kind, icon(sign));
  Object.assign(node, { type: "button", ariaLabel: name, title: name });
  node.addEventListener("click", deed);
  return node;
}

/** @param {Player} player @param {import("./timeline.js").Timeline} timeline @param {Deeds} deeds */
export function listenToKeys(player, timeline, deeds) {
  /** @type {Record<string, (isShift: boolean) => void>} */
  const keys = {
    " ": () => player.toggle(),
    ArrowLeft: (isShift) => (isShift ? player.jump(-1) : player.step(-1)),
    ArrowRight: (isShift) => (isShift ? player.jump(1) : player.step(1)),
    j: () => player.jump(-5),
    k: () => player.pause(),
    l: () => player.jump(5),
    Home: () => player.goTo(0),
    End: () => player.goTo(player.frames.length - 1),
    "+": () => timeline.zoom(0.5, timeline.atS),
    "=": () => timeline.zoom(0.5, timeline.atS),
    "-": () => timeline.zoom(2, timeline.atS),
    o: () => deeds.overlay(),
    s: () => deeds.snapshot(),
    f: () => deeds.fit(),
    "?": () => deeds.help(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (target instanceof Element && target.closest("input, textarea, select, dialog")) return;
    const isButton = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(keys, key) || (key === " " && isButton)) return;
    event.preventDefault();
    keys[key](event.shiftKey);
  });
}
