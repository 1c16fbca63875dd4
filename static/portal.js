// What pages gain where scripts run: copying, confirming, times in the viewer's zone, live values,
// and hints beside the pointer. Without it every page and form works.
"use strict";

const localise = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      time.textContent = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
    }
  }
};

const offerCopying = () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
};

const confirmForms = () => {
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });
};

// Takes the region from the page itself, as the server shows it now. A reader's place is not touched.
const refresh = async (region) => {
  if (document.hidden || region.contains(document.activeElement)) return;
  const response = await fetch(location.href, { credentials: "same-origin" });
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(region.id);
  if (fresh && !region.contains(document.activeElement)) {
    region.replaceChildren(...fresh.childNodes);
    localise(region);
  }
};

const keepLive = () => {
  for (const region of document.querySelectorAll("[data-refresh]")) {
    const again = () => setTimeout(async () => {
      try { await refresh(region); } catch { /* the next try may succeed */ }
      again();
    }, Number(region.dataset.refresh) * 1000);
    again();
  }
};

const showHints = () => {
  const hint = document.createElement("div");
  hint.className = "hint";
  hint.hidden = true;
  hint.setAttribute("aria-hidden", "true");
  document.body.append(hint);
  document.addEventListener("pointermove", (event) => {
    const mark = event.target instanceof Element ? event.target.closest("[data-hint]") : null;
    hint.hidden = !mark;
    if (!mark) return;
    mark.querySelector("title")?.remove();
    hint.textContent = mark.dataset.hint;
    const left = Math.min(event.clientX + 12, window.innerWidth - hint.offsetWidth - 8);
    hint.style.left = `${Math.max(8, left)}px`;
    hint.style.top = `${Math.max(8, event.clientY - hint.offsetHeight - 12)}px`;
  });
};

// Long lists of boxes are narrowed by what is typed; a list that is left closes.
const narrowPicks = () => {
  for (const field of document.querySelectorAll("[data-narrow]")) {
    field.hidden = false;
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase();
      for (const label of field.parentElement.querySelectorAll("label")) {
        label.hidden = !label.textContent.toLowerCase().includes(wanted);
      }
    });
  }
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(".pick[open], .menu-of[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
};

// Fields that matter with one choice only are shown with it only.
const showFitting = () => {
  for (const part of document.querySelectorAll("[data-when]")) {
    const [name, value] = part.dataset.when.split("=");
    const field = part.form.elements[name];
    const show = () => { part.hidden = field.value !== value; };
    field.addEventListener("change", show);
    show();
  }
};

localise(document);
narrowPicks();
showFitting();
offerCopying();
confirmForms();
keepLive();
showHints();
