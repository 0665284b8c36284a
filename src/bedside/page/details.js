// The drawer behind the status line: every number, and what went wrong lately.

import { say } from "./ages.js";
import { el, rows, setText, show } from "./dom.js";
import { icon } from "./icons.js";
import { scaleWords } from "./scale.js";

const KEPT = 50;

/** @typedef {[string, string]} Fact */

export class Details {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const shut = el("button", "round", icon("close"));
    shut.type = "button";
    shut.ariaLabel = "Close the details";
    shut.addEventListener("click", () => this.toggle(false));
    this.facts = el("dl");
    this.list = el("ol", "log");
    /** @type {{at: string, text: string}[]} */
    this.log = [];
    root.append(el("header", "", el("h2", "", "Details"), shut), this.facts, el("h3", "", "Messages"), this.list);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** @param {boolean} [open] */
  toggle(open = !this.isOpen) {
    show(this.root, open);
    if (open) this.renderLog();
  }

  /** @param {string} text  a sentence worth keeping; the same one again only changes its time */
  note(text) {
    const at = new Date().toLocaleTimeString();
    if (this.log[0]?.text === text) this.log[0].at = at;
    else this.log.unshift({ at, text });
    this.log.length = Math.min(this.log.length, KEPT);
    if (this.isOpen) this.renderLog();
  }

  renderLog() {
    rows(this.list, this.log, () => el("li", "", el("time"), el("span")), (row, { at, text }) => {
      setText(row.children[0], at);
      setText(row.children[1], text);
    });
  }

  /** @param {Fact[]} facts */
  render(facts) {
    rows(this.facts, facts, () => el("div", "", el("dt"), el("dd")), (row, [name, value]) => {
      setText(row.children[0], name);
      setText(row.children[1], value);
    });
  }
}

/**
 * @param {number|null|undefined} ms
 */
function age(ms) {
  return typeof ms === "number" ? say(ms) : "-";
}

/**
 * Everything that the page knows, as lines.
 * @param {{hello: import("./protocol.js").Hello|null, state: import("./protocol.js").State|null, rttMs: number|null,
 *   pictureAge: number|null, answerAge: number|null, painted: number, superseded: number, reconnects: number,
 *   intervalMs: number|null, awake: string, want: string, stages: (engine: string) => Record<string, number>|undefined}} at
 *   `stages`: where the time of an engine's newest answer went, ms
 * @returns {Fact[]}
 */
export function factsOf({ hello, state, ...page }) {
  /** @type {Fact[]} */
  const facts = [
    ["Server", hello ? `bedside ${hello.version}, view ${hello.view.name}` : "not reached yet"],
    ["Round trip", age(page.rttMs)],
    ["Reconnects", String(page.reconnects)],
    ["Picture on this page", `${age(page.pictureAge)} old`],
    ["Painted here", `${page.painted}, passed over ${page.superseded}`],
    ["Asked for", page.want],
    ["Screen", page.awake],
  ];
  if (!state) return facts;
  const { signal } = state;
  facts.push(
    ["Signal", [signal.state, signal.message].filter(Boolean).join(": ")],
    ["Source", [signal.source, signal.device].filter(Boolean).join(" · ")],
    ["Picture", `${signal.width} x ${signal.height}, ${signal.fps.toFixed(1)} fps`],
    ["Scale", scaleWords(state.spacing)],
    ["Lost by the device", String(signal.drops)],
    ["Passed over at the source", String(signal.skips)],
    ["Passed over for this page", String(state.picture_skips)],
    ["Viewers", String(state.viewers)],
  );
  for (const engine of state.engines) facts.push(...factsOfEngine(engine, page.stages(engine.name)));
  if (state.engines.length) facts.push(["Answer on this page", `${age(page.answerAge)} old, every ${age(page.intervalMs)}`]);
  return facts;
}

/**
 * @param {import("./protocol.js").EngineState} engine
 * @param {Record<string, number>|undefined} stages
 * @returns {Fact[]}
 */
function factsOfEngine(engine, stages) {
  const times = `model ${engine.model_ms.toFixed(1)} ms, added ${engine.added_ms.toFixed(1)} ms`;
  return [
    [`AI ${engine.name}`, [engine.state, engine.message].filter(Boolean).join(": ")],
    ["its answers", `${engine.answers}, ${engine.fps.toFixed(1)}/s, ${times}`],
    ["its stages, ms", Object.entries(stages ?? {}).map(([stage, ms]) => `${stage} ${ms.toFixed(1)}`).join(" · ") || "-"],
    ["its errors", `${engine.errors}, restarts ${engine.restarts}`],
    ["its frames", `passed over ${engine.passed_over}, answered too late ${engine.late}`],
    ...(engine.replicas > 1 ? [/** @type {Fact} */ (["its replicas", `${engine.replicas_well} of ${engine.replicas} well`])] : []),
  ];
}
