// The sheet on which a person says what is right of the frame on the screen. Each tap is kept at once.

import { el, sentence, setText, show } from "./dom.js";
import { icon } from "./icons.js";
import { Sheet, choice, complaint } from "./sheet.js";
import { LEVEL_WORDS, levelWord } from "./verdict.js";

/** @typedef {import("./protocol.js").Result} Result */
/** @typedef {import("./feedback.js").About} About */

const MOST_LABELS = 12;
const MOST_NOTE = 500;
const NOTES_ALONE = "Note";
const SEEN = [
  { value: "visible", text: "visible" },
  { value: "not visible", text: "not visible" },
];

export class CorrectionSheet extends Sheet {
  /**
   * @param {HTMLElement} root
   * @param {(about: About, said: {feedback: string, value: unknown, name?: string}) => Promise<void>} send
   *   its Error's sentence is said in the sheet
   * @param {() => void} closed
   */
  constructor(root, send, closed) {
    super(root, "Correct", { closed });
    this.send = send;
    this.said = complaint();
    this.kept = el("p", "kept");
    this.kept.setAttribute("role", "status");
    root.append(el("footer", "", this.said, this.kept));
  }

  /**
   * @param {About} about  the very frame, and the answer to it; without one only a note can be given
   * @param {string[]} labels  that verdicts have had
   */
  show(about, labels) {
    const { result } = about;
    setText(this.title, result ? "Correct" : NOTES_ALONE);
    this.root.ariaLabel = this.title.textContent;
    setText(this.said, "");
    setText(this.kept, "");
    const parts = result ? [verdictPart(this, about, result, labels), conceptsPart(this, about, result)] : [];
    const frame = el("p", "quiet frame", result ? saidOf(result) : `About frame ${about.seq}`);
    this.body.replaceChildren(frame, ...parts, notePart(this, about));
    this.open();
  }

  /** @param {About} about @param {{feedback: string, value: unknown, name?: string}} said */
  async keep(about, said) {
    setText(this.said, "");
    try {
      await this.send(about, said);
      setText(this.kept, "Kept with this frame");
      return true;
    } catch (error) {
      setText(this.kept, "");
      setText(this.said, sentence(error));
      return false;
    }
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
  const rows = (result.answer.concepts ?? []).map(({ name }) => {
    const seen = choice(name, SEEN, (value) => void sheet.keep(about, { feedback: "concept", name, value }));
    return el("li", "", el("span", "", name), seen.root);
  });
  const part = el("section", "", el("h3", "", "What can be seen"), el("ul", "seen", ...rows));
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
