// Small conveniences: copy buttons, keys, one press of a button sends once, show a password, send a filter as it changes.
import { toast } from "./faults.js";
import { showAll } from "./lazy.js";
import { w } from "./words.js";

async function copy(button) {
  const from = button.dataset.copy ? null : document.querySelector(button.dataset.copyFrom);
  const text = button.dataset.copy || (from?.value ?? from?.textContent ?? "");
  try {
    if (!navigator.clipboard) throw new Error("no clipboard");
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http on the province's network has no clipboard interface.
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  toast(w("copied"), "ok");
}

const typing = (node) => node.matches?.("input, textarea, select, [contenteditable]");

export function small() {
  document.addEventListener("click", (e) => {
    const copier = e.target.closest("[data-copy], [data-copy-from]");
    if (copier) copy(copier);
    const shut = e.target.closest("[data-shut]");
    if (shut) shut.closest(".notice, .alert")?.remove();
    const show = e.target.closest("[data-show-password]");
    if (show) {
      const field = document.getElementById(show.dataset.showPassword);
      field.type = field.type === "password" ? "text" : "password";
      show.setAttribute("aria-pressed", String(field.type === "text"));
    }
    if (e.target.closest("[data-print]")) showAll().finally(() => window.print());
  });
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
    const goal = e.key === "/" ? "[data-key='/']" : e.key === "n" ? "[data-key='n']" : null;
    const node = goal && document.querySelector(goal);
    if (!node) return;
    e.preventDefault();
    typing(node) ? (node.focus(), node.select?.()) : node.click();
  });
  document.addEventListener("submit", (e) => {
    if (e.defaultPrevented || e.target.hasAttribute("hx-post") || e.target.method !== "post") return;
    // The same button twice is a slip; another button of the form (Word, then PDF) is another wish.
    const wish = e.submitter?.value || "1";
    if (e.target.dataset.sent === wish) return e.preventDefault();
    e.target.dataset.sent = wish;
    setTimeout(() => delete e.target.dataset.sent, 8000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((f) => delete f.dataset.sent));
  document.addEventListener("change", (e) => {
    const form = e.target.closest("form[data-send-on-change]");
    if (form && e.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) form.requestSubmit();
  });
}
