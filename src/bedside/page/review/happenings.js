// Everything that happened and was said, as a list to read and to tap.

import { el } from "../dom.js";
import { icon } from "../icons.js";
import { signalOf } from "../stale.js";
import { clock, counted, lasting, said } from "./words.js";

/** @typedef {{at_s: number, frame?: number|null, icon: string, text: string, isLoud: boolean}} Happening */

const MOST = 2000;
const TOGETHER_S = 2;

/**
 * Marks, changes of the signal, losses, holes and notes, by time.
 * @param {import("./api.js").Timeline} timeline
 * @param {import("./frames.js").Frames} frames
 * @param {import("./api.js").Note[]} notes
 * @param {(captured_ns: number) => number} timeOf
 * @returns {Happening[]}
 */
export function happenings(timeline, frames, notes, timeOf) {
  /** @type {Happening[]} */
  const found = [];
  for (const mark of timeline.marks) {
    const words = said(mark);
    if (words) found.push({ at_s: mark.captured_ns ? timeOf(mark.captured_ns) : mark.at_s, frame: mark.frame, ...words });
  }
  for (const { from_s, signal } of timeline.signal.filter((span) => span.signal !== "unknown").slice(1)) {
    const { icon: sign, word } = signalOf(signal);
    found.push({ at_s: from_s, icon: sign, text: word, isLoud: false });
  }
  for (const { to_s, count, where } of together(timeline.gaps)) {
    found.push({ at_s: to_s, icon: "gap", text: `${counted(count, "frame")} lost${where ? ` (${where})` : ""}`, isLoud: false });
  }
  for (const { from_s, to_s } of frames.holes) {
    found.push({ at_s: from_s, icon: "off", text: `Not recorded for ${lasting(to_s - from_s)}`, isLoud: false });
  }
  for (const note of notes) {
    if (!note.captured_ns || note.note === "tick") continue;
    found.push({ at_s: timeOf(note.captured_ns), icon: "pencil", text: noteWords(note), isLoud: true });
  }
  return found.sort((a, b) => a.at_s - b.at_s);
}

/** Losses of one cause that follow each other closely are one. @param {import("./api.js").Loss[]} losses */
function together(losses) {
  /** @type {import("./api.js").Loss[]} */
  const found = [];
  let lastS = -Infinity;
  for (const loss of losses) {
    const last = found.at(-1);
    if (last && last.where === loss.where && loss.to_s - lastS < TOGETHER_S) last.count += loss.count;
    else found.push({ ...loss });
    lastS = loss.to_s;
  }
  return found;
}

/** @param {import("./api.js").Note} note */
function noteWords({ note, field, name, value, rejected, text }) {
  if (note === "reject") return rejected ? "Answer rejected" : "Answer accepted again";
  if (note === "comment") return `Comment: ${text}`;
  if (value === null) return `Correction taken back${name ? `: ${name}` : ""}`;
  if (field === "verdict") return `Corrected to ${[value?.label, value?.level].filter(Boolean).join(", ")}`;
  return `Corrected: ${name} ${value}`;
}

/** @param {Happening[]} all @param {(happening: Happening) => void} go */
export function happeningsList(all, go) {
  const rows = all.slice(0, MOST).map((happening) => {
    const words = [el("time", "", clock(happening.at_s, 1)), icon(happening.icon), el("span", "", happening.text)];
    const button = el("button", "happening", ...words);
    button.type = "button";
    button.addEventListener("click", () => go(happening));
    return el("li", "", button);
  });
  const rest = all.length > MOST ? [el("p", "loading", `and ${all.length - MOST} more; zoom in on the timeline`)] : [];
  return el("div", "happenings", el("ul", "", ...rows), ...rest);
}
