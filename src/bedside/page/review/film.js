// Two <video> elements that play one segment after the other: while one plays, the other has the next one ready.

import { el } from "../dom.js";

/** @typedef {import("./api.js").Segment} Segment */
/** @typedef {HTMLVideoElement|VideoFrame} Moving */
/** @typedef {{video: HTMLVideoElement, segment: Segment|null, isDead: boolean}} Projector */

/** A callback so late may find the next picture on the screen; half a frame at 60 a second. */
const LATE_MS = 8;

export class Film {
  /**
   * @param {HTMLElement} root
   * @param {{frame: (picture: Moving, segment: Segment, mediaTime: number) => void,
   *   ended: (segment: Segment) => void, failed: (segment: Segment) => void}} on
   */
  constructor(root, on) {
    this.on = on;
    this.rate = 1;
    this.isPlaying = false;
    this.run = 0;
    /** @type {Projector[]} */
    this.projectors = [0, 1].map(() => ({ video: el("video", "film"), segment: null, isDead: false }));
    this.projectors.forEach((projector) => this.setUp(projector, root));
    this.current = this.projectors[0];
  }

  /** @param {Projector} projector @param {HTMLElement} root */
  setUp(projector, root) {
    const { video } = projector;
    Object.assign(video, { muted: true, playsInline: true, preload: "auto", disableRemotePlayback: true });
    video.setAttribute("aria-hidden", "true");
    video.tabIndex = -1;
    const isOn = () => this.isPlaying && projector === this.current && projector.segment;
    video.addEventListener("ended", () => isOn() && this.on.ended(/** @type {Segment} */ (projector.segment)));
    video.addEventListener("error", () => {
      if (!projector.segment) return;
      projector.isDead = true;
      if (isOn()) this.on.failed(projector.segment);
    });
    root.append(video);
  }

  /**
   * Play a segment from a time on.
   * @param {Segment} segment @param {number} seconds
   */
  async start(segment, seconds) {
    const run = ++this.run;
    this.current.video.pause();
    this.current = this.loaded(segment) ?? this.load(this.other, segment);
    const { video } = this.current;
    this.isPlaying = true;
    if (this.current.isDead) return this.on.failed(segment);
    await seek(video, seconds);
    if (run !== this.run) return;
    video.playbackRate = this.rate;
    this.watch(run);
    // A pause that comes before the playing has begun ends it with an error of its own.
    await video.play().catch((error) => {
      if (run === this.run && error.name !== "AbortError") this.on.failed(segment);
    });
  }

  stop() {
    this.run++;
    this.isPlaying = false;
    for (const { video } of this.projectors) video.pause();
  }

  /** Have the segment's beginning decoded before it is wanted. @param {Segment} segment */
  prepare(segment) {
    if (!this.loaded(segment)) this.load(this.other, segment);
  }

  /** @param {number} rate */
  setRate(rate) {
    this.rate = rate;
    this.current.video.playbackRate = rate;
  }

  get other() {
    return this.projectors[0] === this.current ? this.projectors[1] : this.projectors[0];
  }

  /** @param {Segment} segment */
  loaded(segment) {
    return this.projectors.find((projector) => projector.segment === segment) ?? null;
  }

  /** @param {Projector} projector @param {Segment} segment */
  load(projector, segment) {
    Object.assign(projector, { segment, isDead: false });
    projector.video.src = segment.url;
    return projector;
  }

  /** Say each frame that comes to the screen, with its own presentation time. @param {number} run */
  watch(run) {
    const { video, segment } = this.current;
    if (!segment) return;
    let passed = 0;
    /** @param {number} seconds @param {boolean} isLate */
    const say = (seconds, isLate) => {
      if (run !== this.run) return;
      passed = isLate ? passed + 1 : 0;
      const frame = frameOf(video);
      if (frame) this.on.frame(frame, segment, frame.timestamp / 1e6);
      else if (passed % 4 === 0) this.on.frame(video, segment, seconds);
      frame?.close();
      if (run === this.run) next();
    };
    const next = () => {
      if ("requestVideoFrameCallback" in video) {
        video.requestVideoFrameCallback((now, { mediaTime, expectedDisplayTime: due }) => say(mediaTime, now - due > LATE_MS));
      } else requestAnimationFrame(() => say(/** @type {HTMLVideoElement} */ (video).currentTime, false));
    };
    next();
  }
}

/**
 * The picture on the screen with its own time stamp. A browser on a busy machine may show the next one between saying
 * which one it is and painting it; this cannot. Browsers have it over HTTPS and on the machine itself; elsewhere null.
 * @param {HTMLVideoElement} video
 */
function frameOf(video) {
  try {
    return "VideoFrame" in window ? new VideoFrame(video) : null;
  } catch {
    return null;
  }
}

/** @param {HTMLVideoElement} video @param {number} seconds */
async function seek(video, seconds) {
  if (video.readyState === 0) await once(video, "loadedmetadata");
  if (Math.abs(video.currentTime - seconds) < 0.001 && !video.ended) return;
  video.currentTime = seconds;
  await once(video, "seeked");
}

/** @param {HTMLVideoElement} video @param {string} event */
function once(video, event) {
  return new Promise((resolve) => {
    for (const name of [event, "error"]) video.addEventListener(name, resolve, { once: true });
  });
}
