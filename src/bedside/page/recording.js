// Whether the session is being recorded, in words: pure, from what the server last said.

/** @typedef {import("./protocol.js").State} State */
/**
 * @typedef {{kind: "recording"|"waiting"|"off"|"failed"|"unknown", word: string, detail: string, losses: number}} Recording
 *   failed: video is wanted and there is none, or something cannot be kept; `detail` says why
 */

const ALARM = "Not recording";

/**
 * @param {Pick<State, "recorder"|"session">|null} state  null: the server does not say
 * @returns {Recording}
 */
export function recordingOf(state) {
  if (!state) return { kind: "unknown", word: "Recording not known", detail: "", losses: 0 };
  const { recorder = null, session = null } = state;
  const losses = recorder?.losses ?? 0;
  const off = { kind: /** @type {const} */ ("off"), word: "Not recorded", detail: "", losses: 0 };
  if (session?.problem) return { kind: "failed", word: "Not all is kept", detail: session.problem, losses };
  if (!recorder) return off;
  const { state: now, message } = recorder;
  if (now === "recording") return { kind: "recording", word: clockOf(recorder.recording_ms), detail: message, losses };
  const wanted = session?.recording === true;
  if (now === "failed" || (now === "gone" && wanted)) {
    const why = message || (now === "gone" ? "the recorder is not running" : "the recorder failed");
    return { kind: "failed", word: ALARM, detail: why, losses };
  }
  if (now === "waiting" || wanted) return { kind: "waiting", word: "Waiting", detail: message || "no picture to record yet", losses };
  return { ...off, detail: message };
}

/**
 * A time that runs: 3:07, 1:02:09.
 * @param {number} ms
 */
export function clockOf(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Before so much has been recorded its bytes say little of the next hour's. */
const TELLING_MS = 20_000;

/**
 * How long the disk will do: in hours of this recording once it says something, else in gigabytes.
 * @param {import("./protocol.js").Recorder|null|undefined} recorder
 */
export function spaceOf(recorder) {
  if (!recorder || !(recorder.free_bytes > 0)) return "";
  const { recording_ms: ms, video_bytes: bytes, free_bytes: free } = recorder;
  if (recorder.state !== "recording" || ms < TELLING_MS || bytes <= 0) return `${Math.round(free / 1e9)} GB free`;
  const hours = (free / bytes) * (ms / 3_600_000);
  if (hours > 200) return "room for more than 200 hours";
  return hours < 2 ? `room for ${Math.round(hours * 60)} minutes` : `room for ${Math.floor(hours)} hours`;
}
