// What goes wrong is said in the page: 4xx and 5xx answers to htmx are shown in the form that was sent (forms.js), or in #flash
// (a form sent back with faults beside its fields, status 422, stays where it is); "toast" in HX-Trigger or no answer at all
// becomes a short note.
import { clear, follow, show, signedOut } from "./forms.js";
import { all$, el, icon, meta, w } from "./words.js";

export function toast(text, tone = "info") {
  let tray = document.querySelector(".toasts");
  if (!tray) {
    tray = el("div", { className: "toasts" });
    tray.setAttribute("aria-live", "polite");
    tray.setAttribute("role", "status");
    document.body.append(tray);
  }
  const names = { ok: "circle-check", bad: "alert-triangle", soon: "alert-circle", info: "info-circle" };
  const shut = el("button", { type: "button", className: "btn btn-sm btn-icon btn-quiet shut" }, icon("x"));
  shut.dataset.shut = "";
  shut.setAttribute("aria-label", w("close"));
  const note = el("div", { className: `notice tone-${tone}` }, icon(names[tone] ?? "info-circle"), el("p", { textContent: text }), shut);
  tray.append(note);
  setTimeout(() => note.remove(), tone === "bad" ? 12000 : 5000);
}

// An answer that says nothing of itself, or none (status 0).
export const lost = (status) => toast(status ? w("fault", { status }) : w("offline"), "bad");

export function faults() {
  document.addEventListener("htmx:configRequest", (e) => {
    e.detail.headers["X-CSRF-Token"] = meta("csrf");
  });
  document.addEventListener("htmx:beforeSwap", (e) => {
    // The event is told where the answer would go; the form that asked is another element.
    const { xhr, requestConfig } = e.detail;
    if (xhr.status < 400 || xhr.getResponseHeader("HX-Retarget")) return;
    const form = requestConfig.elt.closest("form");
    if (xhr.status === 422 && form && /<form[\s>]/.test(xhr.responseText)) return;
    e.detail.shouldSwap = false;
    if (!show(form, xhr.responseText)) lost(xhr.status);
  });
  document.addEventListener("htmx:beforeOnLoad", (e) => {
    const to = e.detail.xhr.getResponseHeader("HX-Redirect");
    if (!to) return;
    e.preventDefault();
    const form = e.detail.elt.matches("form[hx-post]") && e.detail.elt;
    if (form && to.startsWith("/sign-in?next=") && signedOut(form)) return;
    e.detail.successful = true;
    // Until the other page is there, the button does nothing more.
    if (form) form.dataset.sent = "1";
    setTimeout(() => form && delete form.dataset.sent, 8000);
    follow(to);
  });
  document.addEventListener("htmx:beforeRequest", (e) => e.detail.elt.matches("form[hx-post][data-sent]") && e.preventDefault());
  document.addEventListener("htmx:sendError", () => toast(w("offline"), "bad"));
  document.addEventListener("htmx:timeout", () => toast(w("slow"), "soon"));
  document.addEventListener("toast", (e) => {
    const said = e.detail ?? {};
    toast(said.text ?? said.value ?? "", said.tone ?? "ok");
  });
  let busy = 0;
  const mark = (by) => document.documentElement.classList.toggle("is-busy", (busy = Math.max(0, busy + by)) > 0);
  document.addEventListener("htmx:beforeRequest", (e) => !e.defaultPrevented && !e.detail.elt.closest("[data-live]") && mark(1));
  document.addEventListener("htmx:afterRequest", (e) => !e.detail.elt.closest("[data-live]") && mark(-1));
  // The button of the language leads back to the list as it is filtered now.
  document.addEventListener("htmx:pushedIntoHistory", (e) => all$(document, "form[action='/language'] input[name=next]").forEach((f) => (f.value = e.detail.path)));
  // What was said of an earlier fault is stale.
  document.addEventListener("htmx:afterOnLoad", (e) => {
    const { xhr, elt } = e.detail;
    if (xhr.status >= 400 || xhr.getResponseHeader("HX-Redirect") || elt.closest("[data-live]")) return;
    const flash = document.getElementById("flash");
    if (flash) flash.textContent = "";
    if (elt.matches("form")) clear(elt);
  });
}
