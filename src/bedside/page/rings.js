// The rings of an outline as a path: a little smoothed, so that the steps of a coarse label map do not show.

/** @typedef {import("./protocol.js").Point} Point */

/** So far a point moves at most in each round, as a share of `most`. */
const MOVES = [0.5, 0.35];

/**
 * @param {Point[][]} rings  in pixels of the canvas
 * @param {number} most  how far from a corner the rounding may begin; long straight edges stay straight
 */
export function rounded(rings, most) {
  const path = new Path2D();
  for (const ring of rings.map((one) => MOVES.reduce((so, share) => smoothed(so, most * share), one))) {
    if (ring.length < 3) {
      ring.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
      path.closePath();
      continue;
    }
    ring.forEach((corner, i) => {
      const into = towards(corner, ring[(i + ring.length - 1) % ring.length], most);
      const out = towards(corner, ring[(i + 1) % ring.length], most);
      if (i === 0) path.moveTo(...into);
      else path.lineTo(...into);
      path.quadraticCurveTo(...corner, ...out);
    });
    path.closePath();
  }
  return path;
}

/** Each point nearer to the middle of its neighbours. @param {Point[]} ring @param {number} most @returns {Point[]} */
function smoothed(ring, most) {
  if (ring.length < 8) return ring;
  return ring.map(([x, y], i) => {
    const [before, after] = [ring[(i + ring.length - 1) % ring.length], ring[(i + 1) % ring.length]];
    const [dx, dy] = [(before[0] + after[0]) / 4 - x / 2, (before[1] + after[1]) / 4 - y / 2];
    const share = Math.min(1, most / (Math.hypot(dx, dy) || 1));
    return [x + dx * share, y + dy * share];
  });
}

/**
 * How wide and how long an outline is, as if it were a band: a skull's band, a canal. Holes run the other way round
 * and count off.
 * @param {Point[][]} rings  in pixels of the canvas
 */
export function bandOf(rings) {
  let [area, around] = [0, 0];
  for (const ring of rings) {
    ring.forEach(([x, y], i) => {
      const [x2, y2] = ring[(i + 1) % ring.length];
      area += (x * y2 - x2 * y) / 2;
      around += Math.hypot(x2 - x, y2 - y);
    });
  }
  return { width: around > 0 ? (2 * Math.abs(area)) / around : 0, length: around / 2 };
}

/** At most `most` from a corner to the next, and not past the middle. @param {Point} from @param {Point} to @param {number} most @returns {Point} */
function towards(from, to, most) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const share = length > 0 ? Math.min(0.5, most / length) : 0;
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}
