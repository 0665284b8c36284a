// What the page knows, and what of it is current now.

import { say } from "./ages.js";
import { answerCondition, pictureTrouble, whenTrouble } from "./stale.js";

/** @typedef {import("./protocol.js").Answered} Answered */
/** @typedef {import("./stale.js").Notice} Notice */
/** @typedef {import("./stale.js").Condition} Condition */
/**
 * @typedef {{connection: import("./socket.js").Connection, stage: import("./stage.js").Stage,
 *   answers: import("./answers.js").Answers, ages: import("./ages.js").Ages, awake: import("./awake.js").Awake}} Parts
 * @typedef {{trouble: Notice|null, condition: Condition, pictureAge: number|null, answerAge: number|null,
 *   usable: boolean}} Judgement  usable: there is an answered picture that still counts
 * @typedef {{name: string, result: import("./protocol.js").Result|null, condition: Condition, answerAge: number|null}} Other
 */

/** A stream that was just asked for may take so long until its first picture is here. */
const SETTLE_MS = 700;

/** What the page has been told, and what the person did. */
export class Known {
  constructor() {
    /** @type {import("./protocol.js").Hello|null} */
    this.hello = null;
    /** @type {import("./protocol.js").State|null} null while there is no connection */
    this.state = null;
    /** @type {number|null} when the newest frame that the server has was captured, on this page's clock */
    this.newestAt = null;
    /** @type {{at: number, answered: Answered|null}|null} since when the person holds the picture, and its answer */
    this.held = null;
    this.swapped = false;
    /** Why the server does not let this page in; empty when it does. */
    this.refused = "";
    this.connects = 0;
    this.painted = 0;
    this.superseded = 0;
  }

  /** The engine whose answers are painted. */
  get firstEngine() {
    return this.state?.engines[0]?.name ?? this.hello?.engines[0] ?? "";
  }

  /** Whether lengths can be told in millimetres. */
  get hasScale() {
    return typeof this.state?.spacing?.pixel_spacing_mm === "number";
  }

  get isFrozen() {
    return this.state?.signal.state === "frozen";
  }

  /** Whether names may show in what the scanner shows now. */
  get isWithheld() {
    return this.state?.signal.state === "withheld";
  }

  /** Whether this device may run a scan; a viewer is not even shown what he may not do. */
  get operates() {
    return this.hello?.role !== "viewer";
  }

  /** Whether this device sets up, and from this view. */
  get setsUp() {
    return this.hello?.role === "admin" && this.hello.view.controls;
  }

  /** Whether the source is a probe that can be moved from this view. */
  get canSteer() {
    return this.hello?.controls?.includes("tilt") === true;
  }
}

/**
 * @param {Known} known
 * @param {Parts} parts
 * @param {number} now
 * @returns {Judgement}
 */
export function judge(known, { connection, stage, answers }, now) {
  const { open: connected, silentMs } = connection;
  const wasConnected = known.connects > 0;
  const pictureAge = ageOf(newestPicture(known, stage, now), now);
  const signal = known.state?.signal ?? null;
  const trouble = pictureTrouble({ connected, wasConnected, silentMs, refused: known.refused, signal, ageMs: pictureAge });
  const { condition, answerAge } = worthOf(known.firstEngine, known, { connection, answers }, { trouble, now });
  const usable = condition.kind === "fresh" && stage.shots.answer !== null;
  return { trouble, condition, pictureAge, answerAge, usable };
}

/**
 * What the newest answer of one engine is worth, and how old it is.
 * @param {string} name
 * @param {Known} known
 * @param {Pick<Parts, "connection"|"answers">} parts
 * @param {{trouble: Notice|null, now: number}} at
 */
function worthOf(name, known, { connection, answers }, { trouble, now }) {
  const { open: connected, silentMs } = connection;
  const [answerAge, intervalMs] = [answers.ageMs(name, now), answers.intervalMs(name)];
  const engine = known.state?.engines.find((one) => one.name === name) ?? null;
  const alone = answerCondition({ connected, silentMs, engine, ageMs: answerAge, intervalMs });
  return { condition: whenTrouble(alone, trouble, answerAge), answerAge };
}

/**
 * What the engines beside the first one say, and what that is worth: none is left out because it is not well.
 * @param {Known} known
 * @param {Parts} parts
 * @param {{trouble: Notice|null, now: number}} at
 * @returns {Other[]}
 */
export function othersOf(known, parts, at) {
  const names = (known.hello?.engines ?? []).filter((name) => name !== known.firstEngine);
  return names.map((name) => {
    const { condition, answerAge } = worthOf(name, known, parts, at);
    return { name, result: parts.answers.newest.get(name)?.result ?? null, condition, answerAge };
  });
}

/**
 * When the newest picture that the person sees was captured; where the live one is not shown, what the server has.
 * @param {Known} known
 * @param {import("./stage.js").Stage} stage
 * @param {number} now
 */
function newestPicture(known, { plan, paintedOf, arrangedAt }, now) {
  const isShown = plan.large === "live" || plan.inset === "live";
  if (isShown && now - arrangedAt > SETTLE_MS) return paintedOf.live;
  if (paintedOf.live === null || known.newestAt === null) return paintedOf.live ?? known.newestAt;
  return Math.max(paintedOf.live, known.newestAt);
}

/** @param {number|null} at @param {number} now */
function ageOf(at, now) {
  return at === null ? null : now - at;
}

/**
 * Which frame the large picture is, in words.
 * @param {Known} known
 * @param {import("./protocol.js").Shot|null} shot
 * @param {{fallback: string|null, now: number}} at  fallback: why it is not the answered picture
 */
export function tagOf(known, shot, { fallback, now }) {
  if (!shot) return "";
  const { seq, stream } = shot.header;
  if (fallback !== null) return `Live picture without AI · ${fallback}`;
  if (stream === "live") return known.hello?.engines.length ? `Live · frame ${seq}` : `frame ${seq}`;
  return `AI on frame ${seq} · ${say(now - shot.capturedAt)} old`;
}
