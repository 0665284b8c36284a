// /review: all sessions, newest first.

import { byId, el, setText, show } from "../dom.js";
import { icon } from "../icons.js";
import { ask } from "./api.js";
import { deleteButton } from "./deletion.js";
import { counted, lasting } from "./words.js";

/** @typedef {import("./api.js").Listed} Listed */

/** With more sessions than this one looks for them by participant, arm or date. */
const MANY = 12;

/** @param {HTMLElement} main */
export async function showList(main) {
  /** @type {{sessions: Listed[], may_delete: boolean, has_live: boolean}} */
  const { sessions, may_delete: mayDelete, has_live: hasLive } = await ask("/api/sessions");
  if (hasLive) wayBack("/", "To the live picture");
  document.title = "Sessions - Bedside";
  const list = el("div", "sessions");
  const none = el("p", "loading");
  const search = el("input", "search");
  Object.assign(search, { type: "search", placeholder: "Participant, arm or date", ariaLabel: "Find a session" });
  const deleted = () => void showList(main).catch(() => location.reload());
  const fill = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = sessions.filter((session) => words.every((word) => textOf(session).includes(word)));
    list.replaceChildren(...days(found, mayDelete ? deleted : null));
    setText(none, sessions.length ? "No session has these words." : "There is no session yet. Start one on the live page.");
    show(none, !found.length);
  };
  search.addEventListener("input", fill);
  show(search, sessions.length > MANY);
  fill();
  main.replaceChildren(el("div", "list-page", search, none, list));
}

/** The arrow at the top left. @param {string} href @param {string} words */
export function wayBack(href, words) {
  const back = byId("back");
  Object.assign(back, { href, ariaLabel: words });
  back.replaceChildren(icon("left"));
  show(back, true);
}

/** @param {Listed} session */
function textOf({ name, participant, arm, start }) {
  return `${name} ${participant} ${arm} ${dayOf(start)}`.toLowerCase();
}

/** @param {Listed[]} sessions @param {(() => void)|null} deleted  null: nobody here may delete one */
function days(sessions, deleted) {
  /** @type {Map<string, HTMLElement>} */
  const found = new Map();
  for (const session of sessions) {
    const day = dayOf(session.start);
    const list = found.get(day) ?? el("ul", "cards");
    found.set(day, list);
    const buttons = deleted && !session.is_running ? [deleteButton(session, deleted)] : [];
    list.append(el("li", "", card(session), ...buttons));
  }
  return [...found].map(([day, list]) => el("section", "day", el("h2", "", day), list));
}

/** @param {Listed} session */
function card(session) {
  const { name, start, participant, arm, is_running: isRunning, problem } = session;
  const link = el("a", "session-card");
  link.href = `/review/${encodeURIComponent(name)}`;
  const time = new Date(start);
  const at = Number.isNaN(time.getTime()) ? name : time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const head = el("p", "session-head", el("time", "", at), el("b", "", participant || name), el("span", "arm", arm));
  if (isRunning) head.append(el("span", "running", icon("live"), "running"));
  link.append(head, el("p", "facts", ...facts(session)));
  if (problem) link.append(el("p", "session-problem", icon("error"), el("span", "", problem)));
  return link;
}

/** @param {Listed} session */
function facts({ duration_s, video_s, frames, losses, snapshots, best, replays, is_ended, is_running }) {
  const parts = [
    fact("late", lasting(duration_s)),
    fact("film", frames ? `${lasting(video_s)} of video` : "no video"),
    losses ? fact("gap", counted(losses, "frame lost", "frames lost")) : null,
    snapshots ? fact("camera", counted(snapshots, "snapshot")) : null,
    best ? fact("star", counted(best, "best frame")) : null,
    replays.length ? fact("swap", counted(replays.length, "replay")) : null,
    !is_ended && !is_running ? fact("off", "broken off") : null,
  ];
  return parts.filter((part) => part !== null);
}

/** @param {string} sign @param {string} words */
function fact(sign, words) {
  return el("span", "fact", icon(sign), words);
}

/** @param {string} start  ISO 8601 */
export function dayOf(start) {
  const day = new Date(start);
  if (Number.isNaN(day.getTime())) return "Without a date";
  return day.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}
