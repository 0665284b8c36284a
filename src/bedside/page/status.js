// The line at the top: what the signal is, how old picture and answer are, what was lost.

import { say } from "./ages.js";
import { el, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/**
 * @typedef {{icon: string, word: string, fps: number|null, pictureAge: number|null, answers: boolean,
 *   engine: {word: string, icon: string, well: boolean}|null, rate: number|null, answerAge: number|null,
 *   drops: number}} Line
 */

/** Words of an engine's states in the line; READY and BUSY are told by the rate. */
export const ENGINES = {
  NEW: { word: "starting", icon: "starting", well: false },
  STARTING: { word: "starting", icon: "starting", well: false },
  READY: { word: "ready", icon: "tick", well: true },
  BUSY: { word: "working", icon: "tick", well: true },
  FAILED: { word: "failed", icon: "failed", well: false },
  DEAD: { word: "restarting", icon: "restarting", well: false },
};

/** @param {string} state */
export function engineOf(state) {
  return Object.hasOwn(ENGINES, state)
    ? ENGINES[/** @type {keyof typeof ENGINES} */ (state)]
    : { word: state, icon: "error", well: false };
}

export class StatusLine {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.sign = icon("waiting");
    this.word = el("b");
    this.fps = el("span", "fps");
    this.signal = el("span", "item signal", this.sign, this.word, this.fps);
    this.picture = new Age("picture");
    this.aiSign = icon("tick");
    this.aiWord = el("b");
    this.ai = el("span", "item ai", "AI ", this.aiSign, this.aiWord);
    this.answer = new Age("answer");
    this.drops = el("span", "item drops");
    root.append(this.signal, this.picture.root, this.ai, this.answer.root, this.drops);
  }

  /** @param {Line} line */
  render(line) {
    setIcon(this.sign, line.icon);
    setText(this.word, line.word);
    setText(this.fps, line.fps === null ? "" : `${Math.round(line.fps)} fps`);
    this.signal.dataset.icon = line.icon;
    this.picture.say(line.pictureAge);
    show(this.ai, line.answers && line.engine !== null);
    show(this.answer.root, line.answers);
    const { engine } = line;
    const well = engine?.well === true && line.rate !== null && line.rate > 0;
    this.ai.classList.toggle("well", well);
    show(this.aiSign, !well);
    setIcon(this.aiSign, engine?.icon ?? "off");
    setText(this.aiWord, well ? rateOf(line.rate ?? 0) : (engine?.word ?? "none"));
    this.answer.say(line.answerAge);
    setText(this.drops, `${line.drops} lost`);
    this.drops.classList.toggle("some", line.drops > 0);
  }
}

/** "picture 24 ms old", with the number in the ink of the things that count. */
class Age {
  /** @param {string} what */
  constructor(what) {
    this.number = el("b");
    this.root = el("span", `item age-${what}`, el("span", "what", `${what} `), this.number, el("span", "what old", " old"));
  }

  /** @param {number|null} ms */
  say(ms) {
    show(this.root, ms !== null);
    if (ms !== null) setText(this.number, say(ms));
  }
}

/** @param {number} fps */
function rateOf(fps) {
  return fps >= 10 || fps === 0 ? `${Math.round(fps)}/s` : `${fps.toFixed(1)}/s`;
}
