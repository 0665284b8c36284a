// The one connection to the server: it pings, notices silence, and comes back by itself for ever.

import { unpack } from "./protocol.js";

const FIRST_WAIT_MS = 200;
const LAST_WAIT_MS = 1000;
const PING_EVERY_MS = 1000;
const OPEN_WITHIN_MS = 3000;
const SILENT_FOR_MS = 4000;

export class Connection {
  /**
   * @param {string} url
   * @param {{opened: () => void, lost: (reason: string) => void, text: (message: any) => void,
   *   picture: (header: any, jpeg: Blob, at: number) => void, rtt: (ms: number) => void,
   *   fault: (sentence: string) => void}} on
   */
  constructor(url, on) {
    this.url = url;
    this.on = on;
    this.open = false;
    /** Failed attempts since something was heard. */
    this.attempts = 0;
    this.heardAt = -Infinity;
    /** @type {WebSocket|null} */
    this.socket = null;
    this.retry = 0;
    this.startedAt = 0;
    this.pinged = { id: 0, at: 0 };
    setInterval(() => this.watch(), PING_EVERY_MS);
    addEventListener("online", () => this.wake());
    addEventListener("pageshow", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    document.addEventListener("resume", () => this.wake()); // the browser had frozen the page
    this.connect();
  }

  /** How long nothing has come, ms. */
  get silentMs() {
    return performance.now() - this.heardAt;
  }

  connect() {
    clearTimeout(this.retry);
    this.startedAt = performance.now();
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.read(event.data);
    socket.onclose = (event) => this.drop(event.reason || `closed with code ${event.code}`);
  }

  opened() {
    this.open = true;
    this.heardAt = performance.now();
    this.on.opened();
    this.ping();
  }

  /**
   * Give this connection up and try the next one; a socket that is slow to close is not waited for.
   * @param {string} reason
   */
  drop(reason) {
    if (!this.socket) return;
    this.letGo();
    const wait = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.attempts);
    this.attempts += 1;
    this.retry = window.setTimeout(() => this.connect(), wait);
    this.on.lost(reason);
  }

  /** Nothing that an old socket still says is heard: it would be taken for the new one's. */
  letGo() {
    const socket = this.socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.socket = null;
    this.open = false;
  }

  /** The network or the page came back: do not wait for the next attempt, do not trust a connection that slept. */
  wake() {
    if (this.open && this.silentMs > PING_EVERY_MS) this.drop("the page slept");
    if (!this.open && (!this.socket || performance.now() - this.startedAt > PING_EVERY_MS)) {
      this.letGo();
      this.connect();
    }
  }

  watch() {
    if (this.open && this.silentMs > SILENT_FOR_MS) this.drop(`nothing for ${Math.round(this.silentMs / 1000)} s`);
    else if (this.open) this.ping();
    else if (this.socket && performance.now() - this.startedAt > OPEN_WITHIN_MS) this.drop("no answer");
  }

  ping() {
    this.pinged = { id: this.pinged.id + 1, at: performance.now() };
    this.send({ type: "ping", id: this.pinged.id });
  }

  /** @param {object} message */
  send(message) {
    if (this.open) this.socket?.send(JSON.stringify(message));
  }

  /** @param {string|ArrayBuffer} data */
  read(data) {
    const now = performance.now();
    this.heardAt = now;
    this.attempts = 0; // only now: one that opens and is closed at once has failed
    try {
      if (typeof data === "string") this.readText(JSON.parse(data), now);
      else {
        const { header, jpeg } = unpack(data);
        this.on.picture(header, jpeg, now);
      }
    } catch (error) {
      this.on.fault(`a message could not be read: ${error instanceof Error ? error.message : error}`);
    }
  }

  /**
   * @param {any} message
   * @param {number} now
   */
  readText(message, now) {
    if (message.type !== "pong") this.on.text(message);
    else if (message.id === this.pinged.id) this.on.rtt(now - this.pinged.at);
  }
}

/** Where the websocket is: this page's own server, for the view in its address. */
export function liveAddress() {
  const query = new URLSearchParams(location.search);
  const name = /^\/view\/([^/]+)/.exec(location.pathname)?.[1];
  if (name) query.set("view", decodeURIComponent(name));
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?${query}`;
}
