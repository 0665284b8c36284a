// Where the pictures go on the stage, and how wide they are wanted: pure functions of sizes in CSS pixels.

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

const GAP = 12;
const TAG_HEIGHT = 26;
const ROOM_BELOW = 130;
const ROOM_BESIDE = 190;
/** A smaller picture elsewhere would show nothing. */
const SLOT = { width: 90, height: 66 };
const WIDTHS = [0, 320, 480, 640, 800, 960, 1280, 1600, 1920];

/**
 * The large picture as large as it goes; the inset beside or below it where there is room, else over an upper corner.
 * @param {{width: number, height: number}} room
 * @param {number} aspect
 * @param {number|null} insetAspect  null: no inset
 * @param {{width: number, height: number}|null} [slot]  room elsewhere, for an inset that would hide some of the picture
 * @returns {{large: Box, inset: Box|null, isElsewhere?: boolean, roomy: boolean}}  isElsewhere: the inset is in the slot;
 *   roomy: a line of words fits under the large picture
 */
export function place(room, aspect, insetAspect, slot = null) {
  const width = Math.min(room.width, room.height * aspect);
  const height = width / aspect;
  const [beside, below] = [room.width - width, room.height - height];
  const top = below < 2 * TAG_HEIGHT ? 0 : below / 2; // one line of words fits under the picture, or none
  const roomy = below >= TAG_HEIGHT;
  const middle = { left: beside / 2, top, width, height };
  if (insetAspect === null) return { large: middle, inset: null, roomy };
  if (below >= ROOM_BELOW) {
    const size = within(insetAspect, Math.min(room.width * 0.5, 520), Math.min(below - 2 * GAP, 300));
    const high = Math.max(0, (below - size.height - 2 * GAP) / 2);
    const inset = { left: room.width - size.width - GAP, top: high + height + GAP, ...size };
    return { large: { ...middle, top: high }, inset, roomy };
  }
  if (beside >= ROOM_BESIDE) {
    const size = within(insetAspect, beside - 2 * GAP, room.height * 0.4);
    const inset = { left: room.width - size.width - GAP, top: room.height - size.height - GAP, ...size };
    return { large: { ...middle, left: 0 }, inset, roomy };
  }
  if (slot && slot.width >= SLOT.width && slot.height >= SLOT.height) {
    const size = within(insetAspect, slot.width, slot.height);
    const inset = { left: slot.width - size.width, top: (slot.height - size.height) / 2, ...size };
    return { large: middle, inset, isElsewhere: true, roomy };
  }
  const size = within(insetAspect, Math.max(104, room.width * 0.24), Math.max(64, room.height * 0.3));
  const inset = { left: room.width - size.width - GAP / 2, top: GAP / 2, ...size }; // where a fan is narrow
  return { large: middle, inset, roomy };
}

/** @param {number} aspect @param {number} width @param {number} height */
function within(aspect, width, height) {
  const w = Math.min(width, height * aspect);
  return { width: Math.round(w), height: Math.round(w / aspect) };
}

/**
 * Widths in pixels to ask the server for, in steps, so that pages of nearly one size share one JPEG; 0 is "do not send".
 * @param {{width: number, height: number}} room
 * @param {number} ratio  device pixels per CSS pixel
 * @param {{large: string, inset: string|null}} plan
 * @param {{live: boolean, answer: boolean}} asks  streams that this view may have
 * @returns {{live: number, answer: number}}
 */
export function wanted(room, ratio, plan, asks) {
  const large = step(room.width * ratio);
  const small = step(Math.max(160, room.width * 0.3) * ratio);
  const width = (/** @type {string} */ stream) => (plan.large === stream ? large : plan.inset === stream ? small : 0);
  // The answered picture is always asked for where the view shows it: it is how the page learns that answers are back.
  return { live: asks.live ? width("live") : 0, answer: asks.answer ? width("answer") || small : 0 };
}

/** @param {number} width */
function step(width) {
  return WIDTHS.find((candidate) => candidate >= width) ?? WIDTHS[WIDTHS.length - 1];
}
