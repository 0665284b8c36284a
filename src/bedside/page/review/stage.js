// The place of the picture, and what is written over it: which frame it is, what was lost, what was not recorded.

import { el, setText, show } from "../dom.js";
import { icon, setIcon } from "../icons.js";
import { signalOf } from "../stale.js";
import { lastWhere } from "./frames.js";
import { Screen } from "./screen.js";
import { counted, lasting } from "./words.js";

/** @typedef {import("./api.js").Timeline} Timeline */
/** @typedef {import("./frames.js").Hole} Hole */

export class Stage {
  /** @param {Timeline} timeline @param {(named: import("./screen.js").Named) => import("../protocol.js").Answer|null} answerOf */
  constructor(timeline, answerOf) {
    this.timeline = timeline;
    this.root = el("div", "stage");
    this.screen = new Screen(this.root, answerOf);
    this.tag = el("p", "pill of-before");
    this.sign = icon("gap");
    this.words = el("span");
    this.pill = el("p", "pill", this.sign, this.words);
    this.bandTitle = el("strong");
    this.bandDetail = el("span");
    this.band = el("div", "band", icon("off"), el("p", "", this.bandTitle, this.bandDetail));
    this.band.setAttribute("role", "status");
    this.busy = el("p", "pill busy", icon("waiting"), "Loading the picture");
    this.root.append(el("div", "veil"), el("div", "pills", this.busy, this.tag, this.pill), this.band);
    show(this.band, false);
    show(this.busy, false);
  }

  /** What is not as it should be with the picture or its shapes. @param {string} tag */
  say(tag) {
    setText(this.tag, tag);
    show(this.tag, tag !== "");
  }

  /** What is special about the frame: lost ones before it, or a signal that is not live. @param {number} atS @param {number} beforeS  when the frame before it was captured */
  saySpecial(atS, beforeS) {
    const lost = this.timeline.gaps.find(({ to_s }) => to_s > beforeS + 1e-5 && to_s <= atS + 1e-5);
    const signal = lastWhere(this.timeline.signal, ({ from_s }) => from_s <= atS + 1e-5)?.signal ?? "live";
    const isUsual = signal === "live" || signal === "unknown";
    show(this.pill, Boolean(lost) || !isUsual);
    if (lost) {
      setIcon(this.sign, "gap");
      const where = lost.where ? ` (${lost.where})` : "";
      setText(this.words, `${counted(lost.count, "frame")} ${lost.count === 1 ? "is" : "are"} missing before this one${where}`);
    } else {
      setIcon(this.sign, signalOf(signal).icon);
      setText(this.words, signalOf(signal).word);
    }
  }

  /** @param {Hole|null} hole */
  sayHole(hole) {
    show(this.band, hole !== null);
    this.root.classList.toggle("grey", hole !== null);
    if (!hole) return;
    const lost = this.timeline.gaps.find(({ from_s, to_s }) => from_s < hole.to_s && to_s > hole.from_s + 1e-5);
    const signal = this.timeline.signal.find(({ from_s, to_s, signal: state }) =>
      state !== "live" && state !== "frozen" && from_s < hole.to_s && to_s > hole.from_s);
    const why = [signal && signalOf(signal.signal).word, lost && `${counted(lost.count, "frame")} lost (${lost.where})`];
    setText(this.bandTitle, `Not recorded for ${lasting(hole.to_s - hole.from_s)}`);
    setText(this.bandDetail, why.filter(Boolean).join(" · "));
  }

  /** @param {boolean} isLate */
  sayLoading(isLate) {
    show(this.busy, isLate);
  }
}
