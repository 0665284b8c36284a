// The form that starts a session: a code, never a name; the arm; consent; and whether video is kept from the start.

import { el, sentence, setText, show } from "./dom.js";
import { icon } from "./icons.js";
import { choice, complaint } from "./sheet.js";

/** @typedef {import("./session_sheet.js").About} About */

/**
 * @param {About} about
 * @param {(asked: {participant: string, arm: string, consent: boolean|null, recording: boolean}) => Promise<void>} start
 *   its Error's sentence is said under the form
 */
export function sessionForm({ proposed, arms, needs_consent: needsConsent }, start) {
  const participant = el("input", "");
  Object.assign(participant, { value: proposed.participant, maxLength: 40, autocomplete: "off", spellcheck: false, name: "participant", placeholder: "P1" });
  participant.setAttribute("autocapitalize", "characters");
  let arm = proposed.arm || arms[0]?.name || "";
  const views = choice("Arm", arms.map(({ name, title }) => ({ value: name, text: title })), (value) => (arm = value));
  views.press(arm);
  const consent = tick(needsConsent ? "Consent was given" : "Consent was given, if asked", false);
  const record = tick("Record video from the start", true);
  const said = complaint();
  const go = el("button", "main-deed", icon("play"), el("span", "", "Start session"));
  const form = el(
    "form",
    "session-form",
    el("label", "field", el("span", "", "Participant code, never a name"), participant),
    el("div", "field", el("span", "", "Arm: what the tablets show"), views.root),
    consent.root,
    record.root,
    said,
    go,
  );
  form.noValidate = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    setText(said, "");
    const given = consent.box.checked ? true : needsConsent ? false : null;
    try {
      await start({ participant: participant.value.trim(), arm, consent: given, recording: record.box.checked });
    } catch (error) {
      setText(said, sentence(error));
      said.scrollIntoView({ block: "nearest" });
    } finally {
      go.disabled = false;
    }
  });
  show(views.root, arms.length > 0);
  return form;
}

/** @param {string} text @param {boolean} isOn */
function tick(text, isOn) {
  const box = el("input", "");
  box.type = "checkbox";
  box.checked = isOn;
  return { box, root: el("label", "tick", box, el("span", "", text)) };
}
