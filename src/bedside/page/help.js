// The small help: what the signs mean and which keys there are.

import { el } from "./dom.js";
import { icon } from "./icons.js";

const KEYS = [
  ["Space", "hold the picture, and go on"],
  ["S", "snapshot"],
  ["+ and -", "the AI is right, the AI is wrong"],
  ["C", "correct it, or write a note"],
  ["R", "record video, or no more"],
  ["N", "the session: start, end, what is kept"],
  ["F", "full screen"],
  ["D", "details"],
  ["?", "this help"],
];

const SIGNS = [
  ["good", "good: as it should be"],
  ["near", "close: something is still missing"],
  ["poor", "not there yet"],
  ["none", "nothing recognised, or not known"],
  ["frozen", "the scanner is frozen; this is all right"],
  ["late", "old: not what the scanner shows now"],
];

/** @param {HTMLDialogElement} dialog */
export function buildHelp(dialog) {
  const shut = el("button", "round", icon("close"));
  shut.type = "button";
  shut.ariaLabel = "Close the help";
  shut.addEventListener("click", () => dialog.close());
  const keys = el("dl", "keys", ...KEYS.map(([key, deed]) => el("div", "", el("dt", "", el("kbd", "", key)), el("dd", "", deed))));
  const signs = el("dl", "signs", ...SIGNS.map(([sign, words]) => el("div", "", el("dt", "", icon(sign)), el("dd", "", words))));
  dialog.append(
    el("header", "", el("h2", "", "Help"), shut),
    el("p", "", "Shapes are painted on the very picture that the AI answered. The small picture is the other one: tap it to swap them."),
    el("p", "", "Tap the line at the top for all numbers, and the record dot for the session."),
    signs,
    keys,
    el("p", "ruo", "Research use only. Not for diagnosis."),
  );
}
