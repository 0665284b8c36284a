// Where /review and /review/SESSION begin.

import { byId, el } from "../dom.js";
import { icon } from "../icons.js";
import { showList } from "./list.js";
import { openSession } from "./session.js";

const [, , asked] = location.pathname.split("/");

/** @param {HTMLElement} main @param {unknown} error */
function sayProblem(main, error) {
  const sentence = error instanceof Error ? error.message : String(error);
  const again = el("button", "plain", "Try again");
  again.type = "button";
  again.addEventListener("click", () => location.reload());
  const words = el("p", "", el("strong", "", "This cannot be shown"), el("span", "", sentence));
  const list = Object.assign(el("a", "plain", "All sessions"), { href: "/review" });
  const band = el("div", "problem", icon("error"), words, again, ...(asked ? [list] : []));
  band.setAttribute("role", "alert");
  main.replaceChildren(band);
}

const main = byId("main");
main.append(el("p", "loading", "Loading"));
try {
  if (asked) await openSession(decodeURIComponent(asked), main);
  else await showList(main);
} catch (error) {
  sayProblem(main, error);
}
