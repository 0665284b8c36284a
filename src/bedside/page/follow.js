// A page whose address says follow=arm shows the view of the running session's arm, and goes along when that changes.

/** The arm that was last looked for, so that one without a view is not asked for ten times a second. */
let asked = "";

/**
 * @param {string} view  of this page
 * @param {string} arm  of the running session; empty: none
 * @param {(sentence: string) => void} note
 */
export async function followArm(view, arm, note) {
  const query = new URLSearchParams(location.search);
  if (arm === view || arm === "") asked = "";
  if (query.get("follow") !== "arm" || arm === "" || arm === view || arm === asked) return;
  asked = arm;
  const address = `/view/${encodeURIComponent(arm)}?${query}`;
  try {
    const response = await fetch(address, { method: "HEAD" });
    if (response.ok) location.replace(address);
    else note(`the session's arm is ${arm}, and there is no such view`);
  } catch {
    asked = ""; // the server is away: again once it is back
  }
}
