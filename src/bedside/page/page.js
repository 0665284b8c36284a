// Wires the parts of the page: messages in, pictures and words out. judge.js and stale.js say what is current.

import { AlertStrip } from "./alerts.js";
import { Ages } from "./ages.js";
import { Answers } from "./answers.js";
import { Awake } from "./awake.js";
import { Bands } from "./band.js";
import { ask, post, whyNot } from "./ask.js";
import { Buttons, listenToKeys, toggleFullScreen } from "./buttons.js";
import { CorrectionSheet } from "./correction.js";
import { Deeds } from "./deeds.js";
import { Details } from "./details.js";
import { byId, show } from "./dom.js";
import { Feedback, judges } from "./feedback.js";
import { followArm } from "./follow.js";
import { buildHelp, helpWithPages, helpWithProbe } from "./help.js";
import { icon } from "./icons.js";
import { Known, judge, othersOf, tagOf } from "./judge.js";
import { factsNow, lineOf } from "./numbers.js";
import { Panel } from "./panel.js";
import { ProbeSheet } from "./probe_sheet.js";
import { RecordChip } from "./record_chip.js";
import { recordingOf } from "./recording.js";
import { ScaleSheet } from "./scale_sheet.js";
import { SessionSheet } from "./session_sheet.js";
import { closeSheets } from "./sheet.js";
import { Connection, liveAddress } from "./socket.js";
import { signOut } from "./signed_out.js";
import { Stage } from "./stage.js";
import { plan } from "./stale.js";
import { StatusLine } from "./status.js";
import { Steering } from "./steer.js";
import { Strip } from "./strip.js";
import { toast } from "./toasts.js";

/** @typedef {import("./protocol.js").Shot} Shot */
/** @typedef {import("./judge.js").Judgement} Judgement */

const TICK_MS = 100;
const ASK_WHY_EVERY = 5;
/** What the server closes the page of a revoked device with (hub/sockets.py). */
const SIGNED_OUT = "This device is signed out.";

const root = byId("app");
const known = new Known();
const ages = new Ages();
const answers = new Answers();
const awake = new Awake();
const details = new Details(byId("details"));
const line = new StatusLine(byId("status"));
const panel = new Panel(byId("panel"), { setScale: () => scale.begin(), hasScale: () => known.hasScale || !known.operates });
const strip = new Strip(byId("strip"), byId("best-frame"));
const stage = new Stage(byId("stage"), {
  painted,
  want: (want) => connection.send({ type: "want", ...want }),
  swap: () => deeds.swap(),
});
stage.slot = strip.slot;
const connection = new Connection(liveAddress(), { opened, lost, text, picture, rtt: (ms) => ages.measured(ms), fault: note });
const parts = { connection, stage, answers, ages, awake };
const say = (/** @type {Parameters<typeof toast>[1]} */ words) => toast(byId("toasts"), words);
const deeds = new Deeds(known, parts, { changed: tick, say, note });
const feedback = new Feedback(known, parts, deeds, say);
feedback.sheet = new CorrectionSheet(byId("correction"), feedback);
const session = new SessionSheet(byId("session"), { record: (on) => deeds.record(on), setScale: () => scale.begin(), say });
const scale = new ScaleSheet(byId("scale"), known, { stage, hold: deeds.hold, say });
const chip = new RecordChip(byId("chip"), byId("alarm"), () => session.toggle());
const alerts = new AlertStrip(byId("alerts"));
const bands = new Bands(byId("stage"), deeds.hold);
const steering = new Steering({
  send: (command) => post("/api/control", { command }),
  failed: (error) => say({ sign: "error", text: `The probe did not obey: ${error instanceof Error ? error.message : error}` }),
  isSweeping: async () => (await ask("/api/control")).state?.is_sweeping === true,
});
const probe = new ProbeSheet(byId("probe"), steering);
const says = { up: feedback.up, down: feedback.down, correct: feedback.correct };
const buttons = new Buttons(byId("controls"), { ...deeds, ...says, probe: () => probe.toggle() });
/** Arrival number of the newest decoded picture of each stream: decoding may overtake. */
const decoded = { arrivals: 0, live: 0, answer: 0 };

/** Why the live picture stands where the answered one should; null while it does not. @type {string|null} */
let fallback = null;

function opened() {
  known.connects += 1;
  known.refused = "";
  ages.reset();
  answers.paused();
  stage.askAgain();
  if (known.held) deeds.sayHold();
  tick();
}

