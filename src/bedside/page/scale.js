// How large a pixel is, in words.

/** @typedef {import("./protocol.js").Spacing} Spacing */

/** @param {Spacing|undefined} spacing */
export function scaleWords(spacing) {
  return spacing?.dropped ? `${heldWords(spacing)}: ${spacing.dropped}` : heldWords(spacing);
}

/** @param {Spacing|undefined} spacing */
function heldWords(spacing) {
  if (!spacing || spacing.pixel_spacing_mm === null) return "not known";
  const size = `${millimetres(spacing.pixel_spacing_mm)} a pixel`;
  return spacing.set_wall_ns === null ? `${size}, from the settings` : `${size}, set ${clockTime(spacing.set_wall_ns)}`;
}

/** @param {number} mm */
export function millimetres(mm) {
  return `${mm.toPrecision(mm < 0.1 ? 2 : 3)} mm`;
}

/** @param {number} wallNs */
function clockTime(wallNs) {
  return new Date(wallNs / 1e6).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
