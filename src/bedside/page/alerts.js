// What a person should hear of the machine, the disk and the masks: one line, and on a tap what to do about each.

import { el, rows, setText, show } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./protocol.js").Alert} Alert */

export class AlertStrip {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.isOpen = false;
    this.words = el("span");
    this.rest = el("span", "rest");
    this.button = el("button", "", icon("alarm"), this.words, this.rest);
    this.button.type = "button";
    this.list = el("ul");
    this.button.addEventListener("click", () => this.open(!this.isOpen));
    root.append(this.button, this.list);
    this.open(false);
  }

  /** @param {boolean} isOpen */
  open(isOpen) {
    this.isOpen = isOpen;
    this.button.ariaExpanded = String(isOpen);
    show(this.list, isOpen);
  }

  /** @param {Alert[]} all  the gravest first */
  render(all) {
    const alerts = all.filter((alert) => !alert.on_page);
    show(this.root, alerts.length > 0);
    if (alerts.length === 0) return this.open(false);
    this.root.dataset.level = alerts[0].level;
    setText(this.words, alerts[0].sentence);
    setText(this.rest, alerts.length > 1 ? `${alerts.length - 1} more` : "what to do");
    rows(this.list, alerts, () => el("li", "", el("strong"), el("span")), (row, alert) => {
      setText(row.children[0], alert.sentence);
      setText(row.children[1], alert.do);
    });
  }
}
