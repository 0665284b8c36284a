// Keeps the screen on where the browser allows it, and says why where it does not.

const ASK_AGAIN_MS = 30_000;

export class Awake {
  constructor() {
    this.words = "not asked yet";
    document.addEventListener("visibilitychange", () => void this.ask());
    void this.ask();
  }

  async ask() {
    if (document.hidden) return;
    if (!isSecureContext) {
      this.words = "may sleep: browsers keep the screen on for HTTPS pages only; turn off the tablet's own sleep";
    } else if (!("wakeLock" in navigator)) {
      this.words = "may sleep: this browser cannot keep the screen on; turn off the tablet's own sleep";
    } else {
      try {
        const lock = await navigator.wakeLock.request("screen");
        this.words = "stays on";
        lock.addEventListener("release", () => this.released());
      } catch (error) {
        this.words = `may sleep: ${error instanceof Error ? error.message : error}`;
      }
    }
  }

  /** The page was hidden, or the tablet saves its battery; a page that comes back asks again. */
  released() {
    this.words = "may sleep: the tablet took the permission back, as to save its battery";
    if (!document.hidden) setTimeout(() => void this.ask(), ASK_AGAIN_MS);
  }
}
