// What is written over the picture: why it is not to be believed, that it is held, and which frame it is.

import { sayWhole } from "./ages.js";
import { el, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";

/** @typedef {import("./stale.js").Notice} Notice */

export class Bands {
  /**
   * @param {HTMLElement} stage
   * @param {() => void} goOn
   */
  constructor(stage, goOn) {
    this.stage = stage;
    this.sign = icon("waiting");
    this.title = el("strong");
    this.detail = el("span");
    this.trouble = el("div", "band", this.sign, el("p", "", this.title, this.detail));
    this.trouble.setAttribute("role", "alert");
    this.heldText = el("strong");
    this.held = el("button", "held", icon("pause"), this.heldText);
    this.held.type = "button";
    this.held.addEventListener("click", goOn);
    this.frozen = el("div", "frozen", icon("frozen"), el("strong", "", "Frozen on the scanner"));
    this.words = el("strong");
    this.setup = Object.assign(el("a", "", "Open setup"), { href: "/setup" });
    this.warning = el("p", "names-show", icon("alarm"), this.words, this.setup);
    this.warning.setAttribute("role", "alert");
    this.tag = el("p", "tag");
    for (const node of [this.trouble, this.held, this.frozen, this.warning, this.setup]) show(node, false);
    stage.append(el("div", "veil"), this.tag, this.frozen, this.trouble, this.held, this.warning);
  }

  /**
   * @param {{trouble: Notice|null, heldMs: number|null, frozen: boolean, warning?: string, setsUp?: boolean}} now
   *   `warning`: why names may show; `setsUp`: whoever sees this page may set masks
   */
  render({ trouble, heldMs, frozen, warning = "", setsUp = false }) {
    const held = heldMs !== null;
    this.stage.classList.toggle("grey", trouble !== null && !held);
    this.stage.classList.toggle("is-held", held);
    const withheld = trouble?.icon === "withheld";
    this.stage.classList.toggle("black", withheld); // a held picture, too
    this.stage.classList.toggle("warned", warning !== "");
    show(this.warning, warning !== "");
    show(this.setup, setsUp);
    setText(this.words, withheld ? "Names may show" : warning); // the sentence over the picture says why
    show(this.trouble, trouble !== null && !held);
    if (trouble) {
      setIcon(this.sign, trouble.icon);
      setText(this.title, trouble.title);
      setText(this.detail, trouble.detail);
    }
    show(this.held, held);
    if (held) setText(this.heldText, `Held by you ${sayWhole(heldMs)} ago - tap to go on`);
    show(this.frozen, frozen && !held && trouble === null);
  }

  /**
   * @param {string} tag  which frame the large picture is
   * @param {boolean} matters  it is said even where it must lie on the picture
   */
  name(tag, matters) {
    setText(this.tag, tag);
    show(this.tag, tag !== "");
    this.tag.classList.toggle("matters", matters);
  }
}
