// Colours of what is drawn over the picture. Red, yellow and cyan belong to alarms and are not here.

/** Distinct in hue and in lightness, so that they stay apart for colour-blind eyes; see docs/topics/page-design.md. */
export const COLOURS = ["#5f9cf7", "#ee8f4d", "#86f2a4", "#e08fd0", "#cfc4ff", "#fff6e8"];

/** Past the sixth label the colours come again, dashed. */
const DASHES = [[], [9, 6], [3, 5]];

/** @typedef {{colour: string, dash: number[]}} Ink */

/** @type {Map<string, number>} */
const places = new Map();

/**
 * The same label has the same colour on every frame, and nearly always on every page: its place comes from its
 * letters, and moves on only where another label sits already.
 * @param {string} label
 * @returns {Ink}
 */
export function inkOf(label) {
  let place = places.get(label);
  if (place === undefined) {
    const taken = new Set(places.values());
    place = start(label);
    while (taken.has(place) && taken.size < COLOURS.length * DASHES.length) {
      place = taken.size < COLOURS.length ? (place + 1) % COLOURS.length : (place + 1) % (COLOURS.length * DASHES.length);
    }
    places.set(label, place);
  }
  return { colour: COLOURS[place % COLOURS.length], dash: DASHES[Math.floor(place / COLOURS.length) % DASHES.length] };
}

/** @param {string} label */
function start(label) {
  let sum = 7;
  for (const letter of label) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65521;
  return sum % COLOURS.length;
}
