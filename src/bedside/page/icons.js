// Every sign on the page, 24 x 24, drawn in the colour of its text. Shapes differ, so that none depends on colour.

const SVG = "http://www.w3.org/2000/svg";
const RING = "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18z";

/** Strokes of each icon; a leading "#" fills the shape instead, a leading "~" dashes it. */
const PATHS = {
  live: ["#M12 5a7 7 0 1 0 0 14a7 7 0 1 0 0-14z"],
  frozen: ["M12 2v20M3.3 7l17.4 10M20.7 7L3.3 17", "M9 3.5l3 3l3-3M9 20.5l3-3l3 3"],
  no_signal: ["M3 5h18v11H3z", "M9 20h6", "M8 13l8-5M8 8l8 5"],
  stalled: ["M6 3h12M6 21h12M7 3c0 5 5 6 5 9s-5 4-5 9M17 3c0 5-5 6-5 9s5 4 5 9"],
  unplugged: ["M8 2v5M16 2v5M5 7h14v3a7 7 0 0 1-14 0z", "M12 20v2M3 21L21 3"],
  ended: ["#M6 6h12v12H6z"],
  error: [RING, "M12 7v6M12 16.2v.6"],
  withheld: ["M2 12c4-7 16-7 20 0c-4 7-16 7-20 0z", "M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6z", "M4 4l16 16"],
  offline: ["M12 13v9M8 22h8", "M7 15a7 7 0 0 1 0-9M17 15a7 7 0 0 0 0-9", "M3 3l18 18"],
  lost: ["M10 14l-2.5 2.5a3.5 3.5 0 0 1-5-5L6 8M14 10l2.5-2.5a3.5 3.5 0 0 1 5 5L18 16", "M9 3v3M3 9h3M15 21v-3M21 15h-3"],
  waiting: ["~" + RING],
  late: [RING, "M12 7v5l4 2"],
  good: ["#" + RING],
  near: [RING, "#M12 3a9 9 0 0 1 0 18z"],
  poor: [RING],
  none: ["~" + RING],
  tick: ["M4 12.5l5.5 5.5L20 6"],
  half: ["M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16z", "#M12 4a8 8 0 0 1 0 16z"],
  empty: ["M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16z"],
  unknown: ["~M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16z"],
  off: [RING, "M6 6l12 12"],
  starting: ["M12 3a9 9 0 1 0 9 9", "M12 8v4l3 2"],
  failed: [RING, "M8.5 8.5l7 7M15.5 8.5l-7 7"],
  restarting: ["M20 12a8 8 0 1 1-2.5-5.8", "M20 2.5v5h-5"],
  thumb_up: ["M7 11v9H3v-9z", "M7 11l4-8a2.5 2.5 0 0 1 2.500 3L13 9h6a2 2 0 0 1 2 2.400l-1.200 7a2 2 0 0 1-2 1.600H7"],
  thumb_down: ["M7 13V4H3v9z", "M7 13l4 8a2.5 2.5 0 0 0 2.500-3L13 15h6a2 2 0 0 0 2-2.400l-1.200-7a2 2 0 0 0-2-1.600H7"],
  alarm: ["M12 3L2 20h20z", "M12 9v5M12 16.600v.6"],
  camera: ["M3 8h4l2-3h6l2 3h4v11H3z", "M12 10a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z"],
  pause: ["M8 5v14M16 5v14"],
  play: ["#M7 4l13 8l-13 8z"],
  question: ["M8.5 9a3.5 3.5 0 1 1 5 3.2c-1.2.6-1.5 1.2-1.5 2.3", "M12 18v.6"],
  close: ["M5 5l14 14M19 5L5 19"],
  swap: ["M4 8h14l-4-4M20 16H6l4 4"],
  record: [RING, "#M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6z"],
  screen: ["M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"],
  up: ["M12 20V5M5 11l7-7l7 7"],
  down: ["M12 4v15M5 13l7 7l7-7"],
  left: ["M20 12H5M11 5l-7 7l7 7"],
  right: ["M4 12h15M13 5l7 7l-7 7"],
  tilt_up: ["M3 19h3c8 0 11-5 11-14", "M11 10.5l6-6.5l5 7"],
  tilt_down: ["M3 5h3c8 0 11 5 11 14", "M11 13.5l6 6.5l5-7"],
  rotate_left: ["M5 12a7 7 0 1 0 3-5.700", "M10 2L7.5 6.700l5 1.8"],
  rotate_right: ["M19 12a7 7 0 1 1-3-5.700", "M14 2l2.5 4.700l-5 1.8"],
  step_back: ["M6 5v14", "#M19 5v14l-10-7z"],
  step_on: ["M18 5v14", "#M5 5v14l10-7z"],
  plus: ["M12 5v14M5 12h14"],
  minus: ["M5 12h14"],
  whole: ["M3 6v12M21 6v12M7 12h10M9.500 9l-3 3l3 3M14.500 9l3 3l-3 3"],
  star: ["M12 3l2.8 5.800l6.200.9l-4.500 4.400l1.100 6.200l-5.600-3l-5.600 3l1.100-6.200l-4.500-4.400l6.200-.9z"],
  note: ["M4 4h16v12h-9l-4 4v-4H4z", "M8 9h8M8 12h5"],
  pencil: ["M4 20l1-5L16 4l4 4L9 19z", "M14 6l4 4"],
  film: ["M3 5h18v14H3z", "M7 5v14M17 5v14M3 12h4M17 12h4"],
  gap: ["M3 12h4M17 12h4", "M10 5l-2 14M16 5l-2 14"],
  list: ["M9 6h12M9 12h12M9 18h12", "M4 6h.5M4 12h.5M4 18h.5"],
  shapes: ["M3 14a6 6 0 0 1 6-6a6 6 0 0 1 6 6a6 6 0 0 1-12 0z", "M12 4h9v9h-4"],
  ruler: ["M3 16L16 3l5 5L8 21z", "M7.5 11.500l2 2M11 8l2.500 2.500M14 5l2 2"],
  probe: ["M12 2v5M8 7h8l3 7c-4 3-10 3-14 0z", "M7 19c3 2 7 2 10 0"],
  compass: [RING, "#M15.500 8.500l-2 5l-5 2l2-5z"],
  sweep: ["M4 15c4 4 12 4 16 0", "M12 3v9M9 9l3 3l3-3", "M4 20v-5h5M20 20v-5h-5"],
  rock_left: ["M20 6c-1 8-9 12-15 8", "M5 19.500v-5.500h5.500"],
  rock_right: ["M4 6c1 8 9 12 15 8", "M19 19.500v-5.500h-5.500"],
  hold: [RING, "M12 8.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z"],
};

