// Wires the parts of the page: messages in, pictures and words out. What is true is worked out in stale.js.

import { Ages, say } from "./ages.js";
import { Answers } from "./answers.js";
import { Awake } from "./awake.js";
import { Bands } from "./band.js";
import { Buttons, listenToKeys, post, toggleFullScreen, whyNot } from "./buttons.js";
import { Details, factsOf } from "./details.js";
import { byId, show } from "./dom.js";
import { buildHelp } from "./help.js";
import { icon } from "./icons.js";
import { Panel } from "./panel.js";
import { Connection } from "./socket.js";
import { Stage } from "./stage.js";
import { answerCondition, pictureTrouble, plan, signalOf, whenTrouble } from "./stale.js";
import { StatusLine, engineOf } from "./status.js";
import { thumbnailOf, toast } from "./toasts.js";

/** @typedef {import("./protocol.js").Shot} Shot */

const TICK_MS = 100;
/** A stream that was just asked for may take so long until its first picture is here. */
const SETTLE_MS = 700;
const ASK_WHY_EVERY = 5;
const root = byId("app");
const ages = new Ages();
const answers = new Answers();
const awake = new Awake();
const line = new StatusLine(byId("status"));
const panel = new Panel(byId("panel"));
const details = new Details(byId("details"));
const stage = new Stage(byId("stage"), { painted, want: (want) => connection.send({ type: "want", ...want }), swap });
const bands = new Bands(byId("stage"), toggleHold);
const buttons = new Buttons(byId("controls"), { snapshot, hold: toggleHold, scanner });
const connection = new Connection(address(), { opened, lost, text, picture, rtt: (ms) => ages.measured(ms), fault: note });

const page = {
  /** @type {import("./protocol.js").Hello|null} */ hello: null,
  /** @type {import("./protocol.js").State|null} */ state: null,
  /** When the newest frame that the server has was captured, on this page's clock. @type {number|null} */ newestAt: null,
  /** @type {{at: number, answered: import("./protocol.js").Answered|null}|null} */ held: null,
  swapped: false,
  wasConnected: false,
  refused: "",
  arrivals: 0,
  /** Arrival number of the newest decoded picture of each stream. */ decoded: { live: 0, answer: 0 },
  painted: 0,
  superseded: 0,
  connects: 0,
  ticks: 0,
};

