// The probe's pad: moves, angles and knobs of a source that can be steered, where the probe is, and, when asked, the way.

import { ask } from "./ask.js";
import { el, sentence, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";
import { ProbeMap, sides } from "./probe_map.js";
import { Sheet, button } from "./sheet.js";

/**
 * @typedef {{x_mm: number, z_mm: number, rotate_deg: number, tilt_deg: number, rock_deg: number}} Pose
 * @typedef {{plane: string, distance_mm: number, angle_deg: number, move: string}} Offset
 * @typedef {{seed: number, pose: Pose, depth_mm: number, gain_db: number, is_frozen: boolean, is_sweeping: boolean,
 *   plane: string, is_standard: boolean, offset: Offset}} ProbeState
 */

const ASK_EVERY_MS = 200;
const PLANES = ["head", "abdomen", "femur", "cervix"];
/** Words and a sign for each way to move. @type {[import("./steer.js").Axis, 1|-1, string, string][]} */
const ARROWS = [
  ["up", 1, "up", "Move up"],
  ["right", -1, "left", "Move left"],
  ["right", 1, "right", "Move right"],
  ["up", -1, "down", "Move down"],
];
/** @type {[import("./steer.js").Axis, string, string, string][]} */
const TURNS = [
  ["rotate", "Rotate", "rotate_left", "rotate_right"],
  ["tilt", "Tilt", "tilt_down", "tilt_up"],
  ["rock", "Rock", "rock_left", "rock_right"],
];
/** @type {[import("./steer.js").Axis, string][]} */
const KNOBS = [["depth", "Depth"], ["gain", "Gain"]];

export class ProbeSheet extends Sheet {
  /**
   * @param {HTMLElement} root
   * @param {import("./steer.js").Steering} steering
   */
  constructor(root, steering) {
    super(root, "Probe", { opened: () => this.follow(), closed: () => clearTimeout(this.timer) });
    root.classList.add("probe");
    this.steering = steering;
    this.timer = 0;
    this.map = new ProbeMap();
    this.place = el("p", "place");
    this.angles = el("p", "quiet angles");
    /** @type {Map<string, HTMLElement>} */
    this.values = new Map(KNOBS.map(([axis]) => [axis, el("b")]));
    this.sweep = button("Sweep", "", () => void this.steering.sweep());
    this.sweep.prepend(icon("sweep"));
    this.isFrozen = false;
    this.freeze = button("Freeze", "", () => this.steering.command(this.isFrozen ? "unfreeze" : "freeze"));
    this.freeze.prepend(icon("frozen"));
    const anew = button("New anatomy", "", () => this.steering.anew());
    this.shown = el("span");
    this.far = el("span");
    this.truth = el("p", "truth", el("b", "", "The phantom's truth, not the AI's"), this.shown, this.far);
    this.isShown = false;
    this.way = button("Show the way", "way", () => this.showWay(!this.isShown));
    this.way.prepend(icon("compass"));
    this.showWay(false);
    const where = el("div", "where", this.map.root, el("div", "", this.place, this.angles, this.way));
    const deeds = el("div", "deeds", this.sweep, this.freeze, anew);
    this.body.append(this.goes(), el("div", "pad", this.cross(), this.turns()), this.knobs(), where, this.truth, deeds);
  }

  goes() {
    const row = el("div", "goes");
    row.setAttribute("role", "group");
    row.ariaLabel = "Go near a plane";
    for (const plane of PLANES) row.append(button(sentence(plane), "", () => this.steering.command(`go ${plane}`)));
    return row;
  }

  cross() {
    const cross = el("div", "cross");
    for (const [axis, way, sign, words] of ARROWS) cross.append(this.stepping(axis, way, sign, words, sign));
    return cross;
  }

  turns() {
    const root = el("div", "turns");
    for (const [axis, name, less, more] of TURNS) {
      root.append(el("span", "", name), this.stepping(axis, -1, less, `${name} back`), this.stepping(axis, 1, more, `${name} on`));
    }
    return root;
  }

  knobs() {
    const root = el("div", "knobs");
    for (const [axis, name] of KNOBS) {
      const value = /** @type {HTMLElement} */ (this.values.get(axis));
      const less = this.stepping(axis, -1, "minus", `Less ${name.toLowerCase()}`);
      const more = this.stepping(axis, 1, "plus", `More ${name.toLowerCase()}`);
      root.append(el("div", "", less, el("span", "", `${name} `, value), more));
    }
    return root;
  }

  /** @param {import("./steer.js").Axis} axis @param {1|-1} way @param {string} sign @param {string} words @param {string} [name] */
  stepping(axis, way, sign, words, name = "") {
    const node = el("button", name, icon(sign));
    node.type = "button";
    node.ariaLabel = words;
    this.steering.bind(node, axis, way);
    return node;
  }

  /** @param {boolean} isShown */
  showWay(isShown) {
    this.isShown = isShown;
    this.way.setAttribute("aria-pressed", String(isShown));
    setText(this.way.children[1], isShown ? "Hide the way" : "Show the way");
    show(this.truth, isShown);
  }

  /** Where the probe is, while somebody looks at this. */
  async follow() {
    clearTimeout(this.timer);
    try {
      const { state } = /** @type {{state: ProbeState|null}} */ (await ask("/api/control"));
      if (state) this.render(state);
      else this.lose("The phantom is not there");
    } catch (error) {
      this.lose(sentence(error));
    }
    if (this.isOpen) this.timer = window.setTimeout(() => void this.follow(), ASK_EVERY_MS);
  }

  /** Nothing of where the probe is: what was said of it holds no more. @param {string} why */
  lose(why) {
    setText(this.place, why);
    for (const node of [this.angles, this.shown, this.far, ...this.values.values()]) setText(node, "");
    this.map.lose();
    this.press(false, false);
  }

  /** @param {ProbeState} state */
  render({ pose, depth_mm: depth, gain_db: gain, is_frozen: isFrozen, is_sweeping: isSweeping, plane, is_standard: isStandard, offset }) {
    this.map.render(pose);
    setText(this.place, `${sides(pose.x_mm, "left", "right")}, ${sides(pose.z_mm, "up", "down")}`);
    this.press(isFrozen, isSweeping);
    setText(this.angles, `rotate ${degrees(pose.rotate_deg)} · tilt ${degrees(pose.tilt_deg)} · rock ${degrees(pose.rock_deg)}`);
    setText(/** @type {HTMLElement} */ (this.values.get("depth")), `${(depth / 10).toFixed(1)} cm`);
    setText(/** @type {HTMLElement} */ (this.values.get("gain")), `${gain > 0 ? "+" : ""}${minus(String(Math.round(gain)))} dB`);
    setText(this.shown, `The picture shows ${plane ? `${plane}, ${isStandard ? "standard" : "not standard"}` : "no plane"}.`);
    const far = `${sentence(offset.plane)}: ${Math.round(offset.distance_mm)} mm and ${degrees(offset.angle_deg)} away`;
    setText(this.far, offset.move ? `${far}. Next: ${minus(offset.move)}` : far);
  }

  /** @param {boolean} isFrozen @param {boolean} isSweeping */
  press(isFrozen, isSweeping) {
    this.isFrozen = isFrozen;
    this.freeze.setAttribute("aria-pressed", String(isFrozen));
    setIcon(this.freeze.children[0], isFrozen ? "play" : "frozen");
    setText(this.freeze.children[1], isFrozen ? "Unfreeze" : "Freeze");
    this.sweep.setAttribute("aria-pressed", String(isSweeping));
    setIcon(this.sweep.children[0], isSweeping ? "pause" : "sweep");
  }
}

/** @param {number} value */
function degrees(value) {
  return minus(`${Math.round(value) || 0}°`);
}

/** The sign that is as wide as a plus. @param {string} text */
function minus(text) {
  return text.replace("-", "−");
}
