// The page of the machine: asks every two seconds how everything is, and says so when nobody answers.

import { ask, post } from "./ask.js";
import { byId, el, rows, sentence, setText, show } from "./dom.js";
import { icon, setIcon } from "./icons.js";

const ASK_EVERY_MS = 2000;
const STALE_AFTER_MS = 6000;
const ROLES = ["viewer", "operator", "admin"];

let heardAt = performance.now();
let chosenLog = "";

/** @param {number|null|undefined} bytes */
function size(bytes) {
  if (bytes === null || bytes === undefined) return "not known";
  if (bytes < 1e9) return `${Math.round(bytes / 1e6)} MB`;
  return `${(bytes / 1e9).toFixed(bytes < 1e11 ? 1 : 0)} GB`;
}

/** @param {number|null} seconds */
function length(seconds) {
  if (seconds === null) return "not known";
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.round(s / 60)} minutes`;
  return s < 172800 ? `${Math.round(s / 3600)} hours` : `${Math.round(s / 86400)} days`;
}

/** @param {number} wallNs */
function when(wallNs) {
  return new Date(wallNs / 1e6).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
}

/** @param {number|null} ms */
function age(ms) {
  if (ms === null) return "none yet";
  return ms < 10_000 ? `${Math.round(ms)} ms old` : `${length(ms / 1000)} old`;
}

/** @param {HTMLElement} list @param {[string, string][]} facts */
function tell(list, facts) {
  rows(list, facts, () => el("div", "", el("dt"), el("dd")), (row, [name, value]) => {
    setText(row.children[0], name);
    setText(row.children[1], value);
  });
}

const glance = { sign: icon("tick"), words: el("strong"), more: el("span") };
byId("glance").append(glance.sign, el("p", "", glance.words, glance.more));
byId("back").append(icon("left"));

/** @param {string} level @param {string} sign @param {string} words @param {string} more */
function say(level, sign, words, more) {
  byId("glance").dataset.level = level;
  setIcon(glance.sign, sign);
  setText(glance.words, words);
  setText(glance.more, more);
}

/** @param {any} now */
function show_all(now) {
  const worst = now.alerts[0]?.level ?? "well";
  const up = `Up for ${length((now.now_wall_ns - now.since_wall_ns) / 1e9)}.`;
  say(worst, worst === "well" ? "tick" : "alarm", now.words, up);
  rows(byId("alerts"), now.alerts, () => el("li", "", icon("alarm"), el("strong"), el("span")), (row, alert) => {
    row.dataset.level = alert.level;
    setText(row.children[1], alert.sentence);
    setText(row.children[2], alert.do);
  });
  rows(byId("processes"), now.processes, card, (row, one) => fillCard(row, one, now.now_wall_ns));
  setText(byId("kept-by"), now.supervised ? "" : "No supervisor here: what each process says of itself. Memory, processor and logs are Docker's to tell.");
  tell(byId("live"), liveFacts(now));
  tell(byId("machine"), machineFacts(now));
  const names = byId("log-names");
  rows(names, now.logs, logButton, (button, name) => {
    setText(button, name);
    button.ariaPressed = String(name === chosenLog);
  });
  setText(byId("no-logs"), now.logs.length > 0 ? "" : "No logs on this machine: `docker compose logs` or `journalctl -u bedside` has them.");
}

function card() {
  return el("li", "", el("strong"), el("p", "state", icon("tick"), el("span")), el("p", "numbers"), el("p", "why"));
}

/** @param {HTMLElement} row @param {any} one @param {number} nowNs */
function fillCard(row, one, nowNs) {
  const [name, state, numbers, why] = row.children;
  const well = one.state === "running";
  row.dataset.well = String(well);
  setText(name, one.name);
  setIcon(state.children[0], well ? "tick" : one.state === "starting" ? "starting" : "restarting");
  const since = one.since_wall_ns ? ` for ${length((nowNs - one.since_wall_ns) / 1e9)}` : "";
  setText(state.children[1], `${one.state}${well ? since : ""}${one.keeps_dying ? ", keeps dying" : ""}`);
  const count = one.restarts === 1 ? "1 restart" : `${one.restarts} restarts`;
  const memory = one.memory_bytes === null ? "" : size(one.memory_bytes);
  const share = one.cpu_percent === null ? "" : `${Math.round(one.cpu_percent)} % of a core`;
  setText(numbers, [count, memory, share].filter(Boolean).join(" · "));
  const last = one.ends.at(-1);
  setText(why, last ? `${when(last.wall_ns)}: ${last.why}` : "");
}

/** @param {any} now @returns {[string, string][]} */
function liveFacts({ signal, engines, recorder, viewers }) {
  const pages = Object.entries(viewers).filter(([, count]) => count).map(([view, count]) => `${count} × ${view}`);
  return [
    ["Signal", [signal.state, signal.message].filter(Boolean).join(": ")],
    ["Picture", `${age(signal.age_ms)}, ${Math.round(signal.fps)} fps, ${signal.width} × ${signal.height}`],
    ["Lost", `${signal.drops} by the device`],
    ...engines.map((/** @type {any} */ engine) => [`AI ${engine.name}`, `${engine.state}, answer ${age(engine.answer_age_ms)}, model ${Math.round(engine.model_ms)} ms`]),
    ["Recorder", recorder ? [recorder.state, recorder.message].filter(Boolean).join(": ") : "none"],
    ["Pages open", pages.join(", ") || "none"],
  ];
}

/** @param {any} now @returns {[string, string][]} */
function machineFacts({ disk, machine, certificate_ends_wall_ns: ends }) {
  const hot = machine.temperatures.map((/** @type {any} */ one) => `${one.name} ${one.celsius} °C`);
  const left = disk.recording_left_s === null ? "known once something is recorded" : length(disk.recording_left_s);
  return [
    ["Disk", disk.free_bytes === null ? "not known" : `${size(disk.free_bytes)} of ${size(disk.total_bytes)} free`],
    ["Recording", `${left}${disk.recording_left_s === null ? "" : " left"}; ${size(disk.reserve_bytes)} are kept free`],
    ["Sessions", disk.sessions === null ? "being added up" : `${disk.sessions}, ${size(disk.sessions_bytes)}`],
    ["Temperature", hot.join(", ") || "this machine tells none"],
    ["Memory", machine.memory_bytes === null ? "not known" : `${size(machine.memory_free_bytes)} of ${size(machine.memory_bytes)} free`],
    ["Load", machine.load === null ? "not known" : `${machine.load.toFixed(1)} on ${machine.cores} cores`],
    ["Certificate", ends ? `ends ${when(ends)}` : "none: without TLS"],
  ];
}

function logButton() {
  const button = el("button");
  button.type = "button";
  button.addEventListener("click", () => {
    chosenLog = chosenLog === button.textContent ? "" : (button.textContent ?? "");
    void showLog();
  });
  return button;
}

async function showLog() {
  const place = byId("log");
  show(place, chosenLog !== "");
  for (const button of byId("log-names").children) button.ariaPressed = String(button.textContent === chosenLog);
  if (!chosenLog) return;
  const said = await ask(`/api/admin/log/${encodeURIComponent(chosenLog)}`).catch((error) => ({ lines: [sentence(error)] }));
  const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
  setText(place, said.lines.join("\n") || "This log is empty.");
  if (atEnd) place.scrollTop = place.scrollHeight;
}

async function showVersions() {
  const { versions, settings } = await ask("/api/admin/versions");
  const { engines = {}, ...rest } = versions;
  /** @type {[string, string][]} */
  const facts = Object.entries(rest).map(([name, value]) => [name, String(value)]);
  for (const [name, about] of Object.entries(engines)) facts.push([`AI ${name}`, String(about.sha256 ?? about.url ?? "").slice(0, 16)]);
  for (const [name, value] of Object.entries(settings)) facts.push([name, String(value) || "none"]);
  tell(byId("versions"), facts);
}

async function showAccess() {
  const [{ devices, you, problem }, { deeds }] = await Promise.all([ask("/api/access"), ask("/api/access/log?count=40")]);
  rows(byId("devices"), devices, deviceCard, (row, device) => {
    const [name, about, button] = row.children;
    setText(name, device.label || device.id);
    setText(about, `${device.role}${device.id === you ? ", this one" : ""}`);
    button.dataset.id = device.id;
    button.ariaLabel = `Revoke ${device.label || device.id}`;
  });
  setText(byId("no-devices"), problem ? sentence(problem) : devices.length === 0 ? "No tablet is paired." : "");
  rows(byId("access"), deeds.toReversed(), () => el("li", "", el("time"), el("span")), (row, deed) => {
    setText(row.children[0], when(Date.parse(deed.at) * 1e6));
    setText(row.children[1], wordsOf(deed));
  });
}

/** @param {any} deed  a line of the access log */
function wordsOf(deed) {
  const who = deed.label || { token: "the server's token", here: "this machine" }[String(deed.id)] || deed.id;
  return `${who} (${deed.role}): ${deed.deed}`;
}

function deviceCard() {
  const button = el("button", "", "Revoke");
  button.type = "button";
  button.addEventListener("click", async () => {
    if (!confirm(`${button.ariaLabel}? Its pages close at once.`)) return;
    await post("/api/access/revoke", { id: button.dataset.id }).catch(complain);
    await showAccess().catch(complain);
  });
  return el("li", "", el("strong"), el("p", "numbers"), button);
}

function buildInvite() {
  const shown = el("div");
  const buttons = ROLES.map((role) => {
    const button = el("button", "", `Pair a tablet as ${role}`);
    button.type = "button";
    button.addEventListener("click", async () => {
      const said = await post("/api/access/invite", { role }).catch(complain);
      if (!said) return;
      const code = Object.assign(el("img"), { src: said.qr, alt: `QR code that pairs a tablet as ${role}` });
      const words = el("p", "", `Scan it with the tablet, or open ${said.url.split("#")[0]} and type ${said.code}. It works once, until ${when(said.ends_wall_ns)}.`);
      shown.replaceChildren(code, words);
    });
    return button;
  });
  byId("invite").append(...buttons, shown);
}

/** @param {unknown} error */
function complain(error) {
  byId("invite").lastElementChild?.replaceChildren(el("p", "", sentence(error)));
}

async function look() {
  try {
    show_all(await ask("/api/admin"));
    heardAt = performance.now();
    document.body.classList.remove("is-stale");
    if (chosenLog) await showLog();
  } catch (error) {
    const silent = performance.now() - heardAt;
    if (silent < STALE_AFTER_MS) return;
    document.body.classList.add("is-stale");
    say("stale", "lost", "The server does not answer", `${sentence(error)}. What follows is ${length(silent / 1000)} old.`);
  }
}

buildInvite();
await look();
void showVersions().catch(complain);
void showAccess().catch(complain);
setInterval(() => document.hidden || void look(), ASK_EVERY_MS);
setInterval(() => document.hidden || void showAccess().catch(() => undefined), 5 * ASK_EVERY_MS);
document.addEventListener("visibilitychange", () => document.hidden || void look());
