// Draws the lanes of the timeline. Height, pattern and word say what the colour says.

import { strokesOf } from "../icons.js";
import { signalOf } from "../stale.js";
import { levelOf } from "../verdict.js";
import { clock } from "./words.js";

/** @typedef {import("./api.js").Span} Span */
/** @typedef {{left: number, width: number, fromS: number, toS: number, isSmall?: boolean}} Window  CSS pixels and seconds;
 *   isSmall: without words */
/** @typedef {{name: string, height: number, draw: (ctx: CanvasRenderingContext2D, box: {top: number, height: number}, at: Window) => void}} Lane */

/** How large the page's letters are, where 1 is 16 px: a monitor is looked at from further away. */
export const UNIT = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
export const FONT = `${12 * UNIT}px Inter, system-ui, "Noto Sans", "DejaVu Sans", sans-serif`;
/** How much of the lane's height a level fills, and its colour. */
const LEVELS = {
  good: { share: 1, colour: "#5ad1a0" },
  near: { share: 0.66, colour: "#a9b8ff" },
  poor: { share: 0.33, colour: "#c3ccd5" },
  none: { share: 0.1, colour: "#8b97a3" },
};
const INK = "#eef2f6";
const DIM = "#9aa7b4";
const LINE = "#242d37";

/** @param {Window} at @param {number} seconds */
export function xOf({ left, width, fromS, toS }, seconds) {
  return left + ((seconds - fromS) / Math.max(1e-9, toS - fromS)) * width;
}

/** The first span that ends after a time. @param {{to_s: number}[]} spans @param {number} seconds */
function firstAfter(spans, seconds) {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].to_s <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What can be seen of spans that lie one after the other.
 * @template {{from_s: number, to_s: number}} Any
 * @param {Any[]} spans @param {Window} at
 */
function* visible(spans, at) {
  for (let i = firstAfter(spans, at.fromS); i < spans.length && spans[i].from_s < at.toS; i++) {
    const from = Math.max(at.left, xOf(at, spans[i].from_s));
    const to = Math.min(at.left + at.width, xOf(at, spans[i].to_s));
    yield { span: spans[i], from, to };
  }
}

/** The verdicts: the better, the higher. @param {string} name @param {Span[]} spans @returns {Lane} */
export function verdictLane(name, spans) {
  return {
    name,
    height: 34 * UNIT,
    draw(ctx, box, at) {
      /** @type {Map<number, Map<string, number>>} time of each level in a pixel that many spans share */
      const narrow = new Map();
      for (const { span, from, to } of visible(spans, at)) {
        if (span.failed) {
          drawFailed(ctx, box, from, to);
          continue;
        }
        const level = levelOf(span.level ?? undefined);
        if (to - from >= 1.5) {
          drawLevel(ctx, box, level, from, to);
          const y = box.top + box.height - (LEVELS[/** @type {keyof typeof LEVELS} */ (level)].share < 0.5 ? 16 : 7) * UNIT;
          if (span.label && !at.isSmall) words(ctx, span.label, from + 5, y, to - from - 9);
        } else {
          const pixel = Math.floor(from);
          const times = narrow.get(pixel) ?? new Map();
          narrow.set(pixel, times.set(level, (times.get(level) ?? 0) + to - from));
        }
      }
      for (const [pixel, times] of narrow) {
        const [level] = [...times].reduce((most, one) => (one[1] > most[1] ? one : most));
        drawLevel(ctx, box, level, pixel, pixel + 1);
      }
    },
  };
}

/** @param {CanvasRenderingContext2D} ctx @param {{top: number, height: number}} box @param {string} level @param {number} from @param {number} to */
function drawLevel(ctx, { top, height }, level, from, to) {
  const { share, colour } = LEVELS[/** @type {keyof typeof LEVELS} */ (level)];
  const tall = Math.max(2, share * height);
  const y = top + height - tall;
  const width = Math.max(1, to - from - (to - from > 4 ? 1 : 0));
  ctx.fillStyle = colour;
  if (level === "none") {
    for (let x = from; x < from + width; x += 6) ctx.fillRect(x, y, Math.min(3, from + width - x), tall);
    return;
  }
  ctx.globalAlpha = 0.32;
  ctx.fillRect(from, y, width, tall);
  ctx.globalAlpha = 1;
  ctx.fillRect(from, y, width, 2.5);
}

/** The engine had no answer. @param {CanvasRenderingContext2D} ctx @param {{top: number, height: number}} box @param {number} from @param {number} to */
function drawFailed(ctx, { top, height }, from, to) {
  const width = Math.max(2, to - from);
  block(ctx, from, top + height / 2, width, height / 2, DIM, -1);
  words(ctx, "failed", from + 5, top + height - 5 * UNIT, width - 9);
}

/** @param {import("./api.js").Timeline["signal"]} signals @returns {Lane} */
export function signalLane(signals) {
  return {
    name: "Signal",
    height: 20 * UNIT,
    draw(ctx, box, at) {
      const middle = box.top + box.height / 2;
      for (const { span, from, to } of visible(signals, at)) {
        const width = Math.max(1.5, to - from);
        if (span.signal === "unknown") continue;
        if (span.signal === "live") {
          ctx.fillStyle = DIM;
          ctx.fillRect(from, middle - 1, width, 2);
          continue;
        }
        const isFrozen = span.signal === "frozen";
        block(ctx, from, box.top, width, box.height, isFrozen ? "#a9b8ff" : DIM, isFrozen ? 1 : -1);
        words(ctx, signalOf(span.signal).word, from + 5, box.top + box.height - 5 * UNIT, width - 9);
      }
    },
  };
}

