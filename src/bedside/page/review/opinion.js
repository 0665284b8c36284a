// What one engine says of the frame on the screen, and beside it what the reviewer said of that.

import { el, rows, setText, show } from "../dom.js";
import { Explanation } from "../explanation.js";
import { icon, setIcon } from "../icons.js";
import { VerdictBlock, levelOf } from "../verdict.js";
import { Correction } from "./correction.js";
import { LEVELS, lasting } from "./words.js";

/** @typedef {import("./answers.js").Found} Found */
/** @typedef {import("./api.js").Note} Note */
/** @typedef {import("./notes.js").Said} Said */
/** @typedef {{sign: string, was: string, now: string, back: Note}} Change  back: what takes it back */

/** An answer that is older than this speaks of another picture. */
export const OLD_S = 1;

export class Opinion {
  /**
   * @param {string} title
   * @param {{labels: () => string[], note: (note: Note) => Promise<boolean>}|null} on  null: nothing can be said of it
   */
  constructor(title, on) {
    this.on = on;
    /** @type {Found|null} */
    this.found = null;
    /** @type {Said|null} */
    this.said = null;
    this.replay = "";
    this.title = el("h2", "opinion-title", title);
    this.when = el("p", "when");
    this.verdict = new VerdictBlock();
    this.explanation = new Explanation();
    this.changes = el("ul", "changes");
    this.comment = el("p", "comment");
    this.yours = el("section", "yours", el("h3", "", "You said"), this.changes, this.comment);
    this.yours.ariaLabel = "What you said of it";
    this.correct = this.button("pencil", "Correct", () => this.edit());
    this.reject = this.button("off", "Reject", () => this.toggleRejected());
    this.write = this.button("note", "Comment", () => this.edit(true));
    this.buttons = el("div", "deeds", this.correct, this.reject, this.write);
    /** @type {(row: number) => void} */
    this.takeBack = () => {};
    this.correction = new Correction((notes) => this.keep(notes));
    const parts = [this.verdict.root, this.yours, this.buttons, this.correction.root, this.explanation.root];
    this.root = el("article", "opinion", el("header", "", this.title, this.when), ...parts);
    this.root.ariaLabel = title;
  }

  /** @param {string} sign @param {string} text @param {() => void} deed */
  button(sign, text, deed) {
    const node = el("button", "", icon(sign), el("span", "", text));
    node.type = "button";
    node.addEventListener("click", deed);
    return node;
  }

  /** @param {Found|null|undefined} found  undefined: still on its way @param {Said|null} said @param {string} [replay]  whose it is */
  render(found, said, replay = this.replay) {
    this.replay = replay;
    if (found?.result !== this.found?.result) this.correction.close();
    [this.found, this.said] = [found ?? null, said];
    this.verdict.render(found ? { ...found.result, age_ms: found.ageS * 1000 } : null, conditionOf(found));
    setText(this.when, found ? whenOf(found) : "");
    this.explanation.render(found?.result.answer ?? {}, Boolean(found && found.ageS > OLD_S));
    this.explanation.renderOthers([]);
    show(this.explanation.root, Boolean(found) && !this.correction.isOpen);
    show(this.buttons, Boolean(found && this.on) && !this.correction.isOpen);
    this.renderSaid(found ?? null, said);
  }

  buildChange() {
    const back = el("button", "round", icon("close"));
    Object.assign(back, { type: "button", ariaLabel: "Take it back", title: "Take it back" });
    const row = el("li", "", icon("pencil"), el("p", "", el("b", "now"), el("span", "was")), back);
    back.addEventListener("click", () => this.takeBack([...this.changes.children].indexOf(row)));
    return row;
  }

  /** @param {Found|null} found @param {Said|null} said */
  renderSaid(found, said) {
    const changes = found && said ? changesOf(found, said) : [];
    rows(this.changes, changes, () => this.buildChange(), fillChange);
    this.takeBack = (row) => void this.keep([changes[row].back]);
    setText(this.comment, said?.comment ?? "");
    show(this.comment, Boolean(said?.comment));
    show(this.yours, changes.length > 0 || Boolean(said?.comment));
    this.root.classList.toggle("is-rejected", said?.isRejected ?? false);
    this.reject.ariaPressed = String(said?.isRejected ?? false);
  }

  edit(isComment = false) {
    if (!this.found || !this.said || !this.on) return;
    this.correction.open(this.found.result, this.said, this.on.labels(), isComment);
    this.render(this.found, this.said);
  }

  toggleRejected() {
    if (this.said) void this.keep([{ note: "reject", rejected: !this.said.isRejected }]);
  }

  /** @param {Note[]} notes */
  async keep(notes) {
    if (!this.found || !this.on) return;
    const { seq, captured_ns, engine } = this.found.result;
    const its = { seq, captured_ns, engine, ...(this.replay && { replay: this.replay }) };
    for (const note of notes) {
      const whose = note.note === "comment" ? { seq, captured_ns } : its;
      if (!(await this.on.note({ ...note, ...whose }))) return;
    }
    this.correction.close();
    this.render(this.found, this.said);
  }
}

/** @param {Found|null|undefined} found @returns {import("../stale.js").Condition} */
function conditionOf(found) {
  if (found === undefined) return { kind: "waiting", icon: "waiting", title: "Loading", detail: "" };
  if (found === null) return { kind: "waiting", icon: "none", title: "No answer", detail: "none to this frame, nor shortly before it" };
  if (found.ageS <= OLD_S) return { kind: "fresh", icon: "", title: "", detail: "" };
  return { kind: "stale", icon: "late", title: `answers a frame ${lasting(found.ageS)} before`, detail: "" };
}

/** @param {Found} found */
function whenOf({ isExact, ageS, result }) {
  const took = result.timing?.model_ms ? ` · ${Math.round(result.timing.model_ms)} ms` : "";
  if (isExact) return `of this very frame${took}`;
  return `of frame ${result.seq}, ${ageS < 1 ? `${Math.round(ageS * 1000)} ms` : lasting(ageS)} before${took}`;
}

/** @param {Found} found @param {Said} said @returns {Change[]} */
function changesOf({ result }, { isRejected, verdict, concepts }) {
  /** @type {Change[]} */
  const changes = [];
  if (isRejected) changes.push({ sign: "off", was: "", now: "Rejected: this answer does not count", back: { note: "reject", rejected: false } });
  if (verdict) {
    const model = result.answer.verdict;
    const now = [verdict.label, verdict.level && LEVELS[/** @type {keyof typeof LEVELS} */ (verdict.level)]];
    changes.push({
      sign: levelOf(verdict.level),
      was: model ? `${model.label}, ${LEVELS[/** @type {keyof typeof LEVELS} */ (levelOf(model.level))]}` : "no verdict",
      now: now.filter(Boolean).join(", "),
      back: { note: "edit", field: "verdict", value: null },
    });
  }
  for (const [name, value] of concepts) {
    const ok = result.answer.concepts?.find((concept) => concept.name === name)?.ok;
    const was = ok === true ? "present" : ok === false ? "missing" : "not known";
    const sign = value === "present" ? "tick" : value === "missing" ? "empty" : "unknown";
    changes.push({ sign, was, now: `${name}: ${value}`, back: { note: "edit", field: "concept", name, value: null } });
  }
  return changes;
}

/** @param {HTMLElement} row @param {Change} change */
function fillChange(row, { sign, was, now }) {
  setIcon(row.children[0], sign);
  setText(row.children[1].children[0], now);
  setText(row.children[1].children[1], was && `the AI said: ${was}`);
}
