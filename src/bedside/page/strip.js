// The planes that a scan needs, under the picture: what was reached of each, its best frame, and which is looked at now.

import { el, rows, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";
import { scoreWord } from "./verdict.js";

/** @typedef {import("./protocol.js").Progress} Progress */
/** @typedef {import("./protocol.js").Plane} Plane */

/** In a few words: why there are no pictures. */
const NOT_KEPT = {
  yes: "",
  no_session: "A session keeps the best pictures",
  no_consent: "No pictures are kept without consent",
};

/** How each level is said here, where there is room for a word. */
const LEVELS = {
  none: { sign: "waiting", word: "needed" },
  near: { sign: "half", word: "close" },
  good: { sign: "good", word: "" },
};

export class Strip {
  /**
   * @param {HTMLElement} root
   * @param {HTMLDialogElement} large  where a best frame is shown whole
   */
  constructor(root, large) {
    this.root = root;
    this.cells = el("ol", "planes");
    this.note = el("p", "strip-note");
    /** Where the small picture goes while it would hide some of the large one. */
    this.slot = el("div", "strip-slot");
    this.large = large;
    this.picture = el("img");
    this.title = el("h2");
    const shut = el("button", "round", icon("close"));
    shut.type = "button";
    shut.ariaLabel = "Close the best frame";
    shut.addEventListener("click", () => large.close());
    large.append(el("header", "", this.title, shut), this.picture);
    large.addEventListener("keydown", (event) => event.stopPropagation()); // Escape is the dialog's own
    large.addEventListener("click", ({ target }) => target === large && large.close());
    root.append(this.cells, this.slot, this.note);
  }

  /**
   * What was reached stays there while the server is away.
   * @param {import("./judge.js").Known} known
   * @param {import("./answers.js").Answers} answers
   * @param {boolean} isFresh  the newest answer counts
   * @returns {boolean} whether there is something to show
   */
  follow({ state, held, firstEngine }, answers, isFresh) {
    const answered = held ? held.answered : isFresh ? answers.newest.get(firstEngine) : null;
    const verdict = answered?.result.answer.verdict;
    if (state) this.render(state.progress ?? null, verdict && verdict.level !== "none" ? verdict.label : "");
    return !this.root.hidden;
  }

  /**
   * @param {Progress|null} progress  null: this view has none, or no plane is needed
   * @param {string} now  the label of the verdict that stands there now, empty where none does
   */
  render(progress, now) {
    show(this.root, progress !== null);
    if (!progress) return;
    const looked = now.toLowerCase();
    rows(this.cells, progress.planes, () => this.build(), (cell, plane) => fill(cell, plane, plane.name.toLowerCase() === looked));
    const note = NOT_KEPT[progress.keeps] ?? "";
    setText(this.note, note);
    show(this.note, note !== "");
  }

  build() {
    const words = el("span", "words", el("b", "name"), el("span", "score"));
    const cell = el("button", "plane", el("img"), icon("waiting"), words, el("span", "now", "now"));
    cell.type = "button";
    cell.addEventListener("click", () => this.open(cell));
    return el("li", "", cell);
  }

  /** The best frame, whole: a tap asks for it. @param {HTMLElement} cell */
  open(cell) {
    const { picture, name } = cell.dataset;
    if (!picture) return;
    this.picture.src = picture.replace(/\.jpg\?/, ".png?");
    this.picture.alt = `Best frame of ${name}`;
    setText(this.title, [`Best ${name}`, cell.querySelector(".score")?.textContent].filter(Boolean).join(" · "));
    this.large.showModal();
  }
}

/** @param {HTMLElement} item @param {Plane} plane @param {boolean} isNow */
function fill(item, { name, level, score, picture }, isNow) {
  const cell = /** @type {HTMLButtonElement} */ (item.firstElementChild);
  const [image, sign, words, now] = /** @type {[HTMLImageElement, SVGElement, HTMLElement, HTMLElement]} */ ([...cell.children]);
  const src = picture ? `/api/best/${encodeURIComponent(picture.name)}.jpg?seq=${picture.seq}` : "";
  if ((cell.dataset.picture ?? "") !== src) {
    cell.dataset.picture = src;
    if (src) image.src = src;
    else image.removeAttribute("src");
  }
  const { sign: shape, word } = LEVELS[level] ?? LEVELS.none;
  const percent = typeof score === "number" && level !== "none" ? scoreWord(score) : "";
  cell.dataset.level = level;
  cell.dataset.name = name;
  cell.disabled = src === "";
  cell.classList.toggle("is-now", isNow);
  cell.setAttribute("aria-current", String(isNow));
  show(image, src !== "");
  show(now, isNow);
  setIcon(sign, shape);
  setText(words.children[0], name);
  setText(words.children[1], [word, percent].filter(Boolean).join(" · ") || "standard");
  cell.ariaLabel = `${name}: ${level === "good" ? "standard reached" : level === "near" ? "close to standard" : "still needed"}`;
}
