// A sheet of controls: it lies over the panel, never over the picture, and gives the focus back where it came from.

import { el, sentence, setText, show } from "./dom.js";
import { icon } from "./icons.js";

/** @type {Set<Sheet>} */
const sheets = new Set();

export class Sheet {
  /**
   * @param {HTMLElement} root
   * @param {string} title
   * @param {{opened?: () => void, closed?: () => void}} [on]
   */
  constructor(root, title, on = {}) {
    this.root = root;
    this.on = on;
    this.title = el("h2", "", title);
    this.title.tabIndex = -1;
    this.shut = button(`Close: ${title.toLowerCase()}`, "round", () => this.close());
    this.shut.replaceChildren(icon("close"));
    this.shut.ariaLabel = `Close: ${title.toLowerCase()}`;
    this.body = el("div", "sheet-body");
    /** What went wrong last; each sheet has its place for it. */
    this.said = complaint();
    root.ariaLabel = title;
    root.setAttribute("role", "dialog");
    root.append(el("header", "", this.title, this.shut), this.body);
    /** @type {Element|null} */
    this.before = null;
    sheets.add(this);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  open() {
    if (this.isOpen) return;
    closeSheets();
    this.before = document.activeElement;
    show(this.root, true);
    this.title.focus({ preventScroll: true });
    this.on.opened?.();
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  close() {
    if (!this.isOpen) return;
    show(this.root, false);
    if (this.before instanceof HTMLElement) this.before.focus({ preventScroll: true });
    this.on.closed?.();
  }

  /** Do it, and say on this sheet why it could not be done; whether it was. @param {() => Promise<unknown>} deed */
  async attempt(deed) {
    setText(this.said, "");
    try {
      await deed();
      return true;
    } catch (error) {
      setText(this.said, sentence(error));
      this.said.scrollIntoView({ block: "nearest" });
      return false;
    }
  }
}

/** Whether there was one to close. */
export function closeSheets() {
  const open = [...sheets].filter((sheet) => sheet.isOpen);
  for (const sheet of open) sheet.close();
  return open.length > 0;
}

/** @param {string} text @param {string} name  classes @param {() => void} press */
export function button(text, name, press) {
  const node = el("button", name, el("span", "", text));
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

/**
 * Buttons of which one is pressed, or none.
 * @param {string} name  of the group, for a screen reader
 * @param {{value: string, text: string, sign?: string}[]} choices
 * @param {(value: string) => void} chosen
 */
export function choice(name, choices, chosen) {
  const root = el("div", "choice");
  root.setAttribute("role", "group");
  root.ariaLabel = name;
  const press = (/** @type {string} */ value) => {
    for (const node of root.children) node.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (node).dataset.value === value));
  };
  for (const { value, text, sign } of choices) {
    const node = button(text, "", () => {
      press(value);
      chosen(value);
    });
    if (sign) node.prepend(icon(sign));
    node.dataset.value = value;
    node.setAttribute("aria-pressed", "false");
    root.append(node);
  }
  return { root, press };
}

/**
 * A sentence that a screen reader says at once; empty while there is nothing to say.
 */
export function complaint() {
  const node = el("p", "complaint");
  node.setAttribute("role", "alert");
  return node;
}
