// /review/SESSION: one session, put together.

import { byId, el } from "../dom.js";
import { icon } from "../icons.js";
import { toast } from "../toasts.js";
import { Answers } from "./answers.js";
import { Api } from "./api.js";
import { Frames } from "./frames.js";
import { happenings, happeningsList } from "./happenings.js";
import { buildHelp } from "./help.js";
import { keptCards } from "./kept.js";
import { marksLane, signalLane, verdictLane, videoLane } from "./lanes.js";
import { dayOf, wayBack } from "./list.js";
import { Notes } from "./notes.js";
import { Opinions, titleOf } from "./opinions.js";
import { Panel } from "./panel.js";
import { Player } from "./player.js";
import { Stage } from "./stage.js";
import { load } from "./stills.js";
import { Timeline } from "./timeline.js";
import { Transport, listenToKeys } from "./transport.js";
import { clock } from "./words.js";

/** @typedef {import("./api.js").Item} Item */
/** @typedef {import("./answers.js").Found} Found */

/** More lanes than these would leave no room for the picture. */
const MOST_LANES = 4;
const LATE_MS = 400;

/** @param {string} name @param {HTMLElement} main */
export async function openSession(name, main) {
  const api = new Api(name);
  const [session, columns, timeline, { items }, { notes }] = await Promise.all([
    api.session(), api.frames(), api.timeline(), api.items(), api.notes(),
  ]);
  entitle(session);
  const frames = new Frames(columns, session.segments, Math.max(session.duration_s, timeline.duration_s));
  new Review({ api, session, timeline, frames, items, notes: new Notes(api, notes) }).putInto(main);
}

/** @param {import("./api.js").Session} session */
function entitle({ name, about }) {
  const start = new Date(about.start);
  const time = Number.isNaN(start.getTime()) ? "" : start.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const who = about.participant || name;
  document.title = `${who} - Review - Bedside`;
  const when = el("span", "", `${dayOf(about.start)}, ${time}`);
  byId("title").replaceChildren(el("b", "", who), el("span", "arm", about.arm ?? ""), when);
  wayBack("/review", "All sessions");
}

/** @typedef {{api: Api, session: import("./api.js").Session, timeline: import("./api.js").Timeline, frames: Frames,
 *   items: Item[], notes: Notes}} Parts */

