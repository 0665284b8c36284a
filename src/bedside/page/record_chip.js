// Who is scanned and whether it is recorded: one button at the top, which opens the session; and the alarm under it.

import { el, sentence, setText, show } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./recording.js").Recording} Recording */

/** What the dot says to somebody who does not see it. */
const SPOKEN = { recording: "Recording", waiting: "Recording waits", off: "", failed: "Alarm", unknown: "" };

export class RecordChip {
  /**
   * @param {HTMLButtonElement} root
   * @param {HTMLElement} alarm
   * @param {() => void} open
   */
  constructor(root, alarm, open) {
    this.root = root;
    this.alarm = alarm;
    this.word = el("b", "time");
    this.losses = el("span", "losses");
    this.who = el("b", "code");
    this.view = el("span", "view");
    root.append(el("i", "dot"), this.word, this.losses, this.who, this.view);
    root.addEventListener("click", open);
    this.alarmTitle = el("strong");
    this.alarmWhy = el("span");
    alarm.append(icon("alarm"), el("p", "", this.alarmTitle, this.alarmWhy));
  }

  /** @param {Recording} recording @param {{participant: string, view: string, controls: boolean}} at */
  render(recording, { participant, view, controls }) {
    const { kind, word, detail, losses } = recording;
    this.root.dataset.kind = kind;
    this.root.disabled = !controls;
    this.root.classList.toggle("alone", !controls);
    setText(this.word, word);
    setText(this.losses, losses > 0 ? `${losses} lost` : "");
    setText(this.who, participant);
    setText(this.view, view);
    const label = [SPOKEN[kind], word, losses > 0 && `${losses} frames lost`, participant, view].filter(Boolean).join(", ");
    const said = controls ? `${label}; opens the session` : label;
    if (this.root.ariaLabel !== said) this.root.ariaLabel = said;
    show(this.alarm, kind === "failed");
    if (kind !== "failed") return;
    setText(this.alarmTitle, word);
    setText(this.alarmWhy, sentence(detail));
  }
}
