// Draws an answer's outlines, ellipses, boxes, lines and points over a picture, with their names beside them.

import { SMALL_SHARE, drawNames } from "./names.js";
import { inkOf, nameOf } from "./palette.js";
import { bandOf, rounded } from "./rings.js";
import { scoreWord } from "./verdict.js";

/** @typedef {import("./protocol.js").Answer} Answer */
/** @typedef {import("./names.js").Box} Box */
/** @typedef {import("./names.js").Tag} Tag */

const HALO = "rgba(4, 6, 9, 0.72)";
/** What is thinner than this share of the picture's height is a band or a line: filled, so that it reads as one. */
const BAND_SHARE = 0.035;
/** And so many times longer than wide: a small round shape is no band. */
const BAND_LENGTH = 7;
const BAND = { alpha: 0.36, line: 0.6, halo: 1.4 };
const AREA = { alpha: 0.12, line: 1, halo: 2 };

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Answer} answer
 * @param {{width: number, height: number, scale: number, labels: boolean}} size  canvas pixels; scale: pixels per CSS pixel
 */
export function drawOverlay(ctx, answer, size) {
  ctx.save();
  ctx.lineJoin = ctx.lineCap = "round";
  /** @type {Tag[]} */
  const tags = [];
  const thick = size.labels ? Math.min(4, Math.max(2, size.width / size.scale / 480)) : 1.5;
  for (const shape of shapes(answer, size)) {
    const ink = inkOf(shape.name);
    const pen = shape.isBand ? BAND : AREA;
    ctx.setLineDash([]);
    stroke(ctx, shape.path, HALO, size.scale * thick * pen.halo);
    if (shape.filled) fill(ctx, shape.path, ink.colour, pen.alpha);
    ctx.setLineDash(ink.dash.map((length) => length * size.scale));
    stroke(ctx, shape.path, ink.colour, size.scale * thick * pen.line);
    if (shape.label) tags.push({ text: shape.label, name: nameOf(shape.name), colour: ink.colour, around: shape.around });
  }
  ctx.setLineDash([]);
  if (size.labels) drawNames(ctx, tags, size);
  ctx.restore();
}

/**
 * @param {Answer} answer
 * @param {{width: number, height: number, scale: number}} size
 */
function* shapes(answer, { width: w, height: h, scale }) {
  for (const { label = "", id, rings = [] } of answer.outlines ?? []) {
    const placed = rings.map((ring) => ring.map(([x, y]) => /** @type {[number, number]} */ ([x * w, y * h])));
    const path = rounded(placed, 5 * scale);
    const all = bounds(rings.flat(), w, h);
    const { width, length } = bandOf(placed);
    const isBand = width < h * BAND_SHARE && length > width * BAND_LENGTH;
    const isLarge = all.w * all.h > w * h * SMALL_SHARE;
    const spot = isLarge ? rightmost(rings.flat(), w, h, 2 * scale) : all;
    yield { name: label || `outline ${id}`, label, path, filled: isBand || !isLarge, isBand, around: spot };
  }
  for (const { x, y, rx, ry, angle_deg: angle = 0, label = "" } of answer.ellipses ?? []) {
    const path = new Path2D();
    path.ellipse(x * w, y * h, Math.abs(rx) * w, Math.abs(ry) * h, (angle * Math.PI) / 180, 0, 2 * Math.PI);
    yield { name: label || "ellipse", label, path, filled: false, isBand: false, around: ellipseBounds(x * w, y * h, rx * w, ry * h, angle) };
  }
  for (const { x, y, width, height, label = "", score } of answer.boxes ?? []) {
    const path = new Path2D();
    path.rect(x * w, y * h, width * w, height * h);
    const said = typeof score === "number" ? `${label} ${scoreWord(score)}`.trim() : label;
    yield { name: label || "box", label: said, path, filled: false, isBand: false, around: { x: x * w, y: y * h, w: width * w, h: height * h } };
  }
  for (const { x1, y1, x2, y2, label = "" } of answer.lines ?? []) {
    const path = caliper(x1 * w, y1 * h, x2 * w, y2 * h, 7 * scale);
    yield { name: label || "line", label, path, filled: false, isBand: false, around: around(x2 * w, y2 * h, 7 * scale) };
  }
  for (const { x, y, label = "" } of answer.points ?? []) {
    const path = cross(x * w, y * h, 7 * scale);
    yield { name: label || "point", label, path, filled: false, isBand: false, around: around(x * w, y * h, 7 * scale) };
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {Path2D} path @param {string} colour @param {number} alpha */
function fill(ctx, path, colour, alpha) {
  ctx.globalAlpha = alpha;
  ctx.fillStyle = colour;
  ctx.fill(path, "evenodd");
  ctx.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} ctx @param {Path2D} path @param {string} colour @param {number} width */
function stroke(ctx, path, colour, width) {
  ctx.lineWidth = width;
  ctx.strokeStyle = colour;
  ctx.stroke(path);
}

/** A line with a bar across each end. @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {number} bar */
function caliper(x1, y1, x2, y2, bar) {
  const path = new Path2D();
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(-(y2 - y1) / length) * bar, ((x2 - x1) / length) * bar];
  path.moveTo(x1, y1);
  path.lineTo(x2, y2);
  for (const [x, y] of [[x1, y1], [x2, y2]]) {
    path.moveTo(x - dx, y - dy);
    path.lineTo(x + dx, y + dy);
  }
  return path;
}

/** @param {number} x @param {number} y @param {number} arm */
function cross(x, y, arm) {
  const path = new Path2D();
  path.moveTo(x - arm, y);
  path.lineTo(x + arm, y);
  path.moveTo(x, y - arm);
  path.lineTo(x, y + arm);
  return path;
}

/**
 * Where the name of a large shape goes: beside its edge, since its box may reach far past it.
 * @param {number[][]} points @param {number} w @param {number} h @param {number} arm
 */
function rightmost(points, w, h, arm) {
  const [x, y] = points.reduce((best, point) => (point[0] > best[0] ? point : best));
  return around(x * w, y * h, arm);
}

/** @param {number} x @param {number} y @param {number} arm @returns {Box} */
function around(x, y, arm) {
  return { x: x - arm, y: y - arm, w: 2 * arm, h: 2 * arm };
}

/** @param {number[][]} points @param {number} w @param {number} h @returns {Box} */
function bounds(points, w, h) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return points.length ? { x: left * w, y: top * h, w: (right - left) * w, h: (bottom - top) * h } : { x: 0, y: 0, w: 0, h: 0 };
}

/** @param {number} x @param {number} y @param {number} rx @param {number} ry @param {number} angle @returns {Box} */
function ellipseBounds(x, y, rx, ry, angle) {
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const [w, h] = [Math.hypot(rx * cos, ry * sin), Math.hypot(rx * sin, ry * cos)];
  return { x: x - w, y: y - h, w: 2 * w, h: 2 * h };
}
