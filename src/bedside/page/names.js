// Where the names of what is drawn over the picture stand: beside their shapes, never on each other, and calm.

/** @typedef {{x: number, y: number, w: number, h: number}} Box  in pixels of the canvas */
/** @typedef {{text: string, name: string, colour: string, around: Box}} Tag  name: the same on every frame */

const HALO = "rgba(4, 6, 9, 0.78)";
/** Of the picture: a shape that is smaller would be hidden by a name. */
export const SMALL_SHARE = 0.06;
/** Right, left, above, below, then the corners: in this order, first near the shape, then further away. */
const SIDES = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];
const RINGS = [0, 1.3, 2.8];
/** What a place costs: above all no name on another one. */
const COST = { onName: 1000, onShape: 60, onOwn: 40, ring: 12, side: 1, moved: 25 };

/** Where each name stood last: it stays there while it can, so that it does not jump from frame to frame. @type {Map<string, number>} */
const last = new Map();

/**
 * Small shapes choose first: they have the least room.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Tag[]} tags
 * @param {{width: number, height: number, scale: number}} size
 */
export function drawNames(ctx, tags, { width, height, scale }) {
  const font = Math.min(26, Math.max(14, width / scale / 42)) * scale;
  ctx.font = `600 ${font}px Inter, system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  const most = width * 0.4;
  const small = tags.map(({ around }) => around).filter(({ w, h }) => w * h < width * height * SMALL_SHARE);
  /** @type {Box[]} */
  const names = [];
  for (const tag of [...tags].sort((a, b) => a.around.w * a.around.h - b.around.w * b.around.h)) {
    const w = Math.min(ctx.measureText(tag.text).width, most);
    const others = small.filter((box) => box !== tag.around);
    const { box, isFar } = placeOf(tag, { w, h: font * 1.25, gap: font * 0.45 }, { names, others, size: { width, height } });
    names.push(box);
    if (isFar) leader(ctx, tag, box, scale);
    ctx.lineWidth = 4.5 * scale;
    ctx.strokeStyle = HALO;
    ctx.strokeText(tag.text, box.x, box.y + box.h / 2, most);
    ctx.fillStyle = tag.colour;
    ctx.fillText(tag.text, box.x, box.y + box.h / 2, most);
  }
}

/**
 * The cheapest place around the shape.
 * @param {Tag} tag
 * @param {{w: number, h: number, gap: number}} word
 * @param {{names: Box[], others: Box[], size: {width: number, height: number}}} taken  others: small shapes that a name would hide
 */
function placeOf({ name, around }, { w, h, gap }, { names, others, size }) {
  const before = last.get(name);
  let best = { cost: Infinity, box: around, spot: 0 };
  RINGS.forEach((ring, far) => {
    SIDES.forEach(([dx, dy], side) => {
      const spot = far * SIDES.length + side;
      const box = beside(around, { w, h, gap: gap + ring * h }, dx, dy, size);
      const hidden = others.filter((other) => overlap(box, other)).length;
      const cost =
        COST.onName * names.filter((other) => overlap(box, other)).length +
        COST.onShape * hidden +
        (overlap(box, around) ? COST.onOwn : 0) +
        COST.ring * far +
        COST.side * side +
        (before === undefined || before === spot ? 0 : COST.moved);
      if (cost < best.cost) best = { cost, box, spot };
    });
  });
  last.set(name, best.spot);
  return { box: best.box, isFar: best.spot >= SIDES.length };
}

/** @param {Box} a @param {{w: number, h: number, gap: number}} word @param {number} dx @param {number} dy @param {{width: number, height: number}} size @returns {Box} */
function beside(a, { w, h, gap }, dx, dy, size) {
  const x = dx > 0 ? a.x + a.w + gap : dx < 0 ? a.x - gap - w : a.x + a.w / 2 - w / 2;
  const y = dy > 0 ? a.y + a.h + gap * 0.3 : dy < 0 ? a.y - h - gap * 0.3 : a.y + a.h / 2 - h / 2;
  return { x: clamp(x, 4, size.width - w - 4), y: clamp(y, 0, size.height - h), w, h };
}

/** A thin line from a name that stands further away to its shape. @param {CanvasRenderingContext2D} ctx @param {Tag} tag @param {Box} box @param {number} scale */
function leader(ctx, { colour, around }, box, scale) {
  const [x, y] = [around.x + around.w / 2, around.y + around.h / 2];
  const from = { x: clamp(x, box.x, box.x + box.w), y: clamp(y, box.y + 2, box.y + box.h - 2) };
  const to = { x: clamp(from.x, x - around.w / 4, x + around.w / 4), y: clamp(from.y, y - around.h / 4, y + around.h / 4) };
  ctx.beginPath();
  ctx.moveTo(from.x, from.y);
  ctx.lineTo(to.x, to.y);
  for (const [style, width] of /** @type {[string, number][]} */ ([[HALO, 3], [colour, 1.2]])) {
    ctx.strokeStyle = style;
    ctx.lineWidth = width * scale;
    ctx.stroke();
  }
}

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

/** @param {Box} a @param {Box} b */
function overlap(a, b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
