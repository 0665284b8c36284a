// What a person corrects of one frame, and what the AI says with that: it is asked again after each tap.

import { el, sentence, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";
import { levelOf, levelWord } from "./verdict.js";

/** @typedef {import("./protocol.js").Result} Result */
/** @typedef {import("./protocol.js").Verdict} Verdict */
/** @typedef {{concepts: Record<string, boolean>, labels: Record<string, false>}} Corrections */

const LATE_MS = 300;

export class Intervention {
  /**
   * @param {Verdict|undefined} before  what the AI said at first
   * @param {(corrections: Corrections) => Promise<Result>} ask  its Error's sentence is said here
   * @param {(result: Result|null) => void} shown  draws the corrected answer; null is the first one again
   */
  constructor(before, ask, shown) {
    this.before = before;
    this.ask = ask;
    this.shown = shown;
    /** @type {Corrections} */
    this.corrections = { concepts: {}, labels: {} };
    this.asked = 0;
    this.sign = icon("unknown");
    this.now = el("strong");
    this.was = el("span");
    this.root = el("section", "corrected", this.sign, el("p", "", this.now, this.was));
    this.root.setAttribute("role", "status");
    show(this.root, false);
  }

  /** Says it, or takes it back where just that was said; whether it is said now. @param {string} name @param {boolean} value */
  concept(name, value) {
    return this.toggle(this.corrections.concepts, name, value);
  }

  /** The same of an outlined structure that is not there. @param {string} name */
  label(name) {
    return this.toggle(this.corrections.labels, name, false);
  }

  /** @template {boolean} Value @param {Record<string, Value>} part @param {string} name @param {Value} value */
  toggle(part, name, value) {
    const isSaid = !(Object.hasOwn(part, name) && part[name] === value);
    if (isSaid) part[name] = value;
    else delete part[name];
    void this.renew();
    return isSaid;
  }

  /** The answer to the last tap counts, whichever comes last. */
  async renew() {
    const number = ++this.asked;
    if (!Object.keys({ ...this.corrections.concepts, ...this.corrections.labels }).length) return this.tell(null);
    const late = setTimeout(() => number === this.asked && this.say("restarting", "The AI is asked again", "", "none"), LATE_MS);
    try {
      const result = await this.ask(this.corrections);
      if (number === this.asked) this.tell(result);
    } catch (error) {
      if (number !== this.asked) return;
      this.shown(null);
      this.say("failed", "No answer with this", sentence(error), "none");
    } finally {
      clearTimeout(late);
    }
  }

  /** @param {Result|null} result */
  tell(result) {
    this.shown(result);
    if (!result) return show(this.root, false);
    const { verdict } = result.answer;
    const level = levelOf(verdict?.level);
    this.say(verdict ? level : "unknown", `With this: ${wordsOf(verdict)}`, `(${wasOf(this.before, verdict)})`, level);
  }

  /** @param {string} sign @param {string} now @param {string} was @param {string} level */
  say(sign, now, was, level) {
    setIcon(this.sign, sign);
    setText(this.now, now);
    setText(this.was, was);
    this.root.dataset.level = level;
    show(this.root, true);
  }
}

/** @param {Verdict|undefined} verdict */
function wordsOf(verdict) {
  if (!verdict) return "no verdict";
  const word = wordOf(verdict);
  return word && word.toLowerCase() !== verdict.label.toLowerCase() ? `${verdict.label}, ${word}` : verdict.label;
}

/** @param {Verdict} verdict */
function wordOf({ level, text }) {
  return text || (levelOf(level) === "none" ? "" : levelWord(level));
}

/** What it was, no longer than needed. @param {Verdict|undefined} before @param {Verdict|undefined} now */
function wasOf(before, now) {
  if (!before || before.label !== now?.label) return `was: ${wordsOf(before)}`;
  return wordOf(before) === wordOf(now) ? "as before" : `was: ${wordOf(before) || before.label}`;
}
