// What a person can do: keep the frame, hold the picture, freeze the synthetic scanner, swap the pictures.

import { post } from "./ask.js";
import { thumbnailOf } from "./toasts.js";

/** @typedef {import("./judge.js").Known} Known */
/** @typedef {import("./judge.js").Parts} Parts */

/** A screen that changed was noticed at the latest so long after. */
const NOTICED_MS = 2000;

export class Deeds {
  /**
   * @param {Known} known
   * @param {Parts} parts
   * @param {{changed: () => void, say: (toast: {sign: string, text: string, thumbnail?: HTMLCanvasElement, forMs?: number}) => void,
   *   note: (sentence: string) => void}} on
   */
  constructor(known, parts, on) {
    this.known = known;
    this.parts = parts;
    this.on = on;
    this.snapshot = () => this.attempt("Snapshot not saved", () => this.keep());
    this.scanner = () => this.attempt("The scanner did not obey", () => this.freezeScanner());
    this.hold = () => this.toggleHold();
    this.swap = () => {
      known.swapped = !known.swapped;
      on.changed();
    };
  }

  /** The exact frame that is large now, with what the AI said of it. */
  async keep() {
    const { stage } = this.parts;
    const shot = stage.shown;
    if (!shot) throw new Error("there is no picture yet");
    const thumbnail = thumbnailOf(stage.large);
    const { seq, result } = shot.header;
    const kept = await post("/api/snapshot", { seq, engine: result?.engine ?? null, view: this.known.hello?.view.name ?? "" });
    const clip = kept.clip ? "with the seconds before" : "without a clip";
    this.on.say({ sign: "tick", text: `Saved · frame ${seq} · ${clip}`, thumbnail });
  }

  async freezeScanner() {
    await post("/api/control", { command: this.known.isFrozen ? "unfreeze" : "freeze" });
  }

  /** Video from now on, or no more, while everything else goes on. @param {boolean} on */
  async record(on) {
    await post("/api/session/record", { on });
    this.on.say({ sign: on ? "record" : "ended", text: on ? "Video is recorded" : "Video is not recorded any more" });
  }

  toggleHold() {
    const { known, parts } = this;
    if (known.held) {
      known.held = null;
      parts.stage.release();
    } else {
      if (!parts.stage.hold()) return;
      known.held = { at: performance.now(), answered: this.answerOnScreen() };
    }
    this.sayHold();
    this.on.changed();
  }

  /**
   * What is held back is on no canvas and in no memory of this page: it must not come back with another trouble.
   * @param {number} now
   */
  withhold(now) {
    const { stage } = this.parts;
    if (stage.held && now - stage.held.capturedAt < NOTICED_MS) this.toggleHold();
    stage.blank();
  }

  /** The answer of the very frame that is held; over a live picture, the one that stood beside it. */
  answerOnScreen() {
    const { stage, answers } = this.parts;
    const shot = stage.shown;
    if (shot?.header.result) return { result: shot.header.result, capturedAt: shot.capturedAt };
    return answers.newest.get(this.known.firstEngine) ?? null;
  }

  /**
   * So that the server keeps the frame that the person studies, and the one whose answer stands beside it: a snapshot of
   * the first may come minutes later, or a correction of the second.
   */
  sayHold() {
    const { connection, stage } = this.parts;
    const { held } = this.known;
    const seqs = held ? [stage.held?.header.seq, held.answered?.result.seq] : [null];
    for (const seq of new Set(seqs)) if (seq !== undefined) connection.send({ type: "hold", seq });
  }

  /** @param {string} failure @param {() => Promise<void>} deed */
  async attempt(failure, deed) {
    try {
      await deed();
    } catch (error) {
      const text = `${failure}: ${error instanceof Error ? error.message : error}`;
      this.on.note(text);
      this.on.say({ sign: "error", text, forMs: 8000 });
    }
  }
}