/** Where the websocket is: this page's own server, for the view in its address. */
function address() {
  const query = new URLSearchParams(location.search);
  const name = /^\/view\/([^/]+)/.exec(location.pathname)?.[1];
  if (name) query.set("view", decodeURIComponent(name));
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?${query}`;
}

function opened() {
  page.wasConnected = true;
  page.connects += 1;
  page.refused = "";
  ages.reset();
  answers.paused();
  stage.askAgain();
  if (page.held) sayHold();
  tick();
}

/** So that the server keeps the frame that the person studies: a snapshot of it may come minutes later. */
function sayHold() {
  connection.send({ type: "hold", seq: page.held ? (stage.held?.header.seq ?? null) : null });
}

/** @param {string} reason */
function lost(reason) {
  note(`connection lost: ${reason}`);
  page.state = null;
  if (connection.attempts % ASK_WHY_EVERY === 2) void askWhy();
  tick();
}

/** A browser does not say why a websocket was refused; a plain request does. */
async function askWhy() {
  try {
    const response = await fetch("/api/state");
    page.refused = response.ok || response.status >= 500 ? "" : await whyNot(response);
  } catch {
    page.refused = ""; // not there at all: the words for a lost connection are right
  }
}

/** @param {any} message  one text message of the server */
function text(message) {
  const now = performance.now();
  switch (message.type) {
    case "hello":
      return greet(message);
    case "state":
      page.state = message;
      if (message.signal.age_ms !== null) {
        page.newestAt = ages.capturedAt(now, message.signal.age_ms, message.sent_ms);
      }
      return tick();
    case "result":
      answers.take(message, ages.capturedAt(now, message.age_ms, message.sent_ms), now);
      return tick();
    case "error":
      page.refused = connection.open && page.hello ? "" : String(message.message);
      toast(byId("toasts"), { sign: "error", text: String(message.message), forMs: 8000 });
      return note(`the server says: ${message.message}`);
    default:
      return note(`a message of a kind that this page does not know: ${String(message.type).slice(0, 80)}`);
  }
}

/** @param {import("./protocol.js").Hello} hello */
function greet(hello) {
  if (page.hello && page.hello.version !== hello.version) return location.reload(); // the server was updated
  page.hello = hello;
  const { view } = hello;
  document.title = `${view.title || view.name} · Bedside`;
  byId("who").textContent = [hello.participant, view.title || view.name].filter(Boolean).join(" · ");
  panel.setView(view);
  show(panel.root, view.verdict || view.explanation);
  root.classList.toggle("with-panel", view.verdict || view.explanation);
  root.classList.toggle("brief", view.verdict && !view.explanation);
  root.classList.toggle("wide", view.wide);
  root.classList.toggle("without-controls", !view.controls);
  tick();
}

/**
 * @param {import("./protocol.js").PictureHeader} header
 * @param {Blob} jpeg
 * @param {number} now
 */
async function picture(header, jpeg, now) {
  if (header.type !== "picture") return note(`a binary message of an unknown kind: ${String(header.type).slice(0, 80)}`);
  const { stream } = header;
  const arrival = (page.arrivals += 1);
  const capturedAt = ages.capturedAt(now, header.age_ms, header.sent_ms);
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(jpeg);
  } catch {
    note(`picture ${header.seq} could not be decoded`);
    return connection.drop("a picture could not be decoded");
  }
  if (arrival < page.decoded[stream]) return bitmap.close(); // a newer one was quicker
  page.decoded[stream] = arrival;
  if (stage.shots[stream]?.painted === false) page.superseded += 1;
  stage.offer({ header, bitmap, capturedAt, painted: false });
}

/** @param {Shot} shot */
function painted({ header, capturedAt }) {
  const now = performance.now();
  const age = now - capturedAt;
  connection.send({ type: "painted", stream: header.stream, seq: header.seq, age_ms: Math.round(age * 10) / 10 });
  page.painted += 1;
  if (!header.result) return;
  answers.take(header.result, capturedAt, now); // panel and picture speak of the same frame
  if (stage.plan.large === "live") tick(); // the first answer turns the pictures round
  else renderPanel(now);
}

/** What stands on the page now is worked out from scratch; ten times a second, and when something happened. */
function tick() {
  const now = performance.now();
  const { hello, state } = page;
  const { trouble, condition, pictureAge, usable } = judge(now);
  if (hello) {
    const at = plan({ view: hello.view, swapped: page.swapped, held: page.held !== null, usable });
    const { view } = hello;
    const answered = view.picture === "answer" || view.inset || view.overlay;
    stage.arrange(at, view.overlay, { live: true, answer: answered && hello.engines.length > 0 });
    const frozen = state?.signal.state === "frozen";
    bands.render({ trouble, heldMs: page.held && now - page.held.at, frozen, tag: tagOf(now, at.fallback, condition) });
    const { controls } = view;
    buttons.render({ controls, canControl: hello.can_control, held: page.held !== null, frozen, hasPicture: !!stage.shown });
    renderPanel(now);
  } else {
    bands.render({ trouble, heldMs: null, frozen: false, tag: "" });
  }
  renderLine(now, pictureAge, trouble);
}

/** @param {number} now */
function judge(now) {
  const { state, wasConnected, refused } = page;
  const { open: connected, silentMs } = connection;
  const isShown = stage.plan.large === "live" || stage.plan.inset === "live";
  const settled = now - stage.arrangedAt > SETTLE_MS;
  const capturedAt = isShown && settled ? stage.paintedOf.live : later(stage.paintedOf.live, page.newestAt);
  const pictureAge = capturedAt === null ? null : now - capturedAt;
  const signal = state?.signal ?? null;
  const trouble = pictureTrouble({ connected, wasConnected, silentMs, refused, signal, ageMs: pictureAge });
  const name = firstEngine();
  const engine = state?.engines[0] ?? null;
  const at = { connected, silentMs, engine, ageMs: answers.ageMs(name, now), intervalMs: answers.intervalMs(name) };
  const condition = whenTrouble(answerCondition(at), trouble, at.ageMs);
  return { trouble, condition, pictureAge, usable: condition.kind === "fresh" && stage.shots.answer !== null };
}

/** @param {number|null} a @param {number|null} b */
function later(a, b) {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function firstEngine() {
  return page.state?.engines[0]?.name ?? page.hello?.engines[0] ?? "";
}

/** @param {number} now */
function renderPanel(now) {
  const { view } = page.hello ?? {};
  if (!view || !(view.verdict || view.explanation)) return;
  const first = firstEngine();
  const others = [...answers.newest.entries()].filter(([name]) => name !== first && page.hello?.engines.includes(name));
  const { condition } = judge(now);
  if (page.held) panel.render(page.held.answered, { ...condition, kind: page.held.answered ? "fresh" : "waiting" }, []);
  else panel.render(answers.newest.get(first) ?? null, condition, others.map(([name, answered]) => ({ name, ...answered })));
}

/**
 * @param {number} now
 * @param {number|null} pictureAge
 * @param {import("./stale.js").Notice|null} trouble
 */
function renderLine(now, pictureAge, trouble) {
  const { state, hello } = page;
  const engine = state?.engines[0];
  const lostNow = !connection.open || trouble?.icon === "lost";
  const { icon: sign, word } = state && !lostNow ? signalOf(state.signal.state) : goneWords();
  const late = trouble && state && !lostNow && !signalOf(state.signal.state).title;
  line.render({
    icon: late ? trouble.icon : sign,
    word: late ? "Late" : word,
    fps: state && !lostNow && !signalOf(state.signal.state).title ? state.signal.fps : null,
    pictureAge,
    answers: (hello?.engines.length ?? 0) > 0,
    engine: engine && !lostNow ? engineOf(engine.state) : null,
    rate: engine && !lostNow ? engine.fps : null,
    answerAge: engine && !engineOf(engine.state).well ? null : answers.ageMs(firstEngine(), now),
    recorder: state?.recorder ?? null,
    drops: state?.signal.drops ?? 0,
  });
  if (details.isOpen) details.render(facts(now, pictureAge));
}

function goneWords() {
  return { icon: "lost", word: page.wasConnected ? "Server gone" : "Connecting" };
}

/** @param {number} now @param {number|null} pictureAge */
function facts(now, pictureAge) {
  const name = firstEngine();
  const { hello, state, painted: count, superseded, connects } = page;
  return factsOf({
    hello,
    state,
    rttMs: ages.rttMs,
    pictureAge,
    answerAge: answers.ageMs(name, now),
    painted: count,
    superseded,
    reconnects: Math.max(0, connects - 1),
    intervalMs: answers.intervalMs(name),
    awake: awake.words,
    want: stage.lastWant,
  });
}

/**
 * Which frame the large picture is.
 * @param {number} now @param {boolean} fallback @param {import("./stale.js").Condition} condition
 */
function tagOf(now, fallback, condition) {
  const shot = stage.shown;
  if (!shot) return "";
  const { seq, stream } = shot.header;
  if (fallback) return `Live picture without AI · ${condition.title || "no answered picture"}`;
  if (stream === "live") return page.hello?.engines.length ? `Live · frame ${seq}` : `frame ${seq}`;
  return `AI on frame ${seq} · ${say(now - shot.capturedAt)} old`;
}

function swap() {
  page.swapped = !page.swapped;
  tick();
}

function toggleHold() {
  if (page.held) {
    page.held = null;
    stage.release();
  } else if (stage.hold()) {
    const shot = stage.shown;
    const own = shot?.header.result;
    page.held = {
      at: performance.now(),
      answered: own && shot ? { result: own, capturedAt: shot.capturedAt } : (answers.newest.get(firstEngine()) ?? null),
    };
  } else {
    return;
  }
  sayHold();
  tick();
}

async function snapshot() {
  const shot = stage.shown;
  if (!shot) return;
  const thumbnail = thumbnailOf(stage.large);
  const { seq, result } = shot.header;
  await attempt("Snapshot not saved", async () => {
    await post("/api/snapshot", { seq, engine: result?.engine ?? null, view: page.hello?.view.name ?? "" });
    toast(byId("toasts"), { sign: "tick", text: `Saved · frame ${seq}`, thumbnail });
  });
}

async function scanner() {
  const command = page.state?.signal.state === "frozen" ? "unfreeze" : "freeze";
  await attempt(`The scanner did not ${command}`, () => post("/api/control", { command }));
}

/** @param {string} failure @param {() => Promise<void>} deed */
async function attempt(failure, deed) {
  try {
    await deed();
  } catch (error) {
    const sentence = `${failure}: ${error instanceof Error ? error.message : error}`;
    note(sentence);
    toast(byId("toasts"), { sign: "error", text: sentence, forMs: 8000 });
  }
}

/** @param {string} sentence */
function note(sentence) {
  details.note(sentence);
}

const help = /** @type {HTMLDialogElement} */ (byId("help"));
buildHelp(help);
byId("help-open").append(icon("question"));
byId("help-open").addEventListener("click", () => help.showModal());
byId("status").addEventListener("click", () => details.toggle());
listenToKeys({
  " ": () => page.hello?.view.controls && toggleHold(),
  s: () => page.hello?.view.controls && void buttons.once(buttons.snapshot, snapshot),
  f: () => void attempt("No full screen", toggleFullScreen),
  d: () => details.toggle(),
  "?": () => (help.open ? help.close() : help.showModal()),
  escape: () => (help.open ? help.close() : details.toggle(false)),
});
addEventListener("error", (event) => note(`fault in the page: ${event.message}`));
addEventListener("unhandledrejection", (event) => note(`fault in the page: ${event.reason}`));
document.addEventListener("visibilitychange", () => document.hidden || tick());
setInterval(tick, TICK_MS);
tick();
