// Whose answers are looked at: an engine of the scan, and one replay beside it.

import { el, show } from "../dom.js";
import { icon } from "../icons.js";
import { Opinion } from "./opinion.js";

/** @typedef {import("./answers.js").Source} Source */
/** @typedef {import("./answers.js").Found} Found */

export class Opinions {
  /**
   * @param {Source[]} sources  all that answered; replay "" is the scan
   * @param {ConstructorParameters<typeof Opinion>[1]} on
   * @param {() => void} changed  another one was chosen
   */
  constructor(sources, on, changed) {
    this.scan = sources.filter(({ replay }) => !replay);
    this.replays = sources.filter(({ replay }) => replay);
    this.first = this.scan[0] ?? this.replays[0] ?? null;
    /** @type {Source|null} */
    this.second = null;
    this.shapesOf = "first";
    this.changed = changed;
    this.on = on;
    this.one = new Opinion(titleOf(this.first), this.first ? on : null);
    this.two = new Opinion("", on);
    this.shapes = [this.one, this.two].map((opinion, i) => this.shapesButton(opinion, i === 0 ? "first" : "second"));
    const choosers = el("div", "choosers");
    if (this.scan.length > 1) choosers.append(this.chooser("Engine", this.scan, (source) => source && this.choose(source)));
    if (this.replays.length && this.scan.length) choosers.append(this.chooser("Beside it", this.replays, (source) => this.beside(source), true));
    show(choosers, choosers.childElementCount > 0);
    this.pair = el("div", "pair", this.one.root, this.two.root);
    this.root = el("div", "opinions", choosers, this.pair);
    this.show();
  }

  /** Of whom shapes are painted. @returns {Source|null} */
  get painted() {
    return this.shapesOf === "second" && this.second ? this.second : this.first;
  }

  /** @returns {Source[]} */
  get chosen() {
    return [this.first, this.second].filter((source) => source !== null);
  }

  /** @param {string} name @param {Source[]} sources @param {(source: Source|null) => void} choose @param {boolean} [canBeNone] */
  chooser(name, sources, choose, canBeNone = false) {
    const select = el("select");
    if (canBeNone) select.append(Object.assign(el("option", "", "no replay"), { value: "" }));
    sources.forEach((source, i) => select.append(Object.assign(el("option", "", titleOf(source)), { value: String(i) })));
    select.addEventListener("change", () => choose(select.value === "" ? null : sources[Number(select.value)]));
    return el("label", "chooser", el("span", "", name), select);
  }

  /** @param {Opinion} opinion @param {string} which */
  shapesButton(opinion, which) {
    const button = el("button", "round", icon("shapes"));
    Object.assign(button, { type: "button", title: "Show its shapes on the picture" });
    button.addEventListener("click", () => {
      this.shapesOf = which;
      this.show();
      this.changed();
    });
    opinion.root.firstElementChild?.append(button);
    return button;
  }

  /** @param {Source} source */
  choose(source) {
    this.first = source;
    this.one.title.textContent = titleOf(source);
    this.changed();
  }

  /** @param {Source|null} source */
  beside(source) {
    this.second = source;
    this.two.title.textContent = titleOf(source);
    if (!source) this.shapesOf = "first";
    this.show();
    this.changed();
  }

  show() {
    show(this.two.root, this.second !== null);
    this.pair.classList.toggle("is-pair", this.second !== null);
    this.shapes.forEach((button, i) => {
      show(button, this.second !== null);
      button.ariaPressed = String(this.shapesOf === (i === 0 ? "first" : "second"));
      button.ariaLabel = `Shapes of ${titleOf(i === 0 ? this.first : this.second)}`;
    });
  }

  /** @param {(source: Source) => Found|null|undefined} newest @param {import("./notes.js").Notes} notes */
  render(newest, notes) {
    for (const [opinion, source] of /** @type {[Opinion, Source|null][]} */ ([[this.one, this.first], [this.two, this.second]])) {
      const found = source ? newest(source) : null;
      opinion.render(found, source && found ? notes.about(found.result, source.replay) : null, source?.replay ?? "");
    }
  }
}

/** @param {Source|null} source */
export function titleOf(source) {
  if (!source) return "No engine answered";
  return source.replay ? `Replay ${source.replay}${source.engine === source.replay ? "" : ` (${source.engine})`}` : source.engine;
}
