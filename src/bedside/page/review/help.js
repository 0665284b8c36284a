// What the signs and keys of the review mean.

import { el, show } from "../dom.js";
import { icon } from "../icons.js";
import { KEYS } from "./transport.js";

const SIGNS = [
  ["good", "good: the lane is full"],
  ["near", "close: two thirds"],
  ["poor", "not there yet: one third"],
  ["none", "nothing recognised: dashes"],
  ["frozen", "the scanner was frozen: stripes that rise"],
  ["off", "no signal, or not recorded: stripes that fall"],
  ["gap", "frames were lost: a notch in the video"],
  ["pencil", "what you said of an answer"],
];

/** @param {HTMLDialogElement} dialog @param {HTMLButtonElement} opener */
export function buildHelp(dialog, opener) {
  const shut = el("button", "round", icon("close"));
  Object.assign(shut, { type: "button", ariaLabel: "Close the help" });
  shut.addEventListener("click", () => dialog.close());
  const keys = KEYS.map(([key, deed]) => el("div", "", el("dt", "", el("kbd", "", key)), el("dd", "", deed)));
  const signs = SIGNS.map(([sign, words]) => el("div", "", el("dt", "", icon(sign)), el("dd", "", words)));
  dialog.append(
    el("header", "", el("h2", "", "Help"), shut),
    el("p", "", "Drag along the timeline to go through the session. Two fingers, or the wheel, zoom and scroll it."),
    el("p", "", "What you say is kept beside what the AI said. Nothing that was recorded is ever changed."),
    el("dl", "signs", ...signs),
    el("dl", "keys", ...keys),
    el("p", "ruo", "Research use only. Not for diagnosis."),
  );
  opener.append(icon("question"));
  opener.addEventListener("click", () => dialog.showModal());
  show(opener, true);
}
