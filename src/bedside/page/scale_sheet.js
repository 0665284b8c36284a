// The sheet on which a person sets the scale: two marks of the scanner's ruler, and the distance between them.

import { post } from "./ask.js";
import { el, setText, show } from "./dom.js";
import { icon } from "./icons.js";
import { Ruler } from "./ruler.js";
import { millimetres, scaleWords } from "./scale.js";
import { Sheet, button, choice } from "./sheet.js";

/** @typedef {import("./judge.js").Known} Known */

const UNITS = { cm: 10, mm: 1 };
const ARROWS = /** @type {const} */ ([["up", 0, -1], ["left", -1, 0], ["right", 1, 0], ["down", 0, 1]]);
const DEPTH = "Set it anew when the scanner's depth or zoom changes: the page cannot see that.";

export class ScaleSheet extends Sheet {
  /**
   * @param {HTMLElement} root
   * @param {Known} known
   * @param {{stage: import("./stage.js").Stage, hold: () => void, say: (words: {sign: string, text: string}) => void}} deeds
   */
  constructor(root, known, deeds) {
    super(root, "Set the scale", { closed: () => this.closed() });
    this.known = known;
    this.deeds = deeds;
    /** Whether this sheet holds the picture, and lets it go with its end. */
    this.holds = false;
    this.unit = "cm";
    this.ruler = new Ruler(deeds.stage, () => this.tell());
    this.now = el("p", "scale-now");
    this.remove = button("Remove", "end-deed", () => void this.attempt(() => this.takeBack()));
    this.step = el("p", "scale-step");
    this.which = choice("Mark", [{ value: "0", text: "First mark" }, { value: "1", text: "Second mark" }], (value) => this.choose(Number(value)));
    this.nudge = el("div", "nudge", this.which.root, ...ARROWS.map(([sign, dx, dy]) => this.arrow(sign, dx, dy)));
    this.distance = el("input", "");
    Object.assign(this.distance, { type: "number", inputMode: "decimal", min: "0", step: "any", name: "distance", autocomplete: "off", placeholder: "10" });
    this.distance.addEventListener("input", () => this.tell());
    const units = choice("Unit", Object.keys(UNITS).map((unit) => ({ value: unit, text: unit })), (unit) => {
      this.unit = unit;
      this.tell();
    });
    units.press(this.unit);
    this.preview = el("p", "scale-preview");
    this.go = el("button", "main-deed", icon("ruler"), el("span", "", "Set the scale"));
    const field = el("label", "field", el("span", "", "Distance"), this.distance);
    const form = el("form", "session-form", el("div", "scale-distance", field, units.root), this.preview, this.said, this.go);
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.attempt(() => this.keep());
    });
    this.body.append(this.step, this.nudge, form, el("p", "quiet", DEPTH), el("section", "running", this.now, this.remove));
  }

  /** The picture stands still, and two taps set the marks. */
  begin() {
    if (this.isOpen) return;
    this.open();
    if (!this.known.held) {
      this.deeds.hold();
      this.holds = this.known.held !== null;
    }
    setText(this.said, this.known.held ? "" : "There is no picture yet.");
    this.ruler.start();
  }

  closed() {
    this.ruler.stop();
    if (this.holds && this.known.held) this.deeds.hold();
    this.holds = false;
  }

  /** What holds now; the sheet ends with the picture that it is about. @param {import("./protocol.js").State|null} state */
  render(state) {
    if (!this.isOpen) return;
    setText(this.now, `The scale: ${scaleWords(state?.spacing)}`);
    show(this.remove, state?.spacing?.source === "ruler");
    if (this.holds && !this.known.held) this.close();
  }

  tell() {
    const { marks, chosen } = this.ruler;
    const steps = ["Tap a mark of the scanner's ruler", "Tap a second mark, as far away as there is one", "Move a mark with a finger, or by one pixel here"];
    setText(this.step, steps[marks.length]);
    show(this.nudge, marks.length > 0);
    this.which.press(String(chosen));
    this.which.root.children[1].toggleAttribute("disabled", marks.length < 2);
    const spacing = this.spacingMm();
    const { width, height } = this.size();
    const whole = `${((width * spacing) / 10).toFixed(1)} x ${((height * spacing) / 10).toFixed(1)} cm`;
    setText(this.preview, spacing > 0 ? `${millimetres(spacing)} a pixel: the whole picture is ${whole}` : "");
    this.go.disabled = !(spacing > 0);
  }

  /** As the server will work it out; 0 while something is missing. */
  spacingMm() {
    const [a, b] = this.ruler.marks;
    const { width, height } = this.size();
    const pixels = b ? Math.hypot((b[0] - a[0]) * width, (b[1] - a[1]) * height) : 0;
    return pixels > 0 ? this.distanceMm() / pixels : 0;
  }

  distanceMm() {
    const typed = Number(this.distance.value) * UNITS[/** @type {keyof typeof UNITS} */ (this.unit)];
    return Number.isFinite(typed) && typed > 0 ? typed : 0;
  }

  /** Of the picture as engines see it, pixels. */
  size() {
    const { width = 0, height = 0 } = this.known.state?.signal ?? {};
    return { width, height };
  }

  /** @param {number} which */
  choose(which) {
    this.ruler.chosen = which;
    this.ruler.draw();
  }

  /** @param {string} sign @param {number} dx @param {number} dy */
  arrow(sign, dx, dy) {
    const node = button(`Move the mark ${sign}`, `arrow arrow-${sign}`, () => {
      const { width, height } = this.size();
      if (width && height) this.ruler.nudge(dx / width, dy / height);
    });
    node.ariaLabel = `Move the mark ${sign}`;
    node.replaceChildren(icon(sign));
    return node;
  }

  async keep() {
    const [[x1, y1], [x2, y2]] = this.ruler.marks;
    const seq = this.deeds.stage.shown?.header.seq ?? null;
    const set = await post("/api/spacing", { seq, x1, y1, x2, y2, distance_mm: this.distanceMm() });
    this.close();
    this.deeds.say({ sign: "ruler", text: `Scale set: ${millimetres(set.pixel_spacing_mm)} a pixel` });
  }

  async takeBack() {
    await post("/api/spacing/remove", {});
    this.close();
    this.deeds.say({ sign: "ruler", text: "The scale was removed" });
  }
}
