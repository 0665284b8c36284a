// The sheet on which a person says what is right of the frame on the screen. Each tap is kept at once.

import { el, setText, show } from "./dom.js";
import { icon } from "./icons.js";
import { Intervention } from "./intervention.js";
import { Sheet, choice } from "./sheet.js";
import { LEVEL_WORDS, levelWord } from "./verdict.js";

/** @typedef {import("./protocol.js").Result} Result */
/** @typedef {import("./feedback.js").About} About */

const MOST_LABELS = 12;
const MOST_NOTE = 500;
const NOTES_ALONE = "Note";
/** What is kept, and what is shown of it: of "fills half" and "no kidney", yes and no can be said too. */
const SEEN = [
  { value: "visible", text: "yes" },
  { value: "not visible", text: "no" },
];
const GONE = [{ value: "not visible", text: "not there" }];

export class CorrectionSheet extends Sheet {
  /**
   * @param {HTMLElement} root
   * @param {import("./feedback.js").Feedback} feedback  its Errors' sentences are said in the sheet
   */
  constructor(root, feedback) {
    super(root, "Correct", { closed: () => feedback.closed() });
    this.feedback = feedback;
    /** @type {Intervention|null} */
    this.intervention = null;
    this.kept = el("p", "kept");
    this.kept.setAttribute("role", "status");
    this.footer = el("footer", "", this.said, this.kept);
    root.append(this.footer);
  }

  /**
   * @param {About} about  the very frame, and the answer to it; without one only a note can be given
   * @param {string[]} labels  that verdicts have had
   * @param {boolean} canIntervene  the AI answers again with what is corrected
   */
  show(about, labels, canIntervene) {
    const { result } = about;
    setText(this.title, result ? "Correct" : NOTES_ALONE);
    this.root.ariaLabel = this.title.textContent;
    setText(this.said, "");
    setText(this.kept, "");
    this.intervention = result && canIntervene ? this.begin(about, result) : null;
    const parts = result ? [verdictPart(this, about, result, labels), conceptsPart(this, about, result)] : [];
    if (result && this.intervention) parts.push(outlinesPart(this.intervention, result));
    this.footer.replaceChildren(...(this.intervention ? [this.intervention.root] : []), this.said, this.kept);
    const frame = el("p", "quiet frame", result ? saidOf(result) : `About frame ${about.seq}`);
    this.body.replaceChildren(frame, ...parts, notePart(this, about));
    this.open();
  }

  /** What is corrected of this frame, and what the AI says with that. @param {About} about @param {Result} result */
  begin(about, result) {
    const intervention = new Intervention(
      result.answer.verdict,
      (corrections) => this.feedback.intervene(about, corrections),
      (corrected) => this.isOpen && this.intervention === intervention && this.feedback.draw(corrected),
    );
    return intervention;
  }

  /** @param {About} about @param {{feedback: string, value: unknown, name?: string}} said */
  async keep(about, said) {
    setText(this.kept, "");
    const isKept = await this.attempt(() => this.feedback.send(about, said));
    if (isKept) setText(this.kept, "Kept with this frame");
    return isKept;
  }
}

/** @param {Result} result */
function saidOf({ seq, answer: { verdict } }) {
  return `The AI on frame ${seq}: ${verdict ? `${verdict.label}, ${levelWord(verdict.level)}` : "no verdict"}`;
}

/** @param {CorrectionSheet} sheet @param {About} about @param {Result} result @param {string[]} labels */
function verdictPart(sheet, about, result, labels) {
  const own = result.answer.verdict ? [result.answer.verdict.label] : [];
  const classes = (result.answer.classes ?? []).map(({ name }) => name);
  const known = oneOfEach([...own, ...labels, ...classes]).slice(0, MOST_LABELS);
  const verdict = choice("What it is", known.map((label) => ({ value: label, text: label })), (label) => {
    void sheet.keep(about, { feedback: "verdict", value: { label } });
  });
  const levels = Object.entries(LEVEL_WORDS).map(([value, text]) => ({ value, text, sign: value }));
  const level = choice("How good it is", levels, (value) => {
    void sheet.keep(about, { feedback: "verdict", value: { level: value } });
  });
  level.root.classList.add("levels");
  const what = el("div", "", el("h3", "", "What it is"), verdict.root);
  show(what, known.length > 0);
  return el("section", "verdicts", what, el("div", "", el("h3", "", "How good it is"), level.root));
}

/** "Head" and "head" are one. @param {string[]} labels */
function oneOfEach(labels) {
  return labels.filter((label, at) => labels.findIndex((other) => other.toLowerCase() === label.toLowerCase()) === at);
}

/** @param {CorrectionSheet} sheet @param {About} about @param {Result} result */
function conceptsPart(sheet, about, result) {
  const rows = (result.answer.concepts ?? []).map(({ name }) =>
    row({ name, group: name, values: SEEN }, (value) => {
      const isSaid = sheet.intervention?.concept(name, value === "visible") ?? true;
      void sheet.keep(about, { feedback: "concept", name, value: isSaid ? value : null });
      return isSaid;
    }));
  return listed("What can be seen", rows);
}

/**
 * What is outlined, and may be none. That is no word on a concept, which may have the same name: the AI alone is told.
 * @param {Intervention} intervention
 * @param {Result} result
 */
function outlinesPart(intervention, result) {
  const names = [...new Set((result.answer.outlines ?? []).map(({ label }) => label))].filter(Boolean);
  const rows = names.map((name) =>
    row({ name, group: `Outline: ${name}`, values: GONE }, () => intervention.label(name)));
  return listed("What is outlined", rows);
}

/**
 * A name and what can be said of it.
 * @param {{name: string, group: string, values: typeof SEEN}} shown
 * @param {(value: string) => boolean} tapped  whether it is said now: a second tap of the same may take it back
 */
function row({ name, group, values }, tapped) {
  const said = choice(group, values, (value) => {
    if (!tapped(value)) said.press("");
  });
  return el("li", "", el("span", "", name), said.root);
}

/** @param {string} heading @param {HTMLElement[]} rows */
function listed(heading, rows) {
  const part = el("section", "", el("h3", "", heading), el("ul", "seen", ...rows));
  show(part, rows.length > 0);
  return part;
}

/** @param {CorrectionSheet} sheet @param {About} about */
function notePart(sheet, about) {
  const text = el("textarea", "");
  Object.assign(text, { rows: 2, maxLength: MOST_NOTE, name: "note" });
  const go = el("button", "main-deed", icon("note"), el("span", "", "Keep the note"));
  const form = el("form", "note", el("label", "field", el("span", "", "Note"), text), go);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const value = text.value.trim();
    if (!value || go.disabled) return;
    go.disabled = true;
    if (await sheet.keep(about, { feedback: "note", value })) text.value = "";
    go.disabled = false;
  });
  return form;
}