/** @param {string} reason */
function lost(reason) {
  note(`connection lost: ${reason}`);
  if (reason === SIGNED_OUT) return signOut();
  known.state = null;
  if (connection.attempts % ASK_WHY_EVERY === 2) void askWhy();
  tick();
}

/** A browser does not say why a websocket was refused; a plain request does. */
async function askWhy() {
  try {
    const response = await fetch("/api/state");
    if (response.status === 401) return signOut();
    known.refused = response.ok || response.status >= 500 ? "" : await whyNot(response);
  } catch {
    known.refused = ""; // not there at all: the words for a lost connection are right
  }
}

/** @param {any} message  one text message of the server */
function text(message) {
  const now = performance.now();
  switch (message.type) {
    case "hello":
      return greet(message);
    case "state":
      known.state = message;
      if (known.isWithheld) deeds.withhold(now);
      for (const engine of message.engines) if (engine.waits) answers.rested(engine.name);
      if (message.signal.age_ms !== null) {
        known.newestAt = ages.capturedAt(now, message.signal.age_ms, message.sent_ms);
      }
      return tick();
    case "result":
      answers.take(message, ages.capturedAt(now, message.age_ms, message.sent_ms), now);
      return tick();
    case "error":
      if (!known.hello) known.refused = String(message.message);
      toast(byId("toasts"), { sign: "error", text: String(message.message), forMs: 8000 });
      return note(`the server says: ${message.message}`);
    default:
      return note(`a message of a kind that this page does not know: ${String(message.type).slice(0, 80)}`);
  }
}

/** @param {import("./protocol.js").Hello} hello */
function greet(hello) {
  if (known.hello && known.hello.version !== hello.version) return location.reload(); // the server was updated
  known.hello = hello;
  const { view } = hello;
  document.title = `${view.title || view.name} · Bedside`;
  panel.setView(view);
  session.showsAi = judges(hello);
  helpWithProbe(help, known.canSteer);
  helpWithPages(help, known);
  if (!known.canSteer) probe.close();
  show(panel.root, view.verdict || view.explanation);
  root.classList.toggle("with-panel", view.verdict || view.explanation);
  root.classList.toggle("brief", view.verdict && !view.explanation);
  root.classList.toggle("wide", view.wide);
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
  const arrival = (decoded.arrivals += 1);
  const capturedAt = ages.capturedAt(now, header.age_ms, header.sent_ms);
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(jpeg);
  } catch {
    return connection.drop(`picture ${header.seq} could not be decoded`);
  }
  if (arrival < decoded[stream]) return bitmap.close();
  decoded[stream] = arrival;
  if (known.isWithheld) return stage.refuse({ header, bitmap, capturedAt, painted: false });
  if (stage.shots[stream]?.painted === false) known.superseded += 1;
  stage.offer({ header, bitmap, capturedAt, painted: false });
}

/**
 * @param {Shot} shot
 * @param {boolean} isSeen  false for a picture that came while its stream was not to be seen: it has no age of painting
 */
function painted({ header, capturedAt }, isSeen) {
  const now = performance.now();
  const age = isSeen ? Math.max(0, Math.round((now - capturedAt) * 10) / 10) : null;
  connection.send({ type: "painted", stream: header.stream, seq: header.seq, age_ms: age });
  if (isSeen) known.painted += 1;
  bands.name(tagOf(known, stage.shown, { fallback, now }), fallback !== null); // the very frame, not the last tick's
  if (!header.result) return;
  answers.take(header.result, capturedAt, now); // panel and picture speak of the same frame
  if (stage.plan.large !== "live") return renderPanel(judge(known, parts, now));
  tick(); // the first answer turns the pictures round: at once, so that panel and picture never differ
  if (stage.plan.large !== "live") stage.paint();
}

/** What stands on the page is worked out from scratch: ten times a second, and when something happened. */
function tick() {
  const now = performance.now();
  const judgement = judge(known, parts, now);
  arrange(judgement, now);
  renderPanel(judgement);
  root.classList.toggle("with-strip", strip.follow(known, answers, judgement.condition.kind === "fresh"));
  line.render(lineOf(known, connection.open, judgement));
  tellRecording(judgement);
  if (details.isOpen) details.render(factsNow(known, parts, judgement));
}

