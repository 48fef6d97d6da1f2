// A form that saves itself: <form data-autosave="/api/v1/plans/7/tasks"> sends what was changed a second after the last key, or as
// a field is left, and says beside its button when it was kept, or what is wrong, without taking the focus. The answer names what
// goes with the next change ("version": 3 goes into the hidden field of that name). A field with data-autosave-whole is sent only
// when it is left: half a name is another name. data-autosave-shows="#i-7 > .shown" names what tells of the item outside of the
// form: it is fetched anew when the item is shut. Its button goes on to work, with or without scripts.
import { clear, place, signedOut, told } from "./forms.js";
import { el, locale, meta, w } from "./words.js";

const idle = 1000;
const open = new Set();

export const hour = (at) => new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });

export function say(form, text, tone = "") {
  let note = form.querySelector("[data-saved]");
  if (!note) {
    note = el("span");
    note.dataset.saved = "";
    note.setAttribute("role", "status");
    (form.querySelector(".form-actions, .btn-list") ?? form).append(note);
  }
  note.className = `saved-note ${tone}`;
  note.textContent = text;
}

// What was changed: everything but the secret and what the server counts itself.
const content = (form) => JSON.stringify([...form.elements].filter((f) => f.name && f.type !== "hidden" && f.type !== "submit").map((f) => (f.type === "checkbox" || f.type === "radio" ? f.checked : f.value)));

async function refresh(selector) {
  const shown = document.querySelector(selector);
  const answer = shown && (await fetch(location.pathname + location.search, { headers: { "HX-Request": "true" } }));
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(selector);
  if (fresh) shown.replaceWith(document.adoptNode(fresh));
}

export function saves(form) {
  let kept = content(form);
  let timer, busy, stale;
  const send = async (leaving) => {
    const now = content(form);
    const answer = await fetch(form.dataset.autosave, {
      method: "POST",
      body: new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "_csrf")),
      headers: { "X-CSRF-Token": meta("csrf") },
      keepalive: leaving,
    });
    const said = await answer.json();
    if (!answer.ok) throw { ...said.fault, out: answer.status === 401 };
    for (const [name, value] of Object.entries(said)) {
      const counted = [...form.elements].find((f) => f.type === "hidden" && f.name === name);
      if (counted) counted.value = counted.defaultValue = value;
    }
    kept = now;
    stale = true;
    clear(form);
    say(form, w("saved", { at: hour(Date.now()) }));
  };
  const save = async (leaving = false) => {
    clearTimeout(timer);
    if (busy) return busy;
    if (content(form) === kept) return open.delete(form);
    say(form, w("saving"));
    busy = send(leaving).catch((said) => {
      say(form, w("unsaved"), "text-danger");
      if (said?.out) signedOut(form, false);
      else if (said?.message) place(form, told(said), false);
    });
    const before = content(form);
    await busy;
    busy = null;
    if (content(form) === kept) open.delete(form);
    // Typed on meanwhile: that is another change.
    else if (content(form) !== before) timer = setTimeout(save, idle);
  };
  form.addEventListener("input", (e) => {
    open.add(form);
    clearTimeout(timer);
    if (e.target.dataset.autosaveWhole === undefined) timer = setTimeout(save, idle);
  });
  form.addEventListener("change", () => save());
  // The button is pressed while a change is on its way: one after the other, or the second would be a conflict with the first.
  form.addEventListener("submit", async (e) => {
    clearTimeout(timer);
    if (!busy) return open.delete(form);
    e.preventDefault();
    e.stopImmediatePropagation();
    await busy;
    form.requestSubmit(e.submitter ?? undefined);
  }, true);
  form.addEventListener("htmx:afterRequest", (e) => e.detail.elt === form && !e.detail.successful && open.add(form));
  form.closest("details")?.addEventListener("toggle", async (e) => {
    if (e.target.open || !form.dataset.autosaveShows) return;
    await save();
    if (stale) refresh(form.dataset.autosaveShows).finally(() => (stale = false));
  });
  addEventListener("pagehide", () => open.has(form) && !busy && save(true));
}

addEventListener("beforeunload", (e) => {
  if (open.size) e.preventDefault();
});
