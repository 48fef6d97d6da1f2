// <form data-autosave="systems.new"> keeps a draft in this browser; <form data-autosave="/plans/7/draft"> sends it to the server.
// Passwords and files are never kept; drafts leave this browser on sending and on signing out.
import { all$, el, locale, meta, w } from "./words.js";

const skip = (f) => !f.name || f.name === "csrf" || f.type === "password" || f.type === "file" || f.type === "hidden" || f.type === "submit";
const read = (form) => [...form.elements].filter((f) => !skip(f)).map((f) => [f.name, f.type === "checkbox" || f.type === "radio" ? (f.checked ? f.value : null) : f.value, f.value]);

function say(form, text) {
  let note = form.querySelector("[data-saved]");
  if (!note) {
    note = el("span", { className: "saved-note" });
    note.dataset.saved = "";
    note.setAttribute("role", "status");
    (form.querySelector(".form-actions") ?? form).append(note);
  }
  note.textContent = text;
}

const hour = (at) => new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });

function fill(form, rows) {
  for (const [name, value, own] of rows) {
    for (const f of [...form.elements].filter((x) => x.name === name && !skip(x))) {
      if (f.type === "checkbox" || f.type === "radio") {
        if (f.value === own) f.checked = value !== null;
      } else f.value = value ?? "";
    }
  }
}

function bind(form) {
  const goal = form.dataset.autosave;
  const remote = goal.startsWith("/");
  const key = `draft:${meta("user")}:${goal}`;
  let timer;
  const save = async () => {
    const at = Date.now();
    try {
      if (remote) {
        const answer = await fetch(goal, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-CSRF-Token": meta("csrf") } });
        if (!answer.ok) throw new Error(String(answer.status));
      } else localStorage.setItem(key, JSON.stringify({ at, rows: read(form) }));
      say(form, w("draft-saved", { at: hour(at) }));
    } catch {
      say(form, w("draft-failed"));
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, remote ? 2500 : 800);
  });
  const forget = () => {
    clearTimeout(timer);
    if (!remote) localStorage.removeItem(key);
  };
  // A form that comes back with faults carries its values itself; the draft goes only when the server took it.
  form.addEventListener("htmx:afterRequest", (e) => e.detail.elt === form && e.detail.successful && forget());
  form.addEventListener("submit", () => form.hasAttribute("hx-post") || form.hasAttribute("data-hx-post") || forget());
  if (remote) return;
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    localStorage.removeItem(key);
  }
  if (!kept || form.querySelector(".is-invalid")) return;
  fill(form, kept.rows);
  const drop = el("button", { type: "button", className: "btn btn-sm btn-quiet", textContent: w("draft-drop") });
  const note = el("div", { className: "notice" }, el("p", { textContent: w("draft-restored", { at: `${hour(kept.at)} ${new Date(kept.at).toLocaleDateString("vi-VN")}` }) }), drop);
  note.setAttribute("role", "status");
  drop.classList.add("shut");
  drop.addEventListener("click", () => {
    forget();
    form.reset();
    note.remove();
  });
  form.prepend(note);
}

export function drafts(root) {
  try {
    all$(root, "form[data-autosave]").forEach(bind);
    all$(root, "form[data-sign-out]").forEach((f) =>
      f.addEventListener("submit", () => Object.keys(localStorage).filter((k) => k.startsWith("draft:")).forEach((k) => localStorage.removeItem(k))),
    );
  } catch {
    // Storage is closed in this browser: forms work, drafts are not kept.
  }
}
