// The verdict: one shape, one name, one word. What is not current never stands there as if it were.

import { el, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/** @typedef {import("./protocol.js").Result} Result */
/** @typedef {import("./stale.js").Condition} Condition */

/** Said under the label where the engine gives no text of its own. */
export const LEVEL_WORDS = { good: "good", near: "close", poor: "not there yet", none: "nothing recognised" };

/** "dead" is a word for engineers; a patient may look on. */
const REASONS = new Map([["dead", "gone"]]);

export class VerdictBlock {
  constructor() {
    this.sign = icon("none");
    this.label = el("h1", "label");
    this.word = el("p", "word");
    this.without = el("p", "without");
    this.age = el("p", "age");
    this.ageSign = icon("late");
    this.ageText = el("span");
    this.age.append(this.ageSign, this.ageText);
    this.root = el("div", "verdict", this.sign, el("div", "words", this.label, this.word));
    this.root.append(this.without, this.age);
    show(this.without, false);
  }

  /**
   * @param {Result|null} result  what the newest answer says, or the held one
   * @param {Condition} condition  what it is worth
   */
  render(result, condition) {
    const verdict = result?.answer.verdict;
    const replaced = condition.kind === "down" || condition.kind === "off" || condition.kind === "waiting";
    if (replaced) this.say(condition.icon, condition.title, condition.detail, "off");
    else if (result?.error) this.say("failed", "No answer for this picture", result.error, "off");
    else if (verdict) this.say(levelOf(verdict.level), verdict.label, wordsOf(verdict), levelOf(verdict.level));
    else this.say("unknown", "No verdict", "", "none");
    this.sayWithout(replaced ? {} : (result?.missing ?? {}));
    this.root.classList.toggle("stale", condition.kind === "stale");
    this.root.classList.toggle("message", replaced || !verdict);
    show(this.age, condition.kind === "stale");
    if (condition.kind !== "stale") return;
    setIcon(this.ageSign, condition.icon);
    setText(this.ageText, [condition.title, condition.detail].filter(Boolean).join(" · "));
  }

  /**
   * Parts that a pipeline's answer lacks. The line keeps its place once it was there, so that a part which comes and
   * goes does not move what is read below it.
   * @param {Record<string, string>} missing  engine: why, of which the words before a colon are said here
   */
  sayWithout(missing) {
    const parts = Object.entries(missing).map(([engine, why]) => `${engine} (${wordOf(why)})`);
    setText(this.without, parts.length > 0 ? `without: ${parts.join(", ")}` : "");
    if (parts.length > 0) show(this.without, true);
  }

  /** @param {string} sign @param {string} label @param {string} word @param {string} level */
  say(sign, label, word, level) {
    setIcon(this.sign, sign);
    setText(this.label, label);
    setText(this.word, word);
    this.root.dataset.level = level;
    this.root.dataset.length = lengthOf(label);
  }
}

/**
 * How large a label can be: by its longest word, which must not break, and by all of it, which has three lines.
 * @param {string} label
 */
function lengthOf(label) {
  const longest = Math.max(...label.split(/\s+/).map((word) => word.length));
  if (longest <= 6 && label.length <= 8) return "short";
  if (longest <= 10 && label.length <= 20) return "medium";
  return longest <= 14 ? "long" : "longest";
}

/** @param {string} why */
function wordOf(why) {
  const [word] = why.split(":");
  return REASONS.get(word) ?? word;
}

/** @param {string|undefined} level */
export function levelOf(level) {
  return level !== undefined && Object.hasOwn(LEVEL_WORDS, level) ? level : "none";
}

/**
 * Nothing is said twice, and "No plane" has no percentage: it is no achievement, and no fault.
 * @param {import("./protocol.js").Verdict} verdict
 */
function wordsOf({ label, level, score, text }) {
  const word = text || levelWord(level);
  const isSaid = word.toLowerCase() === label.toLowerCase();
  if (levelOf(level) === "none") return isSaid ? "" : word;
  const percent = typeof score === "number" ? scoreWord(score) : "";
  return [isSaid ? "" : word, percent].filter(Boolean).join(" · ");
}

/** @param {number} score  0 to 1 */
export function scoreWord(score) {
  return `${Math.round(score * 100)} %`;
}

/** @param {string|undefined} level */
export function levelWord(level) {
  return LEVEL_WORDS[/** @type {keyof typeof LEVEL_WORDS} */ (levelOf(level))];
}
