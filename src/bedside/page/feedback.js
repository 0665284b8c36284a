// What a person says of the AI: tied to the very frame and answer that were on the screen.

import { ask, post } from "./ask.js";

/** @typedef {import("./protocol.js").Result} Result */
/** @typedef {{seq: number, engine: string, result: Result|null}} About  a frame, and the answer to it */

/** Whether a view says anything of the AI, so that there is something to judge. @param {import("./protocol.js").Hello} hello */
export function judges({ view, engines }) {
  return (view.verdict || view.explanation || view.overlay) && engines.length > 0;
}

export class Feedback {
  /**
   * @param {import("./judge.js").Known} known
   * @param {import("./judge.js").Parts} parts
   * @param {import("./deeds.js").Deeds} deeds
   * @param {(words: {sign: string, text: string, forMs?: number}) => void} say
   */
  constructor(known, parts, deeds, say) {
    this.known = known;
    this.parts = parts;
    this.deeds = deeds;
    this.say = say;
    /** The picture stands still for the sheet, and goes on with its end. */
    this.holds = false;
    this.up = () => deeds.attempt("Not kept", () => this.thumb("up"));
    this.down = () => deeds.attempt("Not kept", () => this.thumb("down"));
    this.correct = () => deeds.attempt("Not possible", () => this.openSheet());
    /** @type {import("./correction.js").CorrectionSheet} */
    this.sheet;
  }

  /** The frame on the screen and the answer that is said there. Throws an Error where there is none. @returns {About} */
  about() {
    const { known, parts, deeds } = this;
    const shot = parts.stage.shown;
    if (!known.hello || !shot) throw new Error("there is no picture yet");
    if (!judges(known.hello)) return { seq: shot.header.seq, engine: "", result: null };
    const result = (known.held ? known.held.answered : deeds.answerOnScreen())?.result ?? null;
    return result ? { seq: result.seq, engine: result.engine, result } : { seq: shot.header.seq, engine: "", result: null };
  }

  /** @param {"up"|"down"} value */
  async thumb(value) {
    const about = this.about();
    if (!about.result) throw new Error("there is no answer to judge yet");
    await this.send(about, { feedback: "thumb", value });
    this.say({ sign: `thumb_${value}`, text: `${value === "up" ? "Right" : "Wrong"} · frame ${about.seq}` });
  }

  /** The picture stands still while it is spoken of, and the server keeps it as long. */
  async openSheet() {
    const about = this.about();
    if (!this.known.held) {
      this.deeds.hold();
      this.holds = this.known.held !== null;
    }
    this.sheet.show(about, await labelsOf(), this.canIntervene(about));
  }

  /** The sheet was closed. */
  closed() {
    this.parts.stage.correct(null);
    if (this.holds && this.known.held) this.deeds.hold();
    this.holds = false;
  }

  /** Whether its engine answers that frame again, on a page that says why it answers so. @param {About} about */
  canIntervene({ engine, result }) {
    const { hello, state } = this.known;
    const asked = state?.engines.find(({ name }) => name === engine);
    return Boolean(result && !result.error && hello?.view.explanation && asked?.takes_corrections);
  }

  /**
   * The answer to that frame with what is corrected of it; drawn over the picture by `draw`.
   * @param {About} about
   * @param {import("./intervention.js").Corrections} corrections
   * @returns {Promise<Result>}
   */
  async intervene({ seq, engine }, corrections) {
    const { hello } = this.known;
    const asked = { seq, engine, view: hello?.view.name ?? "", page: hello?.page ?? "", ...corrections };
    return (await post("/api/intervention", asked)).result;
  }

  /** @param {Result|null} result */
  draw(result) {
    this.parts.stage.correct(result);
  }

  /** @param {About} about @param {{feedback: string, value: unknown, name?: string}} said */
  async send({ seq, engine }, said) {
    const { hello } = this.known;
    await post("/api/feedback", { seq, engine, view: hello?.view.name ?? "", page: hello?.page ?? "", ...said });
  }
}

/** Labels that verdicts have had; none where the server does not say. @returns {Promise<string[]>} */
async function labelsOf() {
  try {
    return (await ask("/api/session")).labels ?? [];
  } catch {
    return []; // those of the answer itself are there all the same
  }
}
