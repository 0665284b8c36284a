// A page of which a script or a style sheet did not come through, such as when a tablet changes its network while it
// loads, is no page: it says so and is loaded anew. No module, and the first of all scripts, so that it hears of the others.

const AGAIN_MS = 1000;
let again = 0;

window.addEventListener("error", ({ target }) => {
  if (!(target instanceof HTMLScriptElement || target instanceof HTMLLinkElement) || again) return;
  again = setTimeout(() => location.reload(), AGAIN_MS);
  const words = document.createElement("p");
  words.className = "unwhole";
  words.setAttribute("role", "alert");
  words.textContent = "A part of this page did not come through. Trying again.";
  document.documentElement.append(words);
}, true);
