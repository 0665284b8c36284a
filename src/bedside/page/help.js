// The small help: what the signs mean and which keys there are.

import { el, show } from "./dom.js";
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

/** Only where the source is a probe that can be steered. */
const PROBE_KEYS = [
  ["P", "the probe's pad"],
  ["Arrows", "move the probe"],
  ["Q and E", "rotate"],
  ["W and X", "tilt, also Page up and Page down"],
  ["J and L", "rock"],
  ["[ and ]", "depth"],
  [", and .", "gain"],
  ["1 to 4", "near head, abdomen, femur, cervix"],
  ["0", "sweep by itself, or no more"],
];

const SIGNS = [
  ["good", "good: as it should be"],
  ["near", "close: something is still missing"],
  ["poor", "not there yet"],
  ["none", "nothing recognised, or not known"],
  ["frozen", "the scanner is frozen; this is all right"],
  ["late", "old: not what the scanner shows now"],
];

/** Other pages, for those who may open them. */
const PAGES = [
  ["/review", "film", "All sessions", "operates"],
  ["/setup", "hold", "Set up: crop and masks", "setsUp"],
  ["/admin", "list", "This machine: health, devices, logs", "setsUp"],
];

/** @param {HTMLDialogElement} dialog */
export function buildHelp(dialog) {
  const shut = el("button", "round", icon("close"));
  shut.type = "button";
  shut.ariaLabel = "Close the help";
  shut.addEventListener("click", () => dialog.close());
  const probe = el("dl", "keys probe-keys", ...PROBE_KEYS.map(keyRow));
  probe.hidden = true;
  const signs = el("dl", "signs", ...SIGNS.map(([sign, words]) => el("div", "", el("dt", "", icon(sign)), el("dd", "", words))));
  dialog.append(
    el("header", "", el("h2", "", "Help"), shut),
    el("nav", "links"),
    el("p", "", "Shapes are painted on the very picture that the AI answered. The small picture is the other one: tap it to swap them."),
    el("p", "", "Tap the line at the top for all numbers, and the record dot for the session."),
    signs,
    el("dl", "keys", ...KEYS.map(keyRow)),
    probe,
    el("p", "ruo", "Research use only. Not for diagnosis."),
  );
}

/** @param {string[]} row */
function keyRow([key, deed]) {
  return el("div", "", el("dt", "", el("kbd", "", key)), el("dd", "", deed));
}

/** The probe's keys, where there is one. @param {HTMLDialogElement} dialog @param {boolean} canSteer */
export function helpWithProbe(dialog, canSteer) {
  const probe = dialog.querySelector(".probe-keys");
  if (probe) show(probe, canSteer);
}

/**
 * The way to other pages; from a view without controls, such as a participant's, there is none.
 * @param {HTMLDialogElement} dialog
 * @param {import("./judge.js").Known} known
 */
export function helpWithPages(dialog, known) {
  const may = PAGES.filter(([, , , of]) => known.hello?.view.controls && known[/** @type {"operates"|"setsUp"} */ (of)]);
  const links = may.map(([href, sign, words]) => Object.assign(el("a", "", icon(sign), el("span", "", words), icon("right")), { href }));
  dialog.querySelector("nav.links")?.replaceChildren(...links);
}
