// The session: start it, see who is scanned and what is recorded, end it, and what it leaves.

import { ask, post } from "./ask.js";
import { el, sentence, setText, show } from "./dom.js";
import { icon } from "./icons.js";
import { clockOf, spaceOf } from "./recording.js";
import { sessionForm } from "./session_form.js";
import { bestFrames, linksOf } from "./session_kept.js";
import { scaleWords } from "./scale.js";
import { Sheet, button } from "./sheet.js";

/** @typedef {import("./session_kept.js").Best} Best */
/**
 * @typedef {{name: string, participant: string, arm: string, consent: boolean|null, start_wall_ns: number,
 *   running_ms: number, recording: boolean}} Session
 * @typedef {{session: Session|null, recorder: import("./protocol.js").Recorder|null, last: string|null,
 *   proposed: {participant: string, arm: string}, arms: {name: string, title: string}[], needs_consent: boolean,
 *   questionnaires: {name: string, title: string}[], labels: string[]}} About
 */

export class SessionSheet extends Sheet {
  /**
   * @param {HTMLElement} root
   * @param {{record: (on: boolean) => Promise<void>, setScale: () => void, say: (words: {sign: string, text: string}) => void}} deeds
   */
  constructor(root, deeds) {
    super(root, "Session", { opened: () => void this.refresh() });
    this.deeds = deeds;
    /** @type {import("./protocol.js").State|null} */
    this.state = null;
    this.running = runningPart(() => void this.record(), () => void this.end());
    this.scale = el("p", "quiet");
    /** Name of the session that this sheet shows; undefined: nothing was built yet. @type {string|null|undefined} */
    this.shows = undefined;
    this.hasEnded = false;
    /** Best frames are the AI's choice: the control arm of a study sees none. */
    this.showsAi = false;
  }

  /** Ask the server how things stand, and build the sheet for that. */
  async refresh() {
    try {
      const [about, { best }] = /** @type {[About, {best: Best[]}]} */ (await Promise.all([ask("/api/session"), ask("/api/best")]));
      this.shows = about.session?.name ?? null;
      this.body.replaceChildren(...(about.session ? this.whileRunning(about, best) : this.whileNone(about, best)));
      this.render(this.state);
    } catch (error) {
      this.body.replaceChildren(this.said);
      setText(this.said, sentence(error));
    }
  }

  /** @param {About} about @param {Best[]} best */
  whileRunning({ session, arms, questionnaires }, best) {
    this.hasEnded = false;
    const { participant, arm, consent, start_wall_ns: start } = /** @type {Session} */ (session);
    setText(this.said, "");
    this.running.asks(false);
    this.running.tell({
      who: participant || "no code",
      arm: arms.find(({ name }) => name === arm)?.title ?? (arm || "none"),
      consent: consent === true ? "given" : consent === false ? "not given" : "not asked",
      since: new Date(start / 1e6).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
    });
    const links = questionnaires.length > 0 ? [linksOf(/** @type {Session} */ (session).name, questionnaires)] : [];
    return [this.running.root, this.said, ...this.scaled(), ...this.kept(best), ...links];
  }

  /** @param {About} about @param {Best[]} best */
  whileNone(about, best) {
    const { last, questionnaires } = about;
    const form = sessionForm(about, (asked) => this.start(asked));
    if (!last) return [form, ...this.scaled()];
    const heading = el("h3", "", this.hasEnded ? "The session has ended" : "The last session");
    const after = el("section", "after", heading, el("p", "quiet", last), linksOf(last, questionnaires), ...this.kept(best));
    if (!this.hasEnded) return [form, ...this.scaled(), after];
    const anew = button("New session", "main-deed", () => {
      anew.replaceWith(form);
      form.querySelector("input")?.focus();
    });
    return [after, anew];
  }

  /** @param {Best[]} best */
  kept(best) {
    return this.showsAi ? [bestFrames(best)] : [];
  }

  /** How large a pixel is: for what an AI measures, so that a view without one has it not. */
  scaled() {
    if (!this.showsAi) return [];
    const set = button("Set the scale", "", () => this.deeds.setScale());
    set.prepend(icon("ruler"));
    return [el("section", "running", el("h3", "", "Scale"), this.scale, set)];
  }

  /** What changes by itself. @param {import("./protocol.js").State|null} state */
  render(state) {
    this.state = state;
    if (!this.isOpen || !state || this.shows === undefined) return;
    setText(this.scale, sentence(scaleWords(state.spacing)));
    const now = state.session?.name ?? null;
    if (now !== this.shows) {
      this.hasEnded = now === null;
      this.shows = undefined; // once, until the answer is here
      return void this.refresh();
    }
    this.running.render(state);
  }

  /** @param {object} asked */
  async start(asked) {
    await post("/api/session/start", asked);
    this.close();
    this.deeds.say({ sign: "tick", text: "The session has started" });
  }

  async record() {
    await this.attempt(() => this.deeds.record(!this.state?.session?.recording));
  }

  async end() {
    await this.attempt(async () => {
      await post("/api/session/end", {});
      this.hasEnded = true;
      await this.refresh();
      this.title.focus();
    });
  }
}

/** Who, since when, what is recorded; and the two buttons. @param {() => void} record @param {() => void} end */
function runningPart(record, end) {
  const facts = el("dl", "facts");
  const [recorded, lost, room] = [el("b"), el("span", "quiet"), el("span", "quiet")];
  const recordButton = button("Record", "record-deed", record);
  recordButton.prepend(el("i", "dot"));
  const endButton = button("End session", "end-deed", () => asks(true));
  const really = button("End it now", "main-deed", end);
  const goOn = button("Go on", "", () => asks(false));
  really.prepend(icon("ended"));
  const question = el("div", "question", el("p", "", "End the session? A new one needs a new start."), el("div", "pair", really, goOn));
  const running = el("dd", "");
  const root = el("section", "running", facts, el("p", "recorded", recorded, lost, room), recordButton, endButton, question);

  /** @param {boolean} isAsked */
  function asks(isAsked) {
    show(question, isAsked);
    show(endButton, !isAsked);
    if (isAsked) goOn.focus();
  }
  /** @param {{who: string, arm: string, consent: string, since: string}} about */
  function tell({ who, arm, consent, since }) {
    const fact = (/** @type {string} */ name, /** @type {Node|string} */ value) => el("div", "", el("dt", "", name), typeof value === "string" ? el("dd", "", value) : value);
    facts.replaceChildren(fact("Participant", who), fact("Arm", arm), fact("Consent", consent), fact("Since", since), fact("Runs for", running));
  }
  /** @param {import("./protocol.js").State} state */
  function render({ session, recorder }) {
    const isOn = session?.recording === true;
    setText(running, clockOf(session?.running_ms ?? 0));
    setText(recorded, wordsOf(recorder ?? null, isOn));
    setText(lost, recorder && recorder.losses > 0 ? `${recorder.losses} frames lost` : "");
    setText(room, spaceOf(recorder));
    setText(recordButton.children[1], isOn ? "Stop recording" : "Record");
    recordButton.setAttribute("aria-pressed", String(isOn));
  }
  asks(false);
  return { root, asks, tell, render };
}

/** @param {import("./protocol.js").Recorder|null} recorder @param {boolean} isOn */
function wordsOf(recorder, isOn) {
  if (recorder?.state === "recording") return `Recording ${clockOf(recorder.recording_ms)}`;
  if (isOn) return recorder?.message || "Waiting for the recorder";
  return "Video is not recorded";
}
