// How old things are, on this page's own clock: an age goes on growing when the network is cut.

const WINDOW_MS = 60_000;

/** Turns "so old when it was sent" into "captured then", by the measured round trip. */
export class Ages {
  constructor() {
    /** @type {number|null} last round trip, ms */
    this.rttMs = null;
    /** @type {{at: number, gap: number}[]} receipts: this clock minus the server's, the smallest is the fastest way */
    this.gaps = [];
  }

  /** @param {number} rttMs */
  measured(rttMs) {
    this.rttMs = rttMs;
  }

  /** Forget the old connection's network. */
  reset() {
    this.rttMs = null;
    this.gaps = [];
  }

  /**
   * When the frame was captured, on this page's clock.
   * Where the server says when it sent (`sent_ms`, its own clock), a message that waited in the network is found out:
   * it took longer than the fastest one of the last minute.
   * @param {number} now  time of receipt
   * @param {number} ageMs  age when sent
   * @param {number} [sentMs]
   */
  capturedAt(now, ageMs, sentMs) {
    const half = (this.rttMs ?? 0) / 2;
    if (typeof sentMs !== "number") return now - ageMs - half;
    const gap = now - sentMs;
    this.gaps = this.gaps.filter((seen) => seen.at > now - WINDOW_MS && seen.gap < gap);
    this.gaps.push({ at: now, gap });
    return now - ageMs - half - (gap - this.gaps[0].gap);
  }
}

/**
 * A duration as a person says it: 24 ms, 1.2 s, 12 s, 3 min, 2 h.
 * @param {number} ms
 */
export function say(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 100_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/**
 * The same in whole seconds, for what a person counts along with.
 * @param {number} ms
 */
export function sayWhole(ms) {
  return ms < 99_500 ? `${Math.max(1, Math.round(ms / 1000))} s` : say(ms);
}

/**
 * Median of a short list; null when it is empty.
 * @param {number[]} values
 */
export function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
