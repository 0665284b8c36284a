// The setup page: what of the scanner's picture may be shown, drawn on it, proposed, used at once and kept as a preset.

import { ask, post, whyNot } from "./ask.js";
import { byId, el, sentence, setText, show } from "./dom.js";
import { icon } from "./icons.js";
import { Areas } from "./setup_areas.js";
import { toast } from "./toasts.js";

/** @typedef {import("./setup_areas.js").Area} Area */
/** @typedef {{size: [number, number], crop: number[], mask: number[][], fan: number[], preset: string, presets: string[],
 *   is_open: boolean, is_confirmed: boolean, is_withheld: boolean, layout: "none"|"fits"|"changed", fixed: string}} State */

const PICTURE_EVERY_MS = 500;
const AGAIN_MS = 2000;
const KEEP_PATIENCE_MS = 10_000;
const FIND_PATIENCE_MS = 95_000;

const canvas = byId("picture");
const areas = new Areas(byId("areas"), changed);
/** @type {State|null} */
let state = null;
/** Something was changed here and is not saved. */
let isDirty = false;
/** What is done just now. */
let busy = "";
/** Why there is no picture. */
let trouble = "";
/** The next look. @type {ReturnType<typeof setTimeout>|undefined} */
let next;
let isLooking = false;

const BUTTONS = {
  add: ["plus", "Add a mask"], find: ["compass", "Find by itself"], open: ["hold", "Take the masks off"], save: ["tick", "Save and use"],
};
for (const [id, [sign, word]] of Object.entries(BUTTONS)) byId(id).append(icon(sign), el("span", "", word));
byId("back").append(icon("left"));

/** @param {"error"|"good"} sign @param {string} text */
const say = (sign, text) => toast(byId("toasts"), { sign, text, forMs: sign === "error" ? 8000 : 4000 });

/** Do it with the button resting; what goes wrong is said. @param {string} id @param {() => Promise<void>} deed */
function on(id, deed) {
  const button = byId(id);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await deed();
    } catch (error) {
      say("error", sentence(error));
    }
    render();
  });
}

/** @param {State} now */
function take(now) {
  state = now;
  trouble = "";
  isDirty = false;
  /** @type {Area[]} */
  const all = [];
  if (now.fan.length) all.push({ kind: "fan", at: rectangle(now.fan) });
  if (now.crop.length) all.push({ kind: "crop", at: rectangle(now.crop) });
  for (const each of now.mask) all.push({ kind: "mask", at: rectangle(each) });
  areas.set(all, now.size);
  if (now.preset) byId("name").value = now.preset;
  else if (!byId("name").value) byId("name").value = "scanner";
  byId("presets").replaceChildren(...now.presets.map((name) => el("option", "", name)));
  byId("presets").value = now.preset;
  render();
}

/** @param {number[]} numbers @returns {import("./setup_areas.js").Rectangle} */
function rectangle([x, y, width, height]) {
  return [x, y, width, height];
}

/** @param {boolean} isEdit */
function changed(isEdit) {
  isDirty ||= isEdit;
  render();
}

function render() {
  setText(byId("notice"), notice());
  const isReady = state !== null && state.size[0] > 0;
  const isFree = isReady && !state?.fixed;
  for (const id of ["add", "find", "save", "load"]) byId(id).disabled = !isFree;
  byId("open").disabled = !isReady || Boolean(state?.fixed);
  byId("open").ariaPressed = String(state?.is_open ?? false);
  setText(byId("open").lastElementChild, state?.is_open ? "Put the masks on again" : "Take the masks off");
  show(byId("loading"), Boolean(state?.presets.length));
  byId("list").replaceChildren(...rowOf("crop"), ...rowOf("fan"), ...areas.all.filter((area) => area.kind === "mask").map(listed));
}

/** @returns {string} */
function notice() {
  if (busy) return busy;
  if (trouble) return sentence(trouble);
  if (!state) return "Loading";
  if (state.fixed) return sentence(state.fixed);
  if (state.is_open) return "The masks are off on this page. Nobody else gets a picture until you save, or put them on again.";
  if (state.is_withheld) return "The scanner's screen has changed, and no picture leaves. To see it, take the masks off; check them, then save.";
  if (state.layout === "changed") return "The scanner's screen has changed: names may show. Check the masks, then save.";
  if (!state.is_confirmed) return "Names are not masked. Draw masks over them, or save without any where none are shown.";
  if (isDirty) return "Not saved yet: the picture leaves as it was.";
  return state.layout === "none" ? "In use. This screen shows too little beside the fan to notice when it changes." : "In use";
}

/** The row of crop or fan: it chooses the area, or adds it. @param {"crop"|"fan"} kind */
function rowOf(kind) {
  const area = areas.all.find((each) => each.kind === kind);
  if (area) return [listed(area)];
  const words = kind === "crop" ? ["Shown", "the whole picture"] : ["Fan", "found by itself"];
  const button = el("button", "plain", el("b", "", words[0]), el("span", "", words[1]), icon("plus"));
  button.type = "button";
  button.ariaLabel = kind === "crop" ? "Choose the part that is shown" : "Say where the fan is";
  button.disabled = !state?.size[0] || Boolean(state.fixed);
  button.addEventListener("click", () => areas.add({ kind, at: middle(0.7) }));
  return [el("li", "", button)];
}

