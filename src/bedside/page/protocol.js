// What the server and the page say to each other on /live, as types, and the reading of a binary message.

/**
 * @typedef {{name: string, title: string, picture: "answer"|"live", inset: boolean, overlay: boolean,
 *   verdict: boolean, explanation: boolean, controls: boolean, wide: boolean}} View
 * @typedef {{type: "hello", version: string, view: View, can_control: boolean, controls?: string[],
 *   engines: string[],
 *   participant?: string, page?: string, role?: string}} Hello  page: this page's name in the session's marks
 * @typedef {{state: string, message: string, warning?: string, source: string, device: string, fps: number, age_ms: number|null,
 *   drops: number, skips: number, width: number, height: number}} SignalState
 * @typedef {{name: string, state: string, message: string, answers: number, errors: number, restarts: number,
 *   fps: number, model_ms: number, added_ms: number, answer_age_ms: number|null, busy_ms: number|null, late: number,
 *   passed_over: number, replicas: number, replicas_well: number, waits: boolean, holds: boolean,
 *   rest_ms: number, takes_corrections?: boolean}} EngineState  waits: it is not its turn; holds: its answer counts until the scanner moves
 * @typedef {{type: "state", signal: SignalState, engines: EngineState[], recorder?: Recorder|null,
 *   session?: RunningSession|null, progress?: Progress|null, spacing?: Spacing, alerts?: Alert[], viewers: number, picture_skips: number,
 *   sent_ms?: number}} State
 * @typedef {{id: string, level: "warning"|"alarm", about: string, sentence: string, do: string, on_page: boolean}} Alert
 *   on_page: this page says it anyway, where it happens
 * @typedef {{keeps: "yes"|"no_session"|"no_consent", planes: Plane[]}} Progress  over the planes that a scan needs
 * @typedef {{name: string, level: "none"|"near"|"good", score: number|null,
 *   picture: {name: string, seq: number}|null}} Plane  the best of it so far; picture: the best frame that is kept
 * @typedef {{pixel_spacing_mm: number|null, source: "ruler"|"setting"|"none", set_wall_ns: number|null,
 *   distance_mm: number|null, picture_px: [number, number]|null, dropped: string}} Spacing  mm a pixel of the picture
 * @typedef {{state: string, message: string, recording_ms: number, frames: number, losses: number, video_bytes: number,
 *   free_bytes: number}} Recorder  state: idle, recording, waiting, failed, gone
 * @typedef {{name: string, participant: string, arm: string, running_ms: number, recording: boolean,
 *   problem: string}} RunningSession  recording: video is wanted; problem: a sentence while something cannot be kept
 * @typedef {"live"|"answer"} Stream
 * @typedef {[number, number]} Point  fractions of the picture
 * @typedef {{label: string, id: number, rings: Point[][]}} Outline
 * @typedef {{name: string, ok: boolean|null, value?: number, max?: number, hint?: string}} Concept
 * @typedef {{label: string, level: "good"|"near"|"poor"|"none", score?: number, text?: string}} Verdict
 * @typedef {{text: string, direction?: string|null, detail?: string}} Guidance
 * @typedef {{name: string, value: number, unit?: string, uncertainty?: number}} Measurement
 * @typedef {{verdict?: Verdict, classes?: {name: string, score: number}[], concepts?: Concept[],
 *   outlines?: Outline[], boxes?: {x: number, y: number, width: number, height: number, label?: string, score?: number}[],
 *   points?: {x: number, y: number, label?: string}[],
 *   lines?: {x1: number, y1: number, x2: number, y2: number, label?: string}[],
 *   ellipses?: {x: number, y: number, rx: number, ry: number, angle_deg?: number, label?: string}[],
 *   measurements?: Measurement[], guidance?: Guidance, images?: {name: string, title?: string, src: string}[],
 *   text?: string}} Answer
 * @typedef {{engine: string, seq: number, age_ms: number, error: string, answer: Answer, missing?: Record<string, string>,
 *   timing?: {model_ms: number, added_ms: number, stages_ms?: Record<string, number>}}} Result
 * @typedef {{type: "picture", stream: Stream, seq: number, age_ms: number, width: number, height: number,
 *   signal: string, result?: Result, sent_ms?: number}} PictureHeader
 * @typedef {{header: PictureHeader, bitmap: ImageBitmap, capturedAt: number, painted: boolean}} Shot
 *   one decoded picture; `capturedAt` is on this page's clock (performance.now)
 * @typedef {{result: Result, capturedAt: number}} Answered  a result and when its frame was captured
 */

const LENGTH_BYTES = 4;

/**
 * Header and JPEG of a binary message: 4 bytes of length (big-endian), a JSON header of that length, the picture.
 * @param {ArrayBuffer} data
 * @returns {{header: any, jpeg: Blob}}
 */
export function unpack(data) {
  if (data.byteLength < LENGTH_BYTES) throw new Error(`a binary message of ${data.byteLength} bytes is too short`);
  const length = new DataView(data).getUint32(0);
  if (length > data.byteLength - LENGTH_BYTES) {
    throw new Error(`a header of ${length} bytes does not fit into ${data.byteLength} bytes`);
  }
  const text = new TextDecoder().decode(new Uint8Array(data, LENGTH_BYTES, length));
  return { header: JSON.parse(text), jpeg: new Blob([new Uint8Array(data, LENGTH_BYTES + length)], { type: "image/jpeg" }) };
}
