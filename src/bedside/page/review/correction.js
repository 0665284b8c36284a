// The form in which a reviewer says what the answer should have been. Only what differs is said.

import { el, setText, show } from "../dom.js";
import { icon } from "../icons.js";
import { levelOf } from "../verdict.js";
import { LEVELS } from "./words.js";

/** @typedef {import("./api.js").Note} Note */
/** @typedef {import("./api.js").Result} Result */
/** @typedef {import("./notes.js").Said} Said */

const STATES = { present: "tick", missing: "empty", "not visible": "unknown" };
let forms = 0;

export class Correction {
  /** @param {(notes: Note[]) => void} save */
  constructor(save) {
    this.save = save;
    this.isOpen = false;
    this.root = el("form", "correction");
    this.root.hidden = true;
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save(this.notes());
    });
    /** @type {() => Note[]} */
    this.notes = () => [];
  }

  close() {
    this.isOpen = false;
    show(this.root, false);
    this.root.replaceChildren();
  }

  /** @param {Result} result @param {Said} said @param {string[]} labels  that were seen in this session @param {boolean} isComment */
  open(result, said, labels, isComment) {
    const text = el("textarea", "");
    Object.assign(text, { value: said.comment, rows: 3, maxLength: 2000, ariaLabel: "Comment" });
    const saveIt = el("button", "main-deed", icon("tick"), "Save");
    saveIt.type = "submit";
    const cancel = el("button", "", "Cancel");
    cancel.type = "button";
    cancel.addEventListener("click", () => (this.close(), this.root.dispatchEvent(new Event("closed", { bubbles: true }))));
    const parts = isComment ? [] : correctionParts(result, said, labels);
    this.notes = () => [
      ...parts.flatMap((part) => part.notes()),
      ...(text.value.trim() === said.comment ? [] : [{ note: "comment", text: text.value.trim() }]),
    ];
    const comment = el("label", "field", el("span", "", "Comment on this frame"), text);
    this.root.replaceChildren(...parts.map((part) => part.root), comment, el("div", "deeds", saveIt, cancel));
    this.isOpen = true;
    show(this.root, true);
    if (isComment) text.focus();
  }
}

/** @param {Result} result @param {Said} said @param {string[]} labels @returns {{root: HTMLElement, notes: () => Note[]}[]} */
function correctionParts({ answer }, said, labels) {
  const concepts = (answer.concepts ?? []).map((concept) => {
    const model = concept.ok === true ? "present" : concept.ok === false ? "missing" : "";
    return conceptPart(concept.name, model, said.concepts.get(concept.name));
  });
  return [verdictPart(answer.verdict, said.verdict, labels), ...concepts];
}

/** @param {import("../protocol.js").Verdict|undefined} model @param {Said["verdict"]} said @param {string[]} labels */
function verdictPart(model, said, labels) {
  const known = el("datalist");
  known.id = `labels-${++forms}`;
  known.append(...labels.map((label) => Object.assign(el("option"), { value: label })));
  const label = el("input");
  Object.assign(label, { value: said?.label ?? model?.label ?? "", maxLength: 200, ariaLabel: "Verdict", autocomplete: "off" });
  label.setAttribute("list", known.id);
  const quick = labels.slice(0, 6).map((one) => {
    const button = el("button", "chip", one);
    button.type = "button";
    button.addEventListener("click", () => (label.value = one));
    return button;
  });
  const before = { label: label.value, level: said?.level ?? levelOf(model?.level) };
  const level = choice("Level", Object.entries(LEVELS).map(([value, words]) => [value, words, value]), before.level);
  const root = el("fieldset", "field", el("legend", "", "Verdict"), label, known, el("div", "chips", ...quick), level.root);
  const notes = () => {
    const now = { label: label.value.trim(), level: level.value() };
    if (now.label === before.label && now.level === before.level) return [];
    return [{ note: "edit", field: "verdict", value: now }];
  };
  return { root, notes };
}

/** @param {string} name @param {string} model @param {string|undefined} said */
function conceptPart(name, model, said) {
  const before = said ?? model;
  const states = choice(name, Object.entries(STATES).map(([value, sign]) => [value, value, sign]), before);
  const root = el("fieldset", "field", el("legend", "", name), states.root);
  const notes = () => (states.value() === before || !states.value() ? [] : [{ note: "edit", field: "concept", name, value: states.value() }]);
  return { root, notes };
}

/** One of a few, as large buttons. @param {string} name @param {string[][]} options  value, words, sign @param {string} chosen */
function choice(name, options, chosen) {
  const group = `choice-${++forms}`;
  const inputs = options.map(([value]) => Object.assign(el("input"), { type: "radio", name: group, value, checked: value === chosen }));
  const labels = options.map(([, words, sign], i) => {
    const text = el("span");
    setText(text, words);
    return el("label", "", inputs[i], icon(sign), text);
  });
  const root = el("div", "choice", ...labels);
  root.setAttribute("role", "radiogroup");
  root.ariaLabel = name;
  return { root, value: () => inputs.find((input) => input.checked)?.value ?? "" };
}
