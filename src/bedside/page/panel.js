// The panel beside the picture: the verdict, which always stays in sight, and the explanation under it.

import { say } from "./ages.js";
import { show } from "./dom.js";
import { Explanation, summaryOf } from "./explanation.js";
import { VerdictBlock } from "./verdict.js";

/** @typedef {import("./protocol.js").Answered} Answered */
/** @typedef {import("./stale.js").Condition} Condition */

export class Panel {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.verdict = new VerdictBlock();
    this.explanation = new Explanation();
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
   * @param {(Answered & {name: string})[]} others  what the other engines say
   */
  render(answered, condition, others) {
    const result = answered?.result ?? null;
    const current = condition.kind === "fresh" || condition.kind === "stale";
    show(this.verdict.root, this.shows.verdict || !current || Boolean(result?.error));
    this.verdict.render(result, condition);
    if (!this.shows.explanation) return;
    this.explanation.render(current && result ? result.answer : {}, condition.kind === "stale");
    const now = performance.now();
    this.explanation.renderOthers(
      others.map(({ name, result: other, capturedAt }) => ({ name, ...summaryOf(other), note: say(now - capturedAt) })),
    );
  }
}
