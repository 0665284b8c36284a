// The page of one questionnaire: its address says of which session; the server says what is asked.

import { ask, post } from "./ask.js";
import { byId, el, sentence, setText } from "./dom.js";
import { icon } from "./icons.js";
import { complaint } from "./sheet.js";

/**
 * @typedef {{name: string, text: string, least: number, most: number, step: number, least_text: string,
 *   most_text: string}} Item
 * @typedef {{name: string, title: string, intro: string, items: Item[]}} Questionnaire
 * @typedef {{root: HTMLElement, item: Item, value: number|null}} Asked
 */

/** Up to so many steps are buttons; a finer scale is a slider. */
const MOST_BUTTONS = 11;

const main = byId("questionnaire");
const [, , session, name] = location.pathname.split("/");

/** @param {Questionnaire} asked */
function build({ title, intro, items }) {
  document.title = `${title} · Bedside`;
  setText(byId("title"), title);
  const said = complaint();
  const go = el("button", "main-deed", icon("tick"), el("span", "", "Send"));
  const fields = items.map((item) => field(item, () => count(fields)));
  const form = el("form", "", ...(intro ? [el("p", "intro", intro)] : []), ...fields.map(({ root }) => root), said, go);
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isWhole(fields, said)) void send(fields, said, go);
  });
  count(fields);
  main.replaceChildren(form);
}

/** @param {Asked[]} fields */
function count(fields) {
  setText(byId("progress"), `${fields.filter(({ value }) => value !== null).length} of ${fields.length}`);
}

/**
 * What is missing is marked, said, and brought into sight.
 * @param {Asked[]} fields @param {HTMLElement} said
 */
function isWhole(fields, said) {
  const open = fields.filter(({ value }) => value === null);
  for (const { root, value } of fields) root.classList.toggle("missing", value === null);
  for (const { root } of open) setText(root.lastElementChild ?? root, "Not answered yet");
  setText(said, open.length === 0 ? "" : open.length === 1 ? "One question has no answer yet" : `${open.length} questions have no answer yet`);
  open[0]?.root.scrollIntoView({ block: "start" });
  open[0]?.root.querySelector("input")?.focus({ preventScroll: true });
  return open.length === 0;
}

/** @param {Asked[]} fields @param {HTMLElement} said @param {HTMLButtonElement} go */
async function send(fields, said, go) {
  if (go.disabled) return;
  go.disabled = true;
  const answers = Object.fromEntries(fields.map(({ item, value }) => [item.name, value]));
  try {
    await post(`/api/sessions/${session}/questionnaires/${name}`, { answers });
    await thank();
  } catch (error) {
    setText(said, sentence(error)); // the answers stay on the page, to be sent again
  } finally {
    go.disabled = false;
  }
}

/** Thanks, and on to what is asked next. */
async function thank() {
  setText(byId("progress"), "");
  /** @type {{name: string, title: string}[]} */
  const all = await ask("/api/session").then((about) => about.questionnaires, () => []);
  const next = all[all.findIndex((one) => one.name === decodeURIComponent(name)) + 1];
  const heading = el("h1", "", "Thank you");
  heading.tabIndex = -1;
  const links = next && all.length > 1 && next !== all[0] ? [link(`Next: ${next.title}`, `/questionnaire/${session}/${encodeURIComponent(next.name)}`, "")] : [];
  links.push(link("Back to the scan", "/", "quiet"));
  main.replaceChildren(el("section", "thanks", icon("good"), heading, el("p", "intro", "Your answers are kept with the session."), ...links));
  heading.focus();
}

/** @param {string} text @param {string} href @param {string} className */
function link(text, href, className) {
  return Object.assign(el("a", className, text), { href });
}

/** @param {Item} item @param {() => void} changed @returns {Asked} */
function field(item, changed) {
  const root = el("fieldset", "item-asked", el("legend", "", item.text));
  /** @type {Asked} */
  const asked = { root, item, value: null };
  const take = (/** @type {number} */ value) => {
    asked.value = value;
    root.classList.remove("missing");
    setText(root.lastElementChild ?? root, "");
    changed();
  };
  const steps = Math.round((item.most - item.least) / item.step) + 1;
  const ends = el("p", "ends", el("span", "", item.least_text), el("span", "", item.most_text));
  root.append(steps <= MOST_BUTTONS ? buttons(item, steps, take) : slider(item, take), ends, el("p", "needs"));
  return asked;
}

/** @param {Item} item @param {number} steps @param {(value: number) => void} take */
function buttons({ name: group, least, step, least_text: first, most_text: last }, steps, take) {
  const labels = Array.from({ length: steps }, (_, at) => {
    const value = Number((least + at * step).toFixed(6));
    const input = el("input");
    const ends = at === 0 ? first : at === steps - 1 ? last : "";
    Object.assign(input, { type: "radio", name: group, value: String(value), ariaLabel: [value, ends].filter((part) => part !== "").join(", ") });
    input.addEventListener("change", () => take(value));
    return el("label", "", String(value), input);
  });
  return el("div", "steps", ...labels);
}

/** Nothing is chosen before it is touched: a thumb in the middle is no answer. @param {Item} item @param {(value: number) => void} take */
function slider({ name: group, text, least, most, step, least_text: first, most_text: last }, take) {
  const input = el("input");
  Object.assign(input, { type: "range", name: group, min: String(least), max: String(most), step: String(step) });
  input.value = String((least + most) / 2);
  input.ariaLabel = [text, `${least} ${first}`, `${most} ${last}`].join(", ");
  const output = el("output", "", "–");
  const root = el("div", "scale untouched", input, output);
  const touched = () => {
    root.classList.remove("untouched");
    setText(output, input.value);
    take(Number(input.value));
  };
  for (const event of ["input", "change", "pointerup"]) input.addEventListener(event, touched);
  return root;
}

try {
  build(await ask(`/api/questionnaires/${name}`));
} catch (error) {
  setText(byId("title"), "Questionnaire");
  const said = complaint();
  main.append(said);
  setText(said, sentence(error));
}