/**
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  setIcon(svg, name);
  return svg;
}

/**
 * Draw another icon into the same element.
 * @param {Element} svg
 * @param {string} name
 */
export function setIcon(svg, name) {
  if (svg.getAttribute("data-icon") === name) return;
  svg.setAttribute("data-icon", name);
  const known = Object.hasOwn(PATHS, name) ? name : "error";
  svg.replaceChildren(...PATHS[/** @type {keyof typeof PATHS} */ (known)].map(stroke));
  if (known === "good") svg.append(cutTick());
}

/**
 * The strokes of an icon, for a canvas.
 * @param {string} name
 * @returns {string[]}
 */
export function strokesOf(name) {
  return Object.hasOwn(PATHS, name) ? PATHS[/** @type {keyof typeof PATHS} */ (name)] : PATHS.error;
}

/** @param {string} d */
function stroke(d) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d.replace(/^[#~]/, ""));
  if (d.startsWith("#")) path.setAttribute("class", "solid");
  if (d.startsWith("~")) path.setAttribute("class", "dashed");
  return path;
}

/** The tick inside the full disc, in the colour of the ground. */
function cutTick() {
  const tick = stroke("M7.5 12.3l3.2 3.2l6-6.8");
  tick.setAttribute("class", "cut");
  return tick;
}
