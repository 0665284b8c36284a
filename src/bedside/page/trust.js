// Leads a tablet to trusting this machine: shows what to compare, opens its own steps, and sees when it is done.

import { byId, el, setText, show } from "./dom.js";

const LOOK_EVERY_MS = 2000;
const WITHIN_MS = 1800;
const CLOCK_OFF_MS = 86_400_000;
/** Which steps are whose, by what the browser calls itself; the first that fits. @type {[RegExp, string][]} */
const SYSTEMS = [
  [/iPad|iPhone/, "ios"],
  [/Android/, "android"],
  [/CrOS/, "chromeos"],
  [/Windows/, "windows"],
  [/Macintosh/, "mac"],
  [/./, "linux"],
];

/** An iPad calls itself a Mac, but a Mac has no touch screen. */
function system() {
  const found = SYSTEMS.find(([pattern]) => pattern.test(navigator.userAgent))?.[1] ?? "linux";
  return found === "mac" && navigator.maxTouchPoints > 1 ? "ios" : found;
}

/** Whether this tablet opens an encrypted page of this machine. @param {string} url */
async function trusts(url) {
  try {
    await fetch(`${url}/trusted`, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(WITHIN_MS) });
    return true;
  } catch {
    return false; // the certificate is not trusted, the name is not found, or nothing answers: a browser does not say which
  }
}

/** The first of the addresses that this tablet opens; empty when there is none. @param {string[]} urls */
async function reached(urls) {
  const answers = await Promise.all(urls.map(trusts));
  return urls.find((_, index) => answers[index]) ?? "";
}

/** @param {number} wallMs  the machine's clock */
function compareClocks(wallMs) {
  const off = Date.now() - wallMs;
  show(byId("clock"), Math.abs(off) > CLOCK_OFF_MS);
  const days = Math.round(Math.abs(off) / CLOCK_OFF_MS);
  const words = `The clocks of this tablet and of the machine differ by ${days} day${days === 1 ? "" : "s"}: `;
  setText(byId("clock"), `${words}the tablet may refuse a certificate that is good. Set the wrong one.`);
}

/** @param {string[]} urls */
async function look(urls) {
  if (document.hidden) return;
  const url = await reached(urls);
  byId("state").classList.toggle("good", url !== "");
  setText(byId("state"), url ? "This tablet trusts this machine." : "This tablet does not trust this machine yet.");
  show(byId("on"), url !== "");
  byId("on").href = `${url}/`;
}

async function begin() {
  document.querySelector(`details[data-system="${system()}"]`)?.setAttribute("open", "");
  const facts = await (await fetch("/trust.json", { cache: "no-store" })).json();
  byId("fingerprint").replaceChildren(...facts.fingerprint.match(/.{1,24}/g).map((/** @type {string} */ part) => el("span", "", part)));
  compareClocks(facts.wall_ms);
  await look(facts.urls);
  setInterval(() => void look(facts.urls), LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", () => void look(facts.urls));
}

begin().catch(() => setText(byId("state"), "This machine does not answer any more. Load this page again."));
