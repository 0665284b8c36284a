// Deleting a session, for admins: its name is typed, because nothing brings it back.

import { el, sentence, setText, show } from "../dom.js";
import { icon } from "../icons.js";
import { ask } from "./api.js";

/**
 * The button that asks.
 * @param {{name: string, participant: string}} session
 * @param {() => void} deleted
 */
export function deleteButton({ name, participant }, deleted) {
  const button = el("button", "plain", icon("close"), el("span", "", "Delete"));
  Object.assign(button, { type: "button", ariaLabel: `Delete the session ${participant || name}` });
  button.addEventListener("click", () => askName(name, deleted));
  return button;
}

/** @param {string} name @param {() => void} deleted */
function askName(name, deleted) {
  const typed = el("input");
  Object.assign(typed, { id: "typed-name", autocomplete: "off", spellcheck: false, autocapitalize: "off" });
  const label = el("label", "", "Type its name to delete it");
  label.htmlFor = typed.id;
  const problem = el("p", "session-problem");
  problem.setAttribute("role", "alert");
  show(problem, false);
  const really = el("button", "plain", icon("close"), el("span", "", "Delete for ever"));
  really.disabled = true;
  const keep = el("button", "plain", "Keep it");
  keep.type = "button";
  const words = el("p", "", "Its video, pictures, answers and notes are deleted from this machine, and nothing brings them back. The access log keeps that you did it.");
  const form = el("form", "", el("h2", "", "Delete a session"), el("p", "session-name", name), words, label, typed, problem, el("div", "deeds", keep, really));
  const dialog = el("dialog", "clip deletion", form);
  typed.addEventListener("input", () => (really.disabled = typed.value.trim() !== name));
  keep.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (really.disabled) return;
    really.disabled = true;
    try {
      const headers = { "Content-Type": "application/json" };
      await ask(`/api/sessions/${encodeURIComponent(name)}/delete`, { method: "POST", headers, body: JSON.stringify({ name }) });
      dialog.close();
      deleted();
    } catch (error) {
      really.disabled = false;
      setText(problem, sentence(error));
      show(problem, true);
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  typed.focus();
}
