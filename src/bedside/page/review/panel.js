// The panel beside the picture: the answer, what was kept, what happened.

import { el, setText, show } from "../dom.js";

/** @typedef {{name: string, title: string, content: HTMLElement}} Tab */

export class Panel {
  /** @param {Tab[]} tabs */
  constructor(tabs) {
    this.tabs = tabs;
    this.buttons = tabs.map((tab, i) => {
      const button = el("button", "", tab.title);
      Object.assign(button, { type: "button", role: "tab", id: `tab-${tab.name}` });
      button.addEventListener("click", () => this.open(tab.name));
      button.addEventListener("keydown", (event) => {
        const to = { ArrowLeft: i - 1, ArrowRight: i + 1 }[event.key];
        if (to === undefined) return;
        event.stopPropagation();
        const next = (to + tabs.length) % tabs.length;
        this.open(tabs[next].name);
        this.buttons[next].focus();
      });
      return button;
    });
    const strip = el("div", "tabs", ...this.buttons);
    strip.setAttribute("role", "tablist");
    const bodies = tabs.map(({ name, content }) => {
      content.setAttribute("role", "tabpanel");
      content.setAttribute("aria-labelledby", `tab-${name}`);
      content.classList.add("tab-body");
      return content;
    });
    this.root = el("section", "panel review-panel", strip, ...bodies);
    this.root.ariaLabel = "Answer, kept pictures and events";
    this.open(tabs[0].name);
  }

  /** @param {string} name */
  open(name) {
    this.tabs.forEach((tab, i) => {
      const isOpen = tab.name === name;
      show(tab.content, isOpen);
      this.buttons[i].ariaSelected = String(isOpen);
      this.buttons[i].tabIndex = isOpen ? 0 : -1;
    });
  }

  /** @param {string} name @param {string} title */
  entitle(name, title) {
    const at = this.tabs.findIndex((tab) => tab.name === name);
    setText(this.buttons[at], title);
  }
}
