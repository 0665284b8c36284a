// Keeps the screen on where the browser allows it, and says why where it does not.

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
        await navigator.wakeLock.request("screen");
        this.words = "stays on";
      } catch (error) {
        this.words = `may sleep: ${error instanceof Error ? error.message : error}`;
      }
    }
  }
}
