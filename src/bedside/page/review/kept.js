// Snapshots and best frames as cards: go there, play the clip, tick for the report, comment.

import { el, setText, show } from "../dom.js";
import { icon, setIcon } from "../icons.js";
import { drawOverlay } from "../overlay.js";
import { summaryOf } from "../explanation.js";
import { clock } from "./words.js";

/** @typedef {import("./api.js").Item} Item */
/** @typedef {{go: (item: Item) => void, note: (note: import("./api.js").Note) => Promise<boolean>}} On */

const THUMBNAIL_PX = 480;

/** @param {Item[]} items @param {import("./notes.js").Notes} notes @param {On} on */
export function keptCards(items, notes, on) {
  const root = el("div", "kept");
  const groups = /** @type {const} */ ([["best", "Best frames"], ["snapshots", "Snapshots"]]);
  for (const [kind, title] of groups) {
    const cards = items.filter((item) => item.kind === kind).map((item) => card(item, notes, on));
    if (cards.length) root.append(el("h2", "", title), el("ul", "cards", ...cards));
  }
  if (!items.length) root.append(el("p", "loading", "No picture was kept in this session."));
  return root;
}

/** @param {Item} item @param {import("./notes.js").Notes} notes @param {On} on */
function card(item, notes, on) {
  const { label, level } = summaryOf({ error: item.error ?? "", answer: item.answer ?? {}, engine: item.engine, seq: item.seq, age_ms: 0 });
  const name = item.kind === "best" ? item.name : label;
  const go = el("button", "picture", thumbnail(item));
  Object.assign(go, { type: "button", ariaLabel: `Go to ${name} at ${clock(item.at_s, 2)}` });
  go.addEventListener("click", () => on.go(item));
  const where = item.frame === null ? "not in the video" : clock(item.at_s, 1);
  const words = el("p", "card-words", icon(level), el("b", "", name), el("span", "", [name === label ? "" : label, where].filter(Boolean).join(" · ")));
  const node = el("li", "card", go, words, el("div", "deeds", ticker(item, name, notes, on), ...clipButton(item, name)), comment(item, name, notes, on));
  node.dataset.item = item.item;
  return node;
}

/** @param {Item} item @param {string} name @param {import("./notes.js").Notes} notes @param {On} on */
function ticker(item, name, notes, on) {
  const sign = icon("empty");
  const node = el("button", "tick", sign, el("span", "", "In the report"));
  Object.assign(node, { type: "button", role: "checkbox" });
  const render = () => {
    const isTicked = notes.isTicked(item.item, item.ticked);
    node.ariaChecked = String(isTicked);
    setIcon(sign, isTicked ? "good" : "empty");
  };
  node.ariaLabel = `${name} in the report`;
  node.addEventListener("click", async () => {
    await on.note({ note: "tick", item: item.item, ticked: !notes.isTicked(item.item, item.ticked) });
    render();
  });
  render();
  return node;
}

/** @param {Item} item @param {string} name */
function clipButton(item, name) {
  if (!item.clip) return [];
  const node = el("button", "", icon("film"), el("span", "", "Clip"));
  Object.assign(node, { type: "button", ariaLabel: `Play the clip before ${name}` });
  node.addEventListener("click", () => playClip(String(item.clip), name));
  return [node];
}

/** @param {string} address @param {string} name */
function playClip(address, name) {
  const video = el("video");
  Object.assign(video, { src: address, controls: true, autoplay: true, muted: true, playsInline: true, loop: true });
  const shut = el("button", "round", icon("close"));
  Object.assign(shut, { type: "button", ariaLabel: "Close the clip" });
  const problem = el("p", "loading", "This browser cannot play the clip.");
  show(problem, false);
  const dialog = el("dialog", "clip", el("header", "", el("h2", "", `The seconds before ${name}`), shut), video, problem);
  shut.addEventListener("click", () => dialog.close());
  video.addEventListener("error", () => show(problem, true));
  dialog.addEventListener("close", () => {
    video.removeAttribute("src");
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {Item} item @param {string} name @param {import("./notes.js").Notes} notes @param {On} on */
function comment(item, name, notes, on) {
  const text = el("textarea");
  const said = () => notes.commentOf(item.item, item.comment ?? "");
  Object.assign(text, { rows: 1, maxLength: 2000, placeholder: "Comment", ariaLabel: `Comment on ${name}`, value: said() });
  text.addEventListener("change", async () => {
    const wanted = text.value.trim();
    if (wanted !== said() && !(await on.note({ note: "comment", item: item.item, text: wanted }))) setText(text, said());
  });
  return text;
}

/** The picture with the shapes that were on it, painted when it comes into sight. @param {Item} item */
function thumbnail(item) {
  const canvas = el("canvas");
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    void paint(canvas, item);
  });
  seen.observe(canvas);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {Item} item */
async function paint(canvas, item) {
  const picture = new Image();
  picture.src = item.png;
  try {
    await picture.decode();
  } catch {
    return canvas.classList.add("missing");
  }
  canvas.width = THUMBNAIL_PX;
  canvas.height = Math.round((THUMBNAIL_PX * picture.naturalHeight) / picture.naturalWidth);
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(picture, 0, 0, canvas.width, canvas.height);
  drawOverlay(ctx, item.answer ?? {}, { width: canvas.width, height: canvas.height, scale: 2, labels: false });
}
