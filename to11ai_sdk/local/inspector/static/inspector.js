"use strict";
// Copies code, shows results in place, and shows what is new in lists; pages work without all of it.
document.documentElement.classList.add("scripted");

async function load(address, options) {
  const reply = await fetch(address, { headers: { accept: "text/html" }, ...options });
  return [reply.status, new DOMParser().parseFromString(await reply.text(), "text/html")];
}

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

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault(); // a double click
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 2000);
  const place = document.getElementById(form.dataset.into);
  if (!place) return;
  event.preventDefault();
  try {
    const [, page] = await load(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const found = page.getElementById(place.id);
    if (!found) return form.submit(); // shows what happened instead
    place.replaceChildren(...found.childNodes);
    place.classList.remove("stale");
  } catch {
    place.classList.add("stale");
  }
  delete form.dataset.sent;
});

async function refresh() {
  const live = document.getElementById("live");
  if (!live || !live.dataset.refresh) return;
  try {
    const selected = !getSelection().isCollapsed && live.contains(getSelection().anchorNode);
    if (!document.hidden && !selected && !live.contains(document.activeElement)) {
      const [status, page] = await load(location.href);
      if (status === 401) return location.reload();
      const found = page.getElementById("live");
      if (found && found.innerHTML !== live.innerHTML) live.replaceChildren(...found.childNodes);
      const [old, now] = [document, page].map((each) => each.querySelector("nav"));
      if (now && old.innerHTML !== now.innerHTML && !old.contains(document.activeElement)) old.replaceChildren(...now.childNodes);
    }
    live.classList.remove("stale");
  } catch {
    live.classList.add("stale"); // the server has stopped; when it is back, so are the lists
  }
  setTimeout(refresh, Number(live.dataset.refresh));
}
setTimeout(refresh, 2000);