/**
 * What was recorded: a bar for each segment, stripes where nothing was, and a notch for each loss.
 * @param {import("./api.js").Segment[]} segments
 * @param {import("./frames.js").Hole[]} holes
 * @param {import("./api.js").Loss[]} losses
 * @returns {Lane}
 */
export function videoLane(segments, holes, losses) {
  const bars = segments.map(({ start_s, end_s, number }) => ({ from_s: start_s, to_s: end_s, number }));
  return {
    name: "Video",
    height: 20 * UNIT,
    draw(ctx, { top, height }, at) {
      ctx.fillStyle = "#4c6379";
      for (const { from, to } of visible(bars, at)) ctx.fillRect(from, top + 3, Math.max(1, to - from - 1), height - 6);
      for (const { from, to } of visible(holes, at)) {
        const width = Math.max(3, to - from);
        ctx.fillStyle = "#0a0d11";
        ctx.fillRect(from, top, width, height);
        block(ctx, from, top, width, height, DIM, -1);
        words(ctx, "not recorded", from + 5, top + height - 5 * UNIT, width - 9);
      }
      ctx.fillStyle = INK;
      let before = -Infinity;
      for (const { from } of visible(losses, at)) {
        const room = from - before;
        if (room < 2) continue; // on a machine that is too slow there may be thousands
        before = from;
        ctx.fillRect(from - 0.5, top, 1, height);
        if (room < 10) continue;
        ctx.beginPath();
        ctx.moveTo(from - 4, top);
        ctx.lineTo(from + 4, top);
        ctx.lineTo(from, top + 8);
        ctx.fill();
      }
    },
  };
}

/** @typedef {{at_s: number, frame?: number|null, icon: string, text: string}} Sign */
/** @typedef {{x: number, signs: Sign[]}} Cluster */

/** Signs that would lie on each other are one. @param {Sign[]} signs  by time @param {Window} at @returns {Cluster[]} */
export function clusters(signs, at) {
  /** @type {Cluster[]} */
  const found = [];
  for (const sign of signs) {
    const x = xOf(at, sign.at_s);
    if (x < at.left - 8 || x > at.left + at.width + 8) continue;
    const last = found.at(-1);
    if (last && x - last.x < 20 * UNIT) last.signs.push(sign);
    else found.push({ x, signs: [sign] });
  }
  return found;
}

/** @param {() => Sign[]} signs @returns {Lane} */
export function marksLane(signs) {
  return {
    name: "Marks",
    height: 30 * UNIT,
    draw(ctx, { top, height }, at) {
      for (const { x, signs: here } of clusters(signs(), at)) {
        ctx.fillStyle = LINE;
        ctx.beginPath();
        ctx.arc(x, top + height / 2, 13 * UNIT, 0, 2 * Math.PI);
        ctx.fill();
        if (here.length === 1) sign(ctx, here[0].icon, x - 8.5 * UNIT, top + height / 2 - 8.5 * UNIT, 17 * UNIT);
        else words(ctx, String(here.length), x - ctx.measureText(String(here.length)).width / 2, top + height / 2 + 4.5 * UNIT, 30 * UNIT, 650);
      }
    },
  };
}

/** Round times along the top. @param {CanvasRenderingContext2D} ctx @param {{top: number, height: number}} box @param {Window} at */
export function drawRuler(ctx, { top, height }, at) {
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const wanted = ((at.toS - at.fromS) * 84 * UNIT) / at.width;
  const step = STEPS.find((one) => one >= wanted) ?? 7200;
  ctx.fillStyle = DIM;
  ctx.font = FONT;
  for (let n = Math.ceil(at.fromS / step - 1e-9); n * step <= at.toS; n++) {
    const x = xOf(at, n * step);
    ctx.globalAlpha = 0.6;
    ctx.fillRect(x, top + height - 6, 1, 6);
    ctx.globalAlpha = 1;
    const text = clock(n * step, step < 1 ? 1 : 0);
    const room = at.left + at.width - ctx.measureText(text).width;
    ctx.fillText(text, Math.min(x + 9, room), top + height - 8);
  }
}

/** Slanted stripes in a frame. @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} width @param {number} height @param {string} colour @param {number} slant */
function block(ctx, x, y, width, height, colour, slant) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.fillStyle = "#161d25";
  ctx.fillRect(x, y, width, height);
  ctx.strokeStyle = colour;
  ctx.globalAlpha = 0.4;
  ctx.lineWidth = 2;
  ctx.beginPath();
  for (let at = x - height - (x % 8); at < x + width + height; at += 8) {
    ctx.moveTo(at, slant > 0 ? y + height : y);
    ctx.lineTo(at + height, slant > 0 ? y : y + height);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.strokeRect(x, y, width, height);
  ctx.restore();
}

/** Words where they have room, else none. @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} x @param {number} y @param {number} room @param {number} [weight] */
function words(ctx, text, x, y, room, weight = 550) {
  ctx.font = `${weight} ${FONT}`;
  if (room < 14 || ctx.measureText(text).width > room) return;
  ctx.lineWidth = 3;
  ctx.lineJoin = "round";
  ctx.strokeStyle = "rgba(10, 13, 17, 0.85)";
  ctx.strokeText(text, x, y);
  ctx.fillStyle = INK;
  ctx.fillText(text, x, y);
}

/** @param {CanvasRenderingContext2D} ctx @param {string} name @param {number} x @param {number} y @param {number} size */
function sign(ctx, name, x, y, size) {
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(size / 24, size / 24);
  ctx.strokeStyle = ctx.fillStyle = INK;
  ctx.lineWidth = 2.2;
  ctx.lineCap = ctx.lineJoin = "round";
  for (const stroke of strokesOf(name)) {
    const path = new Path2D(stroke.replace(/^[#~]/, ""));
    if (stroke.startsWith("#")) ctx.fill(path);
    else ctx.stroke(path);
  }
  ctx.restore();
}
