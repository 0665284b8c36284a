// What the reviewer said: kept by the server beside the originals; the last word about a thing counts.

import { lastWhere } from "./frames.js";

/** @typedef {import("./api.js").Note} Note */
/** @typedef {import("./api.js").Result} Result */
/** @typedef {{isRejected: boolean, verdict: {label?: string, level?: string}|null, concepts: Map<string, string>,
 *   comment: string}} Said */

export class Notes {
  /**
   * @param {import("./api.js").Api} api
   * @param {Note[]} notes  oldest first
   */
  constructor(api, notes) {
    this.api = api;
    this.notes = notes;
  }

  /** Keep one more. Throws the server's sentence where it refuses. @param {Note} note */
  async add(note) {
    await this.api.post(note);
    this.notes.push(note);
  }

  /** @param {Pick<Result, "seq"|"captured_ns"|"engine">} result @param {string} replay  or nothing for the scan @returns {Said} */
  about({ seq, captured_ns, engine }, replay) {
    /** @type {Said} */
    const said = { isRejected: false, verdict: null, concepts: new Map(), comment: "" };
    for (const note of this.notes) {
      if (note.seq !== seq || note.captured_ns !== captured_ns) continue;
      if (note.note === "comment") said.comment = note.text;
      if (note.engine !== engine || (note.replay ?? "") !== replay) continue;
      if (note.note === "reject") said.isRejected = note.rejected;
      if (note.note !== "edit") continue;
      if (note.field === "verdict") said.verdict = note.value;
      else if (note.value === null) said.concepts.delete(note.name);
      else said.concepts.set(note.name, note.value);
    }
    return said;
  }

  /** Whether an item is to be in the report. @param {string} item @param {boolean} before */
  isTicked(item, before) {
    return lastWhere(this.notes, (note) => note.note === "tick" && note.item === item)?.ticked ?? before;
  }

  /** What was said last of an item. @param {string} item @param {string} before */
  commentOf(item, before) {
    return lastWhere(this.notes, (note) => note.note === "comment" && note.item === item)?.text ?? before;
  }
}