/** @param {Judgement} judgement */
function tellRecording({ trouble }) {
  const { hello } = known;
  const state = connection.open && trouble?.icon !== "lost" ? known.state : null; // a dot that nobody vouches for is out
  const { title = "", name = "", controls = false } = hello?.view ?? {};
  const participant = state?.session?.participant ?? hello?.participant ?? "";
  chip.render(recordingOf(state), { participant, view: title || name, controls: controls && known.operates });
  session.render(state);
  alerts.render(state?.alerts ?? []);
  scale.render(known.state);
  if (hello) void followArm(hello.view.name, state?.session?.arm ?? "", note);
}

/** @param {Judgement} judgement @param {number} now */
function arrange({ trouble, condition, usable }, now) {
  const { hello, held, swapped, isFrozen: frozen } = known;
  if (!hello) return bands.render({ trouble, heldMs: null, frozen: false, warning: "" });
  const { view } = hello;
  const at = plan({ view, swapped, held: held !== null, usable });
  const answered = view.picture === "answer" || view.inset || view.overlay;
  const stays = trouble !== null && stage.shown !== null; // what was last seen stays where it was, grey
  if (!held && !stays) stage.arrange(at, view.overlay, { live: true, answer: answered && hello.engines.length > 0 });
  else if (held) stage.arrange({ ...stage.plan, inset: "live" }, view.overlay, stage.asks);
  const warning = known.state?.signal.warning ?? "";
  bands.render({ trouble, heldMs: held && now - held.at, frozen, warning, setsUp: known.setsUp });
  fallback = at.fallback && !held && stage.plan.large === "live" ? condition.title || "no answered picture" : null;
  bands.name(tagOf(known, stage.shown, { fallback, now }), fallback !== null);
  const { controls } = view;
  const can = { canControl: hello.can_control, canSteer: known.canSteer, judges: judges(hello) };
  buttons.render({ controls, operates: known.operates, ...can, held: held !== null, frozen });
}

/** @param {Judgement} judgement */
function renderPanel({ condition, trouble }) {
  const { hello, held, firstEngine: first } = known;
  if (!hello || !(hello.view.verdict || hello.view.explanation)) return;
  if (held) return panel.render(held.answered, { ...condition, kind: held.answered ? "fresh" : "waiting" }, []);
  const others = othersOf(known, parts, { trouble, now: performance.now() });
  panel.render(answers.newest.get(first) ?? null, condition, others);
}

/** @param {string} sentence */
function note(sentence) {
  details.note(sentence);
}

const help = /** @type {HTMLDialogElement} */ (byId("help"));
buildHelp(help);
show(byId("plain"), !isSecureContext); // plain HTTP from another machine: whoever is in the network can read along
byId("help-open").append(icon("question"));
byId("help-open").addEventListener("click", () => help.showModal());
byId("status").addEventListener("click", () => details.toggle());

/** Video on or off; without a session its sheet, where one is started. */
function toggleRecord() {
  const running = known.state?.session;
  if (!running) return session.open();
  void deeds.attempt("Not possible", () => deeds.record(!running.recording));
}

/** What is done only where there are controls. @param {() => unknown} deed */
const withControls = (deed) => () => known.hello?.view.controls && void deed();
/** What viewers may not do. @param {() => unknown} deed */
const operating = (deed) => withControls(() => known.operates && deed());
/** @param {() => Promise<void>} deed */
const judging = (deed) => operating(() => known.hello && judges(known.hello) && deed());

const { once, held } = steering.keys();
const probeKeys = { once: { ...once, p: () => probe.toggle() }, held };

listenToKeys({
  " ": withControls(deeds.hold),
  s: operating(() => buttons.once(buttons.snapshot, deeds.snapshot)),
  "+": judging(() => buttons.once(buttons.up, feedback.up)),
  "-": judging(() => buttons.once(buttons.down, feedback.down)),
  c: operating(() => buttons.once(buttons.correct, feedback.correct)),
  r: operating(toggleRecord),
  n: operating(() => session.toggle()),
  f: () => void deeds.attempt("No full screen", toggleFullScreen),
  d: () => details.toggle(),
  "?": () => (help.open ? help.close() : help.showModal()),
  escape: () => (help.open ? help.close() : closeSheets() || details.toggle(false)),
}, () => (known.canSteer ? probeKeys : { once: {}, held: {} }));
addEventListener("error", (event) => note(`fault in the page: ${event.message}`));
addEventListener("unhandledrejection", (event) => note(`fault in the page: ${event.reason}`));
document.addEventListener("visibilitychange", () => document.hidden || tick());
setInterval(tick, TICK_MS);
tick();
