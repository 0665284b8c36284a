// The panel beside the picture: the verdict, which always stays in sight, and the explanation under it.

import { say } from "./ages.js";
import { show } from "./dom.js";
import { Explanation, summaryOf } from "./explanation.js";
import { VerdictBlock } from "./verdict.js";

/** @typedef {import("./protocol.js").Answered} Answered */
/** @typedef {import("./stale.js").Condition} Condition */

export class Panel {
  /** @param {HTMLElement} root @param {import("./explanation.js").Scaling} on */
  constructor(root, on) {
    this.root = root;
    this.verdict = new VerdictBlock();
    this.explanation = new Explanation(on);
    root.append(this.verdict.root, this.explanation.root);
    this.shows = { verdict: false, explanation: false };
  }

  /** @param {import("./protocol.js").View} view */
  setView({ verdict, explanation }) {
    this.shows = { verdict, explanation };
    show(this.explanation.root, explanation);
  }

  /**
   * @param {Answered|null} answered
   * @param {Condition} condition
   * @param {import("./judge.js").Other[]} others  what the other engines say
   */
  render(answered, condition, others) {
    const result = answered?.result ?? null;
    const current = condition.kind === "fresh" || condition.kind === "stale";
    show(this.verdict.root, this.shows.verdict || !current || Boolean(result?.error));
    this.verdict.render(result, condition);
    if (!this.shows.explanation) return;
    this.explanation.render(current && result ? result.answer : {}, condition.kind === "stale");
    this.explanation.renderOthers(others.map(lineOf));
  }
}

/**
 * One line of another engine: what it says while that counts, else what is wrong with it.
 * @param {import("./judge.js").Other} other
 */
function lineOf({ name, result, condition, answerAge }) {
  const current = condition.kind === "fresh" || condition.kind === "stale";
  if (!result || !current) return { name, label: condition.title, level: condition.icon, note: "", isCurrent: false };
  const { label, level } = summaryOf(result);
  const isCurrent = condition.kind === "fresh";
  return { name, label, level: isCurrent ? level : condition.icon, note: say(answerAge ?? 0), isCurrent };
}
