"use strict";
// Copies code, sends forms once, and shows what is new in lists; pages work without all of it.
document.documentElement.classList.add("scripted");

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

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault(); // a double click
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 2000);
});
// Going back to what a form led to, or reloading it, does not send the form again.
history.replaceState(history.state, "", location.href);

const live = document.getElementById("live");
let shown = live?.innerHTML; // as the server sent it: what people unfold stays so until something changes

async function update() {
  const reply = await fetch(location.href, { headers: { accept: "text/html" } });
  if (reply.status === 401) return location.reload();
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const found = page.getElementById("live");
  const selected = !getSelection().isCollapsed && live.contains(getSelection().anchorNode);
  if (found && found.innerHTML !== shown && !selected && !live.querySelector(":focus-visible")) {
    shown = found.innerHTML;
    live.dataset.refresh = found.dataset.refresh || 2000;
    live.replaceChildren(...found.childNodes);
  }
  const [old, now] = [document, page].map((each) => each.querySelector("nav"));
  if (now && old.innerHTML !== now.innerHTML && !old.querySelector(":focus-visible")) old.replaceChildren(...now.childNodes);
}

async function refresh() {
  try {
    if (!document.hidden) await update();
    live.classList.remove("stale");
  } catch {
    live.classList.add("stale"); // the server has stopped; when it is back, so are the lists
  }
  setTimeout(refresh, Number(live.dataset.refresh));
}
if (live?.dataset.refresh) setTimeout(refresh, 2000);
