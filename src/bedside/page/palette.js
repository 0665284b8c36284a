// Colours of what is drawn over the picture. Red, yellow and cyan belong to alarms and are not here.

/** Distinct in hue and in lightness, so that they stay apart for colour-blind eyes; see docs/topics/page-design.md. */
export const COLOURS = ["#5f9cf7", "#ee8f4d", "#86f2a4", "#e08fd0", "#cfc4ff", "#fff6e8", "#5fa39a", "#a89562"];

/** Past the eighth label the colours come again, dashed. */
const DASHES = [[], [9, 6], [3, 5]];

/** Structures of the standard planes, and what is measured on them: what is seen together differs most, on every page and in every session. */
const STRUCTURES = {
  skull: 0,
  head: 0,
  thalamus: 3,
  cavum: 1,
  "posterior fossa": 2,
  abdomen: 0,
  stomach: 1,
  "umbilical vein": 3,
  kidney: 2,
  femur: 4,
  "cervical canal": 1,
  "inner cervix": 3,
  "outer cervix": 5,
  bladder: 2,
  hc: 5,
  ac: 5,
  fl: 5,
  bpd: 4,
  ofd: 6,
};

/** @typedef {{colour: string, dash: number[]}} Ink */

/** @type {Map<string, number>} */
const places = new Map();

/** What a label names, without what was measured: "HC 281 mm" and "HC 282 mm" are one. @param {string} label */
export function nameOf(label) {
  return label.replace(/[\d.,]+\s*(mm|cm|%|°|g|ml)(?![a-z])/gi, "").trim().toLowerCase() || label;
}

/**
 * The same label has the same colour on every frame, and nearly always on every page: a structure of a standard plane
 * has its own, another label's place comes from its letters, and moves on only where another one sits already.
 * @param {string} label
 * @returns {Ink}
 */
export function inkOf(label) {
  const name = nameOf(label);
  const place = Object.hasOwn(STRUCTURES, name) ? STRUCTURES[/** @type {keyof typeof STRUCTURES} */ (name)] : placeOf(name);
  return { colour: COLOURS[place % COLOURS.length], dash: DASHES[Math.floor(place / COLOURS.length) % DASHES.length] };
}

/** @param {string} name */
function placeOf(name) {
  let place = places.get(name);
  if (place !== undefined) return place;
  const taken = new Set(places.values());
  place = start(name);
  while (taken.has(place) && taken.size < COLOURS.length * DASHES.length) {
    place = taken.size < COLOURS.length ? (place + 1) % COLOURS.length : (place + 1) % (COLOURS.length * DASHES.length);
  }
  places.set(name, place);
  return place;
}

/** @param {string} name */
function start(name) {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65521;
  return sum % COLOURS.length;
}
