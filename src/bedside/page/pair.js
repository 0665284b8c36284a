// A one-time code makes this tablet a device: typed, or behind the # of the address that a QR code says.

import { post } from "./ask.js";
import { byId, sentence, setText, show } from "./dom.js";

const query = new URLSearchParams(location.search);
const code = byId("code");
const label = byId("label");
const button = byId("pair");

/** Where to go then: a place on this server only. */
function next() {
  const to = query.get("to") ?? "/";
  return /^\/(?![/\\])/.test(to) ? to : "/";
}

/** @param {Event} event */
async function pair(event) {
  event.preventDefault();
  button.disabled = true;
  show(byId("problem"), false);
  try {
    await post("/api/pair", { code: code.value, label: label.value });
    location.replace(next());
  } catch (error) {
    setText(byId("problem"), sentence(error));
    show(byId("problem"), true);
    button.disabled = false;
    code.focus();
  }
}

if (query.has("out")) {
  setText(byId("title"), "Signed out: pair again");
  document.title = "Signed out · Bedside";
}
code.value = decodeURIComponent(location.hash.slice(1)).slice(0, 12);
if (location.hash) history.replaceState(null, "", location.pathname + location.search); // not kept in the history
byId("form").addEventListener("submit", pair);
(code.value ? label : code).focus();
