// Times, counts and marks as a person says them.

/**
 * A place on the timeline: 0:04.12, 12:03.50, 1:02:03.50.
 * @param {number} seconds
 * @param {number} [digits]  after the point
 */
export function clock(seconds, digits = 0) {
  const scale = 10 ** digits;
  const all = Math.max(0, Math.floor(seconds * scale + 1e-6));
  const whole = Math.floor(all / scale);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const fraction = digits > 0 ? `.${String(all % scale).padStart(digits, "0")}` : "";
  const tail = `${String(s).padStart(2, "0")}${fraction}`;
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
}

/** How long something took: 0.4 s, 12 s, 3 min 12 s, 1 h 4 min. @param {number} seconds */
export function lasting(seconds) {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** Words for a verdict's level, also where the engine gave none. */
export const LEVELS = { good: "good", near: "close", poor: "not there yet", none: "nothing recognised" };

/** @type {Map<unknown, string>} */
const SEEN = new Map([[true, "visible"], [false, "not visible"]]);

/** @typedef {{icon: string, text: string, isLoud: boolean}} Said  isLoud: has a place in the lane of marks */

/** @type {Record<string, (mark: import("./api.js").Mark) => Said|null>} */
const MARKS = {
  start: () => ({ icon: "right", text: "Session started", isLoud: false }),
  end: () => ({ icon: "ended", text: "Session ended", isLoud: false }),
  recording: ({ on }) => ({ icon: "record", text: on ? "Recording started" : "Recording stopped", isLoud: false }),
  engine: ({ engine, state, message }) => ({
    icon: state === "READY" ? "live" : "restarting",
    text: [`${engine}: ${String(state ?? "").toLowerCase()}`, message].filter(Boolean).join(" - "),
    isLoud: state !== "READY",
  }),
  recorder: ({ state, message }) => ({ icon: "record", text: `Recorder: ${message || state}`, isLoud: false }),
  snapshot: ({ name }) => ({ icon: "camera", text: `Snapshot ${name}`, isLoud: true }),
  best: ({ plane }) => ({ icon: "star", text: `Best ${plane} so far`, isLoud: true }),
  feedback: (mark) => ({ icon: "note", text: feedback(mark), isLoud: true }),
  intervention: (mark) => ({ icon: "pencil", text: intervention(mark), isLoud: true }),
  questionnaire: ({ questionnaire, scores }) => ({
    icon: "list",
    text: `Questionnaire ${questionnaire}${scoresOf(scores)}`,
    isLoud: true,
  }),
};

/**
 * What a mark says; null for one that is for programs.
 * @param {import("./api.js").Mark} mark
 * @returns {Said|null}
 */
export function said(mark) {
  return Object.hasOwn(MARKS, mark.mark) ? MARKS[mark.mark](mark) : null;
}

/** @param {import("./api.js").Mark} mark */
function feedback({ feedback: kind, value, name }) {
  if (kind === "thumb") return `Thumb ${value}`;
  if (kind === "verdict") return `Corrected: ${typeof value === "object" ? [value?.label, value?.level].filter(Boolean).join(", ") : value}`;
  if (kind === "concept") return `${name}: ${value ?? "taken back"}`;
  return `Note: ${value}`;
}

/** What a person corrected, and what the engine made of it. @param {import("./api.js").Mark} mark */
function intervention({ concepts, labels, before, after }) {
  const seen = Object.entries(concepts ?? {}).map(([name, value]) => `${name} ${SEEN.get(value) ?? value}`);
  const gone = Object.keys(labels ?? {}).map((name) => `${name} not there`);
  return `With ${[...seen, ...gone].join(", ")}: ${verdict(after)} (was: ${verdict(before)})`;
}

/** @param {{label: string, level: string}|null|undefined} said */
function verdict(said) {
  if (!said) return "no verdict";
  return [said.label, Object.hasOwn(LEVELS, said.level) && LEVELS[/** @type {keyof typeof LEVELS} */ (said.level)]].filter(Boolean).join(", ");
}

/** @param {unknown} scores */
function scoresOf(scores) {
  const all = Object.entries(scores && typeof scores === "object" ? scores : {});
  return all.length ? `: ${all.map(([name, score]) => `${name} ${score}`).join(", ")}` : "";
}
