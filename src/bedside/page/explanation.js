// Why the verdict is what it is: what to improve first, the checklist, classes, measurements, where to move.

import { el, rows, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";
import { button } from "./sheet.js";
import { levelOf } from "./verdict.js";

/** @typedef {import("./protocol.js").Answer} Answer */
/** @typedef {import("./protocol.js").Answered} Answered */

const PARTLY = 0.3;
/** Units of a measurement that has no scale. */
const PIXELS = /^(px|pixels?)$/i;
/** What is measured on a fetus, by the labels of the shapes that show it. */
const LENGTHS = /^(HC|BPD|OFD|AC|FL|CRL)$/i;
/** A name such as "no kidney": what should not be in the picture. */
const ABSENT = /^no\s+(.+)$/i;
const DIRECTIONS = ["up", "down", "left", "right", "tilt_up", "tilt_down", "rotate_left", "rotate_right", "hold"];

/** @typedef {{setScale: () => void, hasScale: () => boolean}} Scaling  what a person does where lengths have no scale */

export class Explanation {
  /** @param {Scaling|null} [on]  null: of a recording, where nothing can be set any more */
  constructor(on = null) {
    this.on = on;
    this.hint = el("p", "hint");
    this.concepts = el("ul", "concepts");
    this.classes = el("ul", "classes");
    this.measurements = el("ul", "measurements");
    this.images = el("div", "images");
    this.text = el("p", "text");
    this.others = el("ul", "others");
    this.noScale = button("Set the scale for millimetres", "no-scale", () => on?.setScale());
    this.noScale.prepend(icon("ruler"));
    this.scroll = el("div", "scroll", this.concepts, this.measurements, this.noScale);
    this.scroll.append(this.classes, this.images, this.text, this.others);
    this.scroll.tabIndex = 0;
    this.arrow = icon("hold");
    this.sentence = el("strong");
    this.detail = el("span", "detail");
    this.guide = el("div", "guide", this.arrow, el("p", "", this.sentence, this.detail));
    this.root = el("div", "explanation", this.hint, this.scroll, this.guide);
  }

  /**
   * @param {Answer} answer
   * @param {boolean} stale
   */
  render(answer, stale) {
    this.root.classList.toggle("stale", stale);
    const improve = firstToImprove(answer);
    show(this.hint, improve !== "");
    setText(this.hint, improve && `Improve first: ${improve}`);
    rows(this.concepts, answer.concepts ?? [], buildConcept, fillConcept);
    const best = [...(answer.classes ?? [])].sort((a, b) => b.score - a.score).slice(0, 3);
    rows(this.classes, best, buildClass, fillClass);
    rows(this.measurements, answer.measurements ?? [], buildMeasurement, fillMeasurement);
    show(this.noScale, this.on !== null && !this.on.hasScale() && lacksScale(answer));
    rows(this.images, answer.images ?? [], buildImage, fillImage);
    setText(this.text, answer.text ?? "");
    for (const node of [this.concepts, this.classes, this.measurements, this.images]) show(node, node.childElementCount > 0);
    show(this.text, Boolean(answer.text));
    this.renderGuidance(saysTheSame(answer.guidance, improve) ? undefined : answer.guidance);
  }

  /** @param {import("./protocol.js").Guidance|undefined} guidance */
  renderGuidance(guidance) {
    show(this.guide, Boolean(guidance?.text));
    if (!guidance?.text) return;
    const known = typeof guidance.direction === "string" && DIRECTIONS.includes(guidance.direction);
    show(this.arrow, known);
    if (known) setIcon(this.arrow, String(guidance.direction));
    setText(this.sentence, guidance.text);
    setText(this.detail, guidance.detail ?? "");
  }

  /**
   * What the other engines say, one line each.
   * @param {{name: string, label: string, level: string, note: string, isCurrent: boolean}[]} others
   */
  renderOthers(others) {
    show(this.others, others.length > 0);
    rows(this.others, others, buildOther, (row, { name, label, level, note, isCurrent }) => {
      row.classList.toggle("stale", !isCurrent);
      setIcon(row.children[0], level);
      setText(row.children[1], `${name}: ${label}`);
      setText(row.children[2], note);
    });
  }
}

/**
 * Guidance that has no direction and only repeats the hint is not said twice.
 * @param {import("./protocol.js").Guidance|undefined} guidance
 * @param {string} improve
 */
function saysTheSame(guidance, improve) {
  return improve !== "" && !guidance?.direction && guidance?.text?.toLowerCase() === improve.toLowerCase();
}

/** Whether a length has no millimetres: it is in pixels, or drawn and not told. @param {Answer} answer */
function lacksScale({ measurements = [], ellipses = [], lines = [] }) {
  const drawn = [...ellipses, ...lines].filter(({ label }) => LENGTHS.test(label ?? ""));
  const isTold = measurements.some(({ name }) => drawn.some(({ label }) => label === name));
  return measurements.some(({ unit }) => PIXELS.test(unit ?? "")) || (drawn.length > 0 && !isTold);
}

/** @param {Answer} answer */
export function firstToImprove(answer) {
  const missing = (answer.concepts ?? []).filter((concept) => concept.ok === false);
  return missing.find((concept) => concept.hint)?.hint ?? missing[0]?.name ?? "";
}

/**
 * How much of a concept is there, 0 to 1; null when the engine gives no number.
 * @param {import("./protocol.js").Concept} concept
 */
function shareOf({ value, max }) {
  if (typeof value !== "number") return null;
  return Math.max(0, Math.min(1, value / (typeof max === "number" && max > 0 ? max : 1)));
}

function buildBar() {
  return el("span", "bar", el("i"));
}

/** @param {Element} bar @param {number|null} share */
function fillBar(bar, share) {
  bar.classList.toggle("blank", share === null);
  /** @type {HTMLElement} */ (bar.firstElementChild).style.setProperty("width", `${(share ?? 0) * 100}%`);
}

function buildConcept() {
  return el("li", "", icon("unknown"), el("span", "name"), buildBar(), el("span", "state"));
}

/** @param {HTMLElement} row @param {import("./protocol.js").Concept} concept */
function fillConcept(row, concept) {
  const { name, sign, state, level, share } = readConcept(concept);
  row.dataset.level = level;
  setIcon(row.children[0], sign);
  setText(row.children[1], name);
  fillBar(row.children[2], share);
  setText(row.children[3], state);
}

/**
 * One line of the checklist, in words. What should not be there reads as it is: "no kidney", or "kidney in view"; and
 * its bar is full when all is well, whichever way round its engine counts.
 * @param {import("./protocol.js").Concept} concept
 */
export function readConcept(concept) {
  const { name, ok } = concept;
  const absent = ABSENT.exec(name)?.[1];
  const given = shareOf(concept);
  const share = absent && given !== null && typeof ok === "boolean" && ok !== given >= 0.5 ? 1 - given : given;
  if (ok === true) return { name, sign: "tick", state: "present", level: "good", share };
  if (ok !== false) return { name, sign: "unknown", state: "not known", level: "none", share };
  if (absent) return { name: `${absent} in view`, sign: "half", state: "should not be in view", level: "near", share };
  return (share ?? 0) >= PARTLY
    ? { name, sign: "half", state: "partly", level: "near", share }
    : { name, sign: "empty", state: "missing", level: "poor", share };
}

function buildClass() {
  return el("li", "", el("span", "name"), buildBar(), el("span", "number"));
}

/** @param {HTMLElement} row @param {{name: string, score: number}} item @param {number} index */
function fillClass(row, { name, score }, index) {
  row.classList.toggle("first", index === 0);
  setText(row.children[0], name);
  fillBar(row.children[1], Math.max(0, Math.min(1, score)));
  setText(row.children[2], `${Math.round(score * 100)} %`);
}

function buildMeasurement() {
  return el("li", "", el("span", "name"), el("span", "number"));
}

/** @param {HTMLElement} row @param {import("./protocol.js").Measurement} measurement */
function fillMeasurement(row, { name, value, unit, uncertainty }) {
  const spread = typeof uncertainty === "number" ? ` ± ${short(uncertainty)}` : "";
  setText(row.children[0], name);
  setText(row.children[1], `${short(value)}${spread} ${unit ?? ""}`.trim());
}

/** @param {number} value */
function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "not known";
}

function buildImage() {
  return el("figure", "", el("img"), el("figcaption"));
}

/** @param {HTMLElement} row @param {{name: string, title?: string, src: string}} image */
function fillImage(row, { name, title, src }) {
  const picture = /** @type {HTMLImageElement} */ (row.children[0]);
  const safe = typeof src === "string" && /^data:image\/(png|jpeg);base64,/.test(src) ? src : "";
  if (picture.getAttribute("src") !== safe) picture.setAttribute("src", safe);
  picture.alt = title || name;
  setText(row.children[1], title || name);
}

function buildOther() {
  return el("li", "", icon("none"), el("span", "name"), el("span", "number"));
}

/** @param {import("./protocol.js").Result} result */
export function summaryOf(result) {
  const { verdict, text, classes } = result.answer;
  if (result.error) return { label: result.error, level: "failed" };
  if (verdict) return { label: verdict.label, level: levelOf(verdict.level) };
  return { label: classes?.[0]?.name ?? text ?? "answered", level: "none" };
}
