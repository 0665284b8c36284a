// Steering the phantom's probe: steps of keys and buttons become commands, one under way at a time, none of them old.

/** The shortest time between two commands, and between two steps of a key or a button that is held. */
const GAP_MS = 50;
const STEP_EVERY_MS = 80;
const HOLD_AFTER_MS = 350;

/** What a step does, by its command's word: mm, degrees or dB. */
const STEPS = { right: 2, up: 2, rotate: 2, tilt: 1, rock: 2, depth: 10, gain: 2 };
/** @typedef {keyof typeof STEPS} Axis */

/** Keys that step, and how. @type {Record<string, [Axis, 1|-1]>} */
const STEP_KEYS = {
  arrowright: ["right", 1],
  arrowleft: ["right", -1],
  arrowup: ["up", 1],
  arrowdown: ["up", -1],
  e: ["rotate", 1],
  q: ["rotate", -1],
  w: ["tilt", 1],
  x: ["tilt", -1],
  pageup: ["tilt", 1],
  pagedown: ["tilt", -1],
  l: ["rock", 1],
  j: ["rock", -1],
  "]": ["depth", 1],
  "[": ["depth", -1],
  ".": ["gain", 1],
  ",": ["gain", -1],
};
/** Keys that bring the probe near a plane. */
const PLANE_KEYS = { 1: "head", 2: "abdomen", 3: "femur", 4: "cervix" };
const SEEDS = 10_000;

export class Steering {
  /**
   * @param {{send: (command: string) => Promise<void>, failed: (error: unknown) => void, isSweeping: () => Promise<boolean>}} on
   *   send: resolves once it is done
   */
  constructor(on) {
    this.on = on;
    /** Steps that wait, summed for each axis. @type {Map<Axis, number>} */
    this.steps = new Map();
    /** The newest other command that waits. @type {string|null} */
    this.other = null;
    this.isBusy = false;
    /** When each key last stepped. @type {Map<string, number>} */
    this.stepped = new Map();
  }

  /**
   * One step more; steps that wait add up.
   * @param {Axis} axis
   * @param {1|-1} way
   */
  step(axis, way) {
    this.steps.set(axis, (this.steps.get(axis) ?? 0) + way * STEPS[axis]);
    void this.go();
  }

  /** A command that makes all that waits pointless, such as `go head`. @param {string} command */
  command(command) {
    this.steps.clear();
    this.other = command;
    void this.go();
  }

  /** Another mother and fetus. */
  anew() {
    this.command(`anatomy ${Math.floor(Math.random() * SEEDS)}`);
  }

  async sweep() {
    try {
      this.command((await this.on.isSweeping()) ? "sweep off" : "sweep on");
    } catch (error) {
      this.on.failed(error);
    }
  }

  /** Send what waits, one after the other. */
  async go() {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (let next = this.take(); next; next = this.take()) {
        await Promise.all([this.on.send(next), new Promise((done) => setTimeout(done, GAP_MS))]);
      }
    } catch (error) {
      this.steps.clear();
      this.other = null;
      this.on.failed(error);
    } finally {
      this.isBusy = false;
    }
  }

  /** What is to be sent next, or an empty text. */
  take() {
    if (this.other !== null) {
      const command = this.other;
      this.other = null;
      return command;
    }
    for (const [axis, sum] of this.steps) {
      this.steps.delete(axis);
      if (sum !== 0) return `${axis} ${sum}`;
    }
    return "";
  }

  /** What each key does; the second table's keys go on while they are held. */
  keys() {
    /** @type {Record<string, () => void>} */
    const once = { 0: () => void this.sweep() };
    for (const [key, plane] of Object.entries(PLANE_KEYS)) once[key] = () => this.command(`go ${plane}`);
    /** @type {Record<string, (isRepeat: boolean) => void>} */
    const held = {};
    for (const [key, [axis, way]] of Object.entries(STEP_KEYS)) held[key] = (isRepeat) => this.key(isRepeat, key, axis, way);
    return { once, held };
  }

  /**
   * A held key steps at a pace of its own, not at that of the keyboard.
   * @param {boolean} isRepeat
   * @param {string} key
   * @param {Axis} axis
   * @param {1|-1} way
   */
  key(isRepeat, key, axis, way) {
    const now = performance.now();
    if (isRepeat && now - (this.stepped.get(key) ?? -Infinity) < STEP_EVERY_MS) return;
    this.stepped.set(key, now);
    this.step(axis, way);
  }

  /**
   * A button steps when it is pressed, and goes on while it is held down.
   * @param {HTMLButtonElement} node
   * @param {Axis} axis
   * @param {1|-1} way
   */
  bind(node, axis, way) {
    let timer = 0;
    const stop = () => clearTimeout(timer);
    const again = (/** @type {number} */ delay) => {
      this.step(axis, way);
      timer = window.setTimeout(() => again(STEP_EVERY_MS), delay);
    };
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      stop();
      again(HOLD_AFTER_MS);
    });
    for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) node.addEventListener(name, stop);
    node.addEventListener("contextmenu", (event) => event.preventDefault());
    node.addEventListener("click", (event) => event.detail === 0 && this.step(axis, way)); // of a keyboard, or a screen reader
  }
}
