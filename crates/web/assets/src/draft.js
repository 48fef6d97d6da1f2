// <form data-autosave="systems.new"> keeps a draft in this browser; <form data-autosave="/api/v1/plans/7/tasks"> saves itself (save.js).
// Passwords and files are never kept; drafts leave this browser on sending and on signing out.
import { hour, saves, say } from "./save.js";
import { all$, el, meta, w } from "./words.js";

const skip = (f) => !f.name || f.name === "_csrf" || f.type === "password" || f.type === "file" || f.type === "hidden" || f.type === "submit";
const read = (form) => [...form.elements].filter((f) => !skip(f)).map((f) => [f.name, f.type === "checkbox" || f.type === "radio" ? (f.checked ? f.value : null) : f.value, f.value]);

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
  if (form.dataset.autosave.startsWith("/")) return saves(form);
  const key = `draft:${meta("user")}:${form.dataset.autosave}`;
  let timer;
  const keep = () => {
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), rows: read(form) }));
      say(form, w("draft-saved", { at: hour(Date.now()) }));
    } catch {
      say(form, w("draft-failed"));
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 800);
  });
  const forget = () => {
    clearTimeout(timer);
    localStorage.removeItem(key);
  };
  // A form that comes back with faults carries its values itself; the draft goes only when the server took it.
  form.addEventListener("htmx:afterRequest", (e) => e.detail.elt === form && e.detail.successful && forget());
  form.addEventListener("submit", () => form.hasAttribute("hx-post") || forget());
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    localStorage.removeItem(key);
  }
  if (!kept || form.querySelector(".is-invalid")) return;
  fill(form, kept.rows);
  for (let n = form.closest("details"); n; n = n.parentElement.closest("details")) n.open = true;
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
