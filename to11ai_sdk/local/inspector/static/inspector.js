"use strict";
// Copies code, and shows what is new in lists; pages work without both.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const code = document.getElementById("copy-" + button.dataset.copy);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
});

async function refresh() {
  const live = document.getElementById("live");
  if (!live || !live.dataset.refresh) return;
  try {
    const busy = live.contains(document.activeElement) && document.activeElement.matches("a");
    if (!document.hidden && !busy) {
      const reply = await fetch(location.href, { headers: { accept: "text/html" } });
      const found = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("live");
      if (found && found.innerHTML !== live.innerHTML) live.replaceChildren(...found.childNodes);
    }
  } catch {
    // The server has stopped; when it is back, so are the lists.
  }
  setTimeout(refresh, Number(live.dataset.refresh));
}
setTimeout(refresh, 2000);
