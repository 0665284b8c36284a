// A small picture of where the probe stands on the mother's belly, and how it is turned and tilted there.

const SVG = "http://www.w3.org/2000/svg";
/** Half of what the picture shows, in mm: to the mother's sides, and along her. */
const [ACROSS, ALONG] = [150, 220];
/** Larger than the real one, to be seen. */
const PROBE_MM = 92;
/** How far the shadow of a leaning probe reaches, for each degree. */
const LEAN_MM = 3;

export class ProbeMap {
  constructor() {
    this.root = svg("svg", { viewBox: `${-ACROSS} ${-ALONG} ${2 * ACROSS} ${2 * ALONG}`, class: "probe-map", role: "img" });
    const belly = "M-92 -214C-150 -120 -150 60 -118 140C-96 190 -50 214 0 214C50 214 96 190 118 140C150 60 150 -120 92 -214";
    this.probe = svg("g", { class: "probe-mark" });
    this.fan = svg("path", { class: "fan", d: "" });
    const half = PROBE_MM / 2;
    this.probe.append(
      this.fan,
      svg("rect", { x: -half, y: -17, width: PROBE_MM, height: 34, rx: 17 }),
      svg("circle", { cx: -half - 22, cy: 0, r: 11 }),
    );
    this.root.append(svg("path", { class: "belly", d: belly }), svg("circle", { class: "navel", cx: 0, cy: 30, r: 9 }), this.probe);
  }

  /** @param {import("./probe_sheet.js").Pose} pose */
  render({ x_mm: x, z_mm: z, rotate_deg: rotate, tilt_deg: tilt, rock_deg: rock }) {
    this.probe.setAttribute("transform", `translate(${x} ${-z}) rotate(${-rotate})`);
    // the shadow that a leaning probe throws: to where the picture looks
    const [lean, aside] = [-tilt * LEAN_MM, rock * LEAN_MM];
    this.fan.setAttribute("d", `M-46 0L${aside - 66} ${lean}L${aside + 66} ${lean}L46 0z`);
    this.probe.removeAttribute("visibility");
    this.root.setAttribute("aria-label", `The probe stands ${sides(x, "left", "right")} and ${sides(z, "up", "down")} of the middle`);
  }

  /** The belly alone. */
  lose() {
    this.probe.setAttribute("visibility", "hidden");
    this.root.setAttribute("aria-label", "Nobody knows where the probe stands");
  }
}

/** `12 mm left` of the mother's, or `12 mm up`. @param {number} mm @param {string} above @param {string} below */
export function sides(mm, above, below) {
  const whole = Math.round(Math.abs(mm));
  return whole === 0 ? `0 mm ${above}` : `${whole} mm ${mm > 0 ? above : below}`;
}

/** @param {string} name @param {Record<string, string|number>} attributes */
function svg(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
