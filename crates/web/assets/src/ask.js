// data-confirm="Xóa hệ thống này?" on a button, link or form asks first, in a dialog of the page. data-confirm-ok names the button.
import { el, w } from "./words.js";

function ask(text, ok, danger) {
  return new Promise((answer) => {
    const yes = el("button", { type: "submit", value: "yes", className: `btn ${danger ? "btn-danger" : "btn-primary"}`, textContent: ok || w("confirm-ok") });
    const no = el("button", { type: "submit", value: "no", className: "btn", textContent: w("confirm-no") });
    const box = el("dialog", { className: "ask" }, el("form", { method: "dialog" }, el("p", { textContent: text, id: "ask-text" }), el("div", { className: "btn-list" }, no, yes)));
    if (!box.showModal) return answer(window.confirm(text));
    box.setAttribute("aria-labelledby", "ask-text");
    box.addEventListener("close", () => {
      answer(box.returnValue === "yes");
      box.remove();
    });
    document.body.append(box);
    box.showModal();
    no.focus();
  });
}

const danger = (node) => node.matches(".btn-danger, .btn-outline-danger") || !!node.querySelector?.(".btn-danger, .btn-outline-danger") || node.dataset.confirmTone === "bad";

export function asks(htmx) {
  const agreed = new WeakSet();
  document.addEventListener("click", async (e) => {
    const node = e.target.closest("a[data-confirm], button[data-confirm]");
    if (!node || agreed.delete(node) || node.closest("[hx-get],[hx-post],[hx-put],[hx-delete]") === node) return;
    e.preventDefault();
    e.stopPropagation();
    if (await ask(node.dataset.confirm, node.dataset.confirmOk, danger(node))) {
      agreed.add(node);
      node.click();
    }
  }, true);
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (!form.dataset?.confirm || agreed.delete(form)) return;
    e.preventDefault();
    e.stopPropagation();
    if (await ask(form.dataset.confirm, form.dataset.confirmOk, danger(form))) {
      agreed.add(form);
      form.requestSubmit(e.submitter?.form === form ? e.submitter : undefined);
    }
  }, true);
  htmx.on("htmx:confirm", async (e) => {
    const node = e.detail.elt;
    if (!node.dataset?.confirm || node.tagName === "FORM") return;
    e.preventDefault();
    if (await ask(node.dataset.confirm, node.dataset.confirmOk, danger(node))) e.detail.issueRequest(true);
  });
}
