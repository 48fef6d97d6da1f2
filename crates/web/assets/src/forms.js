// One way for every form that changes something. It is sent in the background, so that a fault leaves what was typed, and the
// chosen file, where they are: beside its field, or at the head of the form, and the focus goes there. An answer that is a page
// takes the place of this one; one that leads on is followed. Without scripts the same forms work as browsers send them.
// <form data-download> answers with a file to keep.
import { all$, el, icon, meta, w } from "./words.js";

const typed = "input:not([type=hidden]), select, textarea";
const reset = new WeakMap();

// Takes the signs of an earlier fault away.
export function clear(form) {
  reset.get(form)?.forEach((undo) => undo());
  reset.delete(form);
}

function mark(form, field, text) {
  for (let n = field.closest("details"); n; n = n.parentElement.closest("details")) n.open = true;
  const box = field.closest(".field");
  all$(box ?? field, ".invalid-feedback").forEach((n) => n.remove());
  const note = el("div", { className: "invalid-feedback", id: `fault-${field.id || field.name}` }, icon("alert-circle"), el("span", { textContent: text }));
  box ? box.append(note) : field.after(note);
  note.setAttribute("role", "alert");
  const said = field.getAttribute("aria-describedby");
  field.classList.add("is-invalid");
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", [note.id, ...(said ?? "").split(" ")].filter((id, i) => id && (i === 0 || document.getElementById(id))).join(" "));
  const undo = () => {
    note.remove();
    field.classList.remove("is-invalid");
    field.removeAttribute("aria-invalid");
    said ? field.setAttribute("aria-describedby", said) : field.removeAttribute("aria-describedby");
  };
  field.addEventListener("input", undo, { once: true });
  reset.set(form, [undo]);
  return field;
}

// Shows a fault (an element .fault, with data-field where it belongs to one) in a form; says whether the form has room for it.
export function place(form, fault, focus = true) {
  clear(form);
  const name = fault.dataset.field;
  const field = name && [...form.elements].find((f) => f.name === name && f.matches(typed) && !f.disabled);
  let at = fault;
  if (field) at = mark(form, field, fault.querySelector("b")?.textContent ?? "");
  else if (form.dataset.picks !== undefined || ![...form.elements].some((f) => f.matches(typed))) return false;
  else {
    fault.tabIndex = -1;
    form.prepend(fault);
    reset.set(form, [() => fault.remove()]);
  }
  if (focus) {
    at.focus({ preventScroll: true });
    at.scrollIntoView({ block: "center" });
  }
  return true;
}

// Shows the fault of an answer: in the form that was sent, else above the page. False: the answer names none.
export function show(form, html) {
  const fault = new DOMParser().parseFromString(html, "text/html").querySelector(".fault");
  const flash = document.getElementById("flash");
  if (!fault || !flash) return false;
  flash.textContent = "";
  if (form && place(form, document.adoptNode(fault))) return true;
  flash.append(fault);
  flash.focus({ preventScroll: true });
  flash.scrollIntoView({ block: "nearest" });
  return true;
}

// A fault as pages show it, of what a script was told.
export function told({ message, code, field }, ...more) {
  const part = el("div", { className: "notice fault tone-bad" }, icon("alert-triangle"), el("div", {}, el("b", { textContent: message }), ...more, code && el("span", { className: "ref", textContent: code })));
  part.setAttribute("role", "alert");
  if (field) part.dataset.field = field;
  return part;
}

// The session ended while somebody was typing: the page stays. Back from signing in, it takes the new session's secret.
export function signedOut(form, focus = true) {
  const link = el("a", { href: "/sign-in", target: "_blank", textContent: w("sign-in") });
  if (!place(form, told({ message: w("signed-out") }, link), focus)) return false;
  const renew = async () => {
    const answer = await fetch("/account");
    const page = answer.redirected || !answer.ok ? null : new DOMParser().parseFromString(await answer.text(), "text/html");
    const secret = page?.querySelector("meta[name=csrf]")?.content;
    if (!secret) return;
    removeEventListener("focus", renew);
    document.querySelector("meta[name=csrf]").content = secret;
    all$(document, "input[name=_csrf]").forEach((f) => (f.value = secret));
  };
  addEventListener("focus", renew);
  return true;
}

// Where an answer leads. The same page with another #place would only scroll: it has changed, so it is fetched again.
export function follow(to) {
  const goal = new URL(to, location.href);
  const here = goal.pathname + goal.search === location.pathname + location.search;
  if (!here || !goal.hash) return location.assign(to);
  history.replaceState(null, "", to);
  location.reload();
}

async function download(form, button, lost) {
  const answer = await fetch(button?.getAttribute("formaction") || form.getAttribute("action"), {
    method: "POST",
    body: new URLSearchParams([...new FormData(form), ...(button?.name ? [[button.name, button.value]] : [])]),
    headers: { "X-CSRF-Token": meta("csrf"), "HX-Request": "true" },
  });
  const to = answer.headers.get("HX-Redirect");
  if (to) return (to.startsWith("/sign-in?next=") && signedOut(form)) || follow(to);
  const name = /filename\*=UTF-8''([^;]+)/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
  if (!answer.ok || !name) return show(form, await answer.text()) || lost(answer.status);
  clear(form);
  const href = URL.createObjectURL(await answer.blob());
  el("a", { href, download: decodeURIComponent(name) }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}

export function downloads(lost) {
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (form.dataset?.download === undefined || e.defaultPrevented) return;
    e.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    document.documentElement.classList.add("is-busy");
    download(form, e.submitter, lost)
      .catch(() => lost(0))
      .finally(() => {
        delete form.dataset.busy;
        document.documentElement.classList.remove("is-busy");
      });
  });
}

// Gives every form that changes something, and every filter of a list, its attributes for htmx. hx-boost="false" keeps a form as
// the browser sends it. What stands in a form (rows that fetch themselves) has its own: nothing is handed down.
export function forms(root, htmx) {
  all$(root, "form.filters[method=get]").forEach((form) => {
    if (form.hasAttribute("hx-get")) return;
    const given = { get: form.getAttribute("action"), target: "#content", select: "#content", swap: "outerHTML", "push-url": "true", sync: "this:replace", disinherit: "*" };
    Object.entries(given).forEach(([name, value]) => form.setAttribute(`hx-${name}`, value));
    if (htmx) htmx.process(form);
  });
  all$(root, "form[method=post]").forEach((form) => {
    if (form.dataset.download !== undefined || form.getAttribute("hx-boost") === "false") return;
    const set = (name, value) => form.hasAttribute(name) || form.setAttribute(name, value);
    const fresh = !form.hasAttribute("hx-sync");
    if (!form.hasAttribute("hx-post")) {
      form.setAttribute("hx-post", form.getAttribute("action"));
      set("hx-target", "#content");
      set("hx-select", "#content");
      set("hx-swap", "outerHTML show:window:top");
    }
    set("hx-sync", "this:drop");
    set("hx-disinherit", "*");
    if (form.enctype === "multipart/form-data") {
      set("hx-encoding", "multipart/form-data");
      // A large file over a weak line takes its time.
      set("hx-request", '{"timeout": 3600000}');
    }
    if (fresh && htmx) htmx.process(form);
  });
}
