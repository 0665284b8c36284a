// What a session leaves: the best frame of each plane, its questionnaires, and the way to its review.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { levelWord } from "./verdict.js";

/** @typedef {{plane: string, name: string, score: number|null, seq: number, label?: string}} Best */

/** @param {Best[]} best */
export function bestFrames(best) {
  const root = el("section", "best", el("h3", "", "Best frames"));
  if (best.length === 0) {
    root.append(el("p", "quiet", `None yet: a frame is kept by itself when the AI calls it “${levelWord("good")}”.`));
    return root;
  }
  root.append(el("ul", "thumbs", ...best.map(thumb)));
  return root;
}

/** @param {Best} best */
function thumb({ plane, name, score, seq }) {
  const src = `/api/best/${encodeURIComponent(name)}.png?seq=${seq}`;
  const picture = el("img");
  Object.assign(picture, { src, alt: `Best frame of ${plane}`, loading: "lazy" });
  const about = typeof score === "number" ? `${Math.round(score * 100)} %` : "";
  const link = el("a", "", picture, el("b", "", plane), el("span", "", about));
  Object.assign(link, { href: src, target: "_blank", rel: "noopener" });
  return el("li", "", link);
}

/**
 * @param {string} session
 * @param {{name: string, title: string}[]} questionnaires
 */
export function linksOf(session, questionnaires) {
  const at = encodeURIComponent(session);
  const ask = questionnaires.map(({ name, title }) => link("list", title, `/questionnaire/${at}/${encodeURIComponent(name)}`));
  return el("nav", "links", ...ask, link("film", "Review this session", `/review/${at}`));
}

/** @param {string} sign @param {string} text @param {string} href */
function link(sign, text, href) {
  const node = el("a", "", icon(sign), el("span", "", text), icon("right"));
  node.href = href;
  return node;
}