class Review {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    const { api, timeline, frames, session, items } = parts;
    this.startNs = Number(session.about.start_monotonic_ns ?? 0);
    /** @type {{item: Item, found: Found}|null} a kept picture that is not in the video, while it is looked at */
    this.apart = null;
    this.stage = new Stage(timeline, (named) => this.shapesOf(named.index));
    this.screen = this.stage.screen;
    this.answers = new Answers(api, frames, { loaded: () => this.answered(), failed: (error) => this.complain(error) });
    this.player = new Player(api, frames, this.screen, { changed: () => this.changed(), failed: (error) => this.complain(error) });
    const sources = timeline.verdicts.map(({ engine, replay }) => ({ engine, replay }));
    for (const engine of session.engines) {
      if (!sources.some((source) => source.engine === engine && !source.replay)) sources.push({ engine, replay: "" });
    }
    const on = { labels: () => this.labels(), note: (/** @type {import("./api.js").Note} */ note) => this.note(note) };
    this.opinions = new Opinions(sources, on, () => this.chosen());
    this.opinions.root.addEventListener("closed", () => this.render());
    this.lanes = new Timeline(frames.durationS, {
      go: (seconds) => (this.leaveApart(), this.player.goToTime(seconds)),
      sign: (sign) => this.goToMark(sign),
    });
    const deeds = { overlay: () => this.toggleOverlay(), fit: () => this.toggleFit(), snapshot: () => this.tickHere(), help: () => byId("help").showModal() };
    this.transport = new Transport(this.player, deeds);
    listenToKeys(this.player, this.lanes, deeds);
    this.kept = keptCards(items, parts.notes, { go: (item) => this.goToItem(item), note: (note) => this.note(note) });
    this.list = el("div");
    this.panel = new Panel([
      { name: "answer", title: "Answer", content: this.opinions.root },
      { name: "kept", title: items.length ? `Kept (${items.length})` : "Kept", content: this.kept },
      { name: "events", title: "Events", content: this.list },
    ]);
    this.lateTimer = 0;
    buildHelp(byId("help"), byId("help-open"));
  }

  /** @param {HTMLElement} main */
  putInto(main) {
    const { session, frames } = this.parts;
    const player = el("div", "player", this.stage.root, this.transport.root);
    main.replaceChildren(player, this.lanes.root, this.panel.root);
    main.classList.add("session");
    if (session.problem) main.prepend(el("p", "session-problem", icon("error"), el("span", "", session.problem)));
    if (!frames.length) this.stage.say("This session has no video");
    this.happened();
    const at = Number(new URLSearchParams(location.hash.slice(1)).get("at"));
    if (frames.length) this.player.goToTime(Number.isFinite(at) && at > 0 ? at : frames.atS[0]);
    this.render();
  }

  /** Everything that has its own line or sign; again after each note. */
  happened() {
    const { timeline, frames, notes, session } = this.parts;
    const all = happenings(timeline, frames, notes.notes, (ns) => (ns - this.startNs) / 1e9);
    this.list.replaceChildren(happeningsList(all, (happening) => this.goToMark(happening)));
    this.panel.entitle("events", `Events (${all.length})`);
    const { chosen } = this.opinions;
    const isFew = timeline.verdicts.length <= MOST_LANES;
    const verdicts = timeline.verdicts.filter((lane) =>
      isFew || chosen.some(({ engine, replay }) => engine === lane.engine && replay === lane.replay));
    this.lanes.fill(
      [
        ...verdicts.map((lane) => verdictLane(titleOf(lane), lane.spans)),
        signalLane(timeline.signal),
        videoLane(session.segments, frames.holes, timeline.gaps),
        marksLane(() => this.lanes.signs),
      ],
      all.filter(({ isLoud }) => isLoud),
    );
  }

  labels() {
    const all = this.parts.timeline.verdicts.flatMap(({ spans }) => spans.map(({ label }) => label));
    return [...new Set(all)].filter((label) => typeof label === "string");
  }

  /** @param {number} index @param {import("./answers.js").Source} source */
  newest(index, source) {
    return this.apart ? (source.replay ? null : this.apart.found) : index < 0 ? null : this.answers.newest(index, source);
  }

  /** @param {number} index */
  shapesOf(index) {
    const source = this.opinions.painted;
    const found = source && this.newest(index, source);
    return found && found.ageS <= 1 && !found.result.error ? found.result.answer : null;
  }

  /** Something about the player changed: the frame, or whether it plays. */
  changed() {
    const { player, screen, stage } = this;
    clearTimeout(this.lateTimer);
    const isThere = player.isPlaying || screen.shown?.named.index === player.index;
    if (isThere) stage.sayLoading(false);
    else this.lateTimer = window.setTimeout(() => stage.sayLoading(true), LATE_MS);
    for (const { replay } of isThere ? this.opinions.chosen : []) if (player.index >= 0) this.answers.prepare(player.index, replay);
    if (!player.isPlaying) history.replaceState(null, "", `#at=${player.atS.toFixed(3)}`);
    this.render();
  }

  /** Answers came: those of the picture on the screen may be among them. */
  answered() {
    this.screen.repaint();
    this.render();
  }

  chosen() {
    this.happened();
    this.changed();
    this.screen.repaint();
  }

  /** Words go with the frame that is to be seen, the playhead with the one that is wanted. */
  render() {
    const { player, stage, screen } = this;
    const { frames, notes } = this.parts;
    const index = screen.shown?.named.index ?? player.index;
    this.transport.render(screen);
    this.opinions.render((source) => (player.hole && !this.apart ? null : this.newest(index, source)), notes);
    stage.sayHole(this.apart ? null : player.hole);
    const seq = screen.shown?.named.seq;
    this.lanes.move(player.atS, seq === undefined ? "" : `frame ${seq}`, player.isPlaying);
    if (this.apart || index < 0 || !screen.shown) return;
    stage.saySpecial(frames.atS[index], index > 0 ? frames.atS[index - 1] : -1);
    stage.say(player.isPlaying || player.hole ? "" : this.shapesWords(index));
  }

  /** @param {number} index */
  shapesWords(index) {
    const source = this.opinions.painted;
    const found = source && this.newest(index, source);
    if (!this.screen.overlay || !found || found.ageS > 1 || found.isExact) return "";
    return `Shapes of ${Math.round(found.ageS * 1000)} ms before`;
  }

  /** @param {{at_s: number, frame?: number|null}} mark */
  goToMark({ at_s, frame }) {
    this.leaveApart();
    if (typeof frame === "number") this.player.goTo(frame);
    else this.player.goToTime(at_s);
  }

  /** @param {Item} item */
  async goToItem(item) {
    this.leaveApart();
    this.player.halt();
    this.panel.open("answer");
    if (item.frame !== null) return this.player.goTo(item.frame);
    const picture = await load(item.png).catch((error) => this.complain(error));
    if (!picture) return;
    const result = { frame: -1, seq: item.seq, captured_ns: item.captured_ns ?? 0, engine: item.engine, error: item.error ?? "", answer: item.answer ?? {}, timing: { model_ms: 0, added_ms: 0 } };
    this.apart = { item, found: { result, isExact: true, ageS: 0 } };
    this.screen.paint(picture, { index: -1, seq: item.seq });
    this.stage.say(`Kept at ${clock(item.at_s, 2)}, not in the video`);
    this.render();
  }

  leaveApart() {
    this.apart = null;
  }

  toggleOverlay() {
    this.screen.overlay = !this.screen.overlay;
    this.screen.repaint();
    this.render();
  }

  toggleFit() {
    this.screen.fills = !this.screen.fills;
    this.screen.repaint();
    this.render();
  }

  /** Tick, or untick, the kept picture of this very frame. */
  async tickHere() {
    const { items, notes } = this.parts;
    const here = items.filter(({ frame }) => frame !== null && frame === this.player.index);
    if (!here.length) return toast(byId("toasts"), { sign: "camera", text: "No kept picture is at this frame" });
    for (const { item, ticked } of here) await this.note({ note: "tick", item, ticked: !notes.isTicked(item, ticked) });
    const fresh = keptCards(items, notes, { go: (item) => this.goToItem(item), note: (note) => this.note(note) });
    this.kept.replaceChildren(...fresh.childNodes);
  }

  /** Keep a note; false when the server refuses, which is said. @param {import("./api.js").Note} note */
  async note(note) {
    try {
      await this.parts.notes.add(note);
    } catch (error) {
      this.complain(/** @type {Error} */ (error));
      return false;
    }
    const text = { tick: note.ticked ? "In the report" : "Not in the report", reject: note.rejected ? "Rejected" : "Accepted again" }[String(note.note)];
    toast(byId("toasts"), { sign: "tick", text: text ?? "Kept beside the original" });
    if (note.note !== "tick") this.happened();
    this.render();
    return true;
  }

  /** @param {Error} error */
  complain(error) {
    toast(byId("toasts"), { sign: "error", text: error.message, forMs: 6000 });
  }
}
