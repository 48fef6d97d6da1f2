// What goes wrong is said in the page: 4xx and 5xx answers to htmx go to #flash (a form sent back with faults beside its
// fields, status 422, stays where it is); "toast" in HX-Trigger or no answer at all becomes a short note.
import { el, icon, meta, w } from "./words.js";

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

export function faults(htmx) {
  document.addEventListener("htmx:configRequest", (e) => {
    e.detail.headers["X-CSRF-Token"] = meta("csrf");
  });
  document.addEventListener("htmx:beforeSwap", (e) => {
    const { xhr, elt } = e.detail;
    const flash = document.getElementById("flash");
    if (xhr.status < 400 || !flash || xhr.getResponseHeader("HX-Retarget")) return;
    if (xhr.status === 422 && elt.closest("form") && /<form[\s>]/.test(xhr.responseText)) return;
    const answer = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const part = answer.querySelector(".fault");
    e.detail.shouldSwap = true;
    e.detail.target = flash;
    e.detail.swapOverride = "innerHTML";
    e.detail.serverResponse = part ? part.outerHTML : "";
    if (!part) toast(w("fault", { status: xhr.status }), "bad");
    else {
      flash.scrollIntoView({ block: "nearest" });
      flash.focus({ preventScroll: true });
    }
  });
  document.addEventListener("htmx:sendError", () => toast(w("offline"), "bad"));
  document.addEventListener("htmx:timeout", () => toast(w("slow"), "soon"));
  document.addEventListener("toast", (e) => {
    const said = e.detail ?? {};
    toast(said.text ?? said.value ?? "", said.tone ?? "ok");
  });
  let busy = 0;
  const mark = (by) => document.documentElement.classList.toggle("is-busy", (busy = Math.max(0, busy + by)) > 0);
  document.addEventListener("htmx:beforeRequest", (e) => !e.detail.elt.closest("[data-live]") && mark(1));
  document.addEventListener("htmx:afterRequest", (e) => !e.detail.elt.closest("[data-live]") && mark(-1));
  // After a swap the flash of an earlier fault is stale.
  document.addEventListener("htmx:afterOnLoad", (e) => {
    const flash = document.getElementById("flash");
    if (flash && e.detail.xhr.status < 400 && !e.detail.elt.closest("[data-live]")) flash.textContent = "";
  });
}
