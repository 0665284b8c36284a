// The numbers of the status line and of the details, from what the page knows.

import { factsOf } from "./details.js";
import { signalOf } from "./stale.js";
import { engineOf } from "./status.js";

/** @typedef {import("./judge.js").Known} Known */
/** @typedef {import("./judge.js").Judgement} Judgement */

/**
 * @param {Known} known
 * @param {boolean} isOpen  the connection
 * @param {Judgement} judgement
 * @returns {import("./status.js").Line}
 */
export function lineOf({ state, hello, connects }, isOpen, { trouble, pictureAge, answerAge }) {
  const here = isOpen && trouble?.icon !== "lost" ? state : null;
  const engine = here?.engines[0] ?? null;
  const ill = engine !== null && !engineOf(engine.state).well;
  return {
    ...signWords(here?.signal.state, trouble, connects > 0),
    fps: here && !signalOf(here.signal.state).title ? here.signal.fps : null,
    pictureAge,
    answers: (hello?.engines.length ?? 0) > 0,
    engine: engine && (ill || !trouble) ? engineOf(engine.state) : null,
    rate: trouble ? null : (engine?.fps ?? null), // an engine that nobody asks has no rate
    answerAge: ill ? null : answerAge,
    drops: state?.signal.drops ?? 0,
  };
}

/**
 * @param {string|undefined} state  of the signal; undefined: the server does not say
 * @param {import("./stale.js").Notice|null} trouble
 * @param {boolean} wasConnected
 */
function signWords(state, trouble, wasConnected) {
  if (state === undefined) return { icon: "lost", word: wasConnected ? "Server gone" : "Connecting" };
  const { icon, word, title } = signalOf(state);
  if (!trouble || title) return { icon, word };
  return { icon: trouble.icon, word: trouble.icon === "late" ? "Late" : "Waiting" };
}

/**
 * @param {Known} known
 * @param {import("./judge.js").Parts} parts
 * @param {Judgement} judgement
 */
export function factsNow(known, { answers, ages, awake, stage }, { pictureAge, answerAge }) {
  const { hello, state, painted, superseded, connects } = known;
  const [rttMs, intervalMs] = [ages.rttMs, answers.intervalMs(known.firstEngine)];
  const reconnects = Math.max(0, connects - 1);
  const { live, answer } = stage.wants;
  const want = [live && `live ${live} px wide`, answer && `answered ${answer} px wide`].filter(Boolean).join(", ");
  const stages = (/** @type {string} */ engine) => answers.newest.get(engine)?.result.timing?.stages_ms;
  const page = { pictureAge, answerAge, painted, superseded, reconnects, intervalMs, awake: awake.words, want, stages };
  return factsOf({ hello, state, rttMs, ...page });
}