/** @param {Area} area */
function listed(area) {
  const [x, y, width, height] = area.at;
  const choose = el("button", "plain", el("b", "", areas.nameOf(area)), el("span", "", `${width} × ${height} at ${x}, ${y}`));
  choose.type = "button";
  choose.ariaPressed = String(areas.chosen === area);
  choose.addEventListener("click", () => areas.choose(area));
  const remove = el("button", "round", icon("close"));
  remove.type = "button";
  remove.ariaLabel = `Remove ${areas.nameOf(area)}`;
  remove.addEventListener("click", () => areas.remove(area));
  return el("li", "", choose, remove);
}

/** @param {number} share @returns {import("./setup_areas.js").Rectangle} */
function middle(share) {
  const [width, height] = areas.size;
  return [(width * (1 - share)) / 2, (height * (1 - share)) / 2, width * share, height * share];
}

/** @param {string} kind */
const of = (kind) => areas.all.filter((area) => area.kind === kind).map((area) => area.at);

on("add", async () => areas.add({ kind: "mask", at: middle(0.2) }));
on("open", async () => {
  const is_open = byId("open").ariaPressed !== "true"; // what the button says
  const now = await post("/api/setup/open", { open: is_open });
  if (state) state = { ...state, is_open: now.is_open }; // what was drawn here and is not saved stays
});
on("save", async () => {
  const [crop = [], fan = []] = [of("crop")[0], of("fan")[0]];
  take(await keep({ crop, fan, mask: of("mask"), preset: byId("name").value.trim() }));
  say("good", "In use from the next picture on, and kept");
});
on("load", async () => {
  take(await keep({ load: byId("presets").value }));
  say("good", "In use from the next picture on");
});
on("find", async () => {
  busy = "Looking for the fan and for text: this takes some seconds";
  render();
  const found = await find().finally(() => (busy = ""));
  const masks = areas.all.filter((area) => area.kind === "mask");
  if (found.fan.length) {
    const kept = [{ kind: "fan", at: found.fan }, { kind: "crop", at: found.crop }];
    areas.set([.../** @type {Area[]} */ (kept), ...masks], areas.size);
  }
  for (const at of found.mask) areas.all.push({ kind: "mask", at });
  areas.draw();
  isDirty = true;
  const why = [found.why_no_fan, found.why_no_mask].filter(Boolean).map(sentence).join(". ");
  say(why ? "error" : "good", why || "Look at each proposal: move it, or remove it");
});

/**
 * Use it and keep it; where it shows more than before, only after a person has said so.
 * @param {object} asked
 * @returns {Promise<State>} Throws an Error with the server's own sentence where it says no.
 */
async function keep(asked) {
  const how = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked) };
  const response = await fetch("/api/setup", { ...how, signal: AbortSignal.timeout(KEEP_PATIENCE_MS) });
  if (response.ok) return await response.json();
  const why = await whyNot(response.clone());
  const asks = response.status === 409 && (await response.json()).confirm === true;
  if (!asks) throw new Error(why);
  if (!confirm(`${sentence(why)}. Show them to everybody from now on?`)) throw new Error("nothing was changed");
  return await keep({ ...asked, confirm: true });
}

/** It takes longer than other questions. @returns {Promise<any>} */
async function find() {
  const response = await fetch("/api/setup/propose", { method: "POST", signal: AbortSignal.timeout(FIND_PATIENCE_MS) });
  if (!response.ok) throw new Error(await whyNot(response));
  return await response.json();
}

/** No picture of before stays, least of all a whole one. */
function blank() {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

/** Nobody looks at this page any more: everybody else gets the picture again. */
function leave() {
  blank();
  if (!state?.is_open) return;
  state = { ...state, is_open: false };
  render();
  const how = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ open: false }) };
  void fetch("/api/setup/open", { ...how, keepalive: true }).catch(() => {}); // else it ends by itself
}

/** The picture over and over, as it leaves or, while the masks are off, whole; none while the page is hidden. */
async function look() {
  if (document.hidden || isLooking) return;
  isLooking = true;
  let again = PICTURE_EVERY_MS;
  try {
    const response = await fetch("/api/setup/picture", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(await whyNot(response));
    const image = await createImageBitmap(await response.blob());
    if (document.hidden) return image.close();
    if (canvas.width !== image.width || canvas.height !== image.height) {
      [canvas.width, canvas.height] = [image.width, image.height];
      byId("frame").style.setProperty("--aspect", String(image.width / image.height));
    }
    canvas.getContext("2d").drawImage(image, 0, 0);
    image.close();
    const now = await ask("/api/setup");
    const is = (/** @type {State} */ one) => [one.is_open, one.is_confirmed, one.layout, one.is_withheld, one.fixed].join();
    if (!state || String(state.size) !== String(now.size)) take(now);
    else {
      const isOther = is(state) !== is(now);
      state = { ...now, presets: state.presets };
      if (isOther) render();
    }
    trouble = "";
  } catch (error) {
    trouble = error instanceof Error ? error.message : String(error);
    again = AGAIN_MS;
    blank();
  } finally {
    isLooking = false;
  }
  setText(byId("notice"), notice());
  next = setTimeout(look, again);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(next);
  if (document.hidden) leave();
  else void look();
});
addEventListener("pagehide", leave);
render();
void look();
