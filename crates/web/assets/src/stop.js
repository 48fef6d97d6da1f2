// <form data-stop="/events/sql/7/stop">: while its answer is awaited, a button beside it stops the work on the server.
import { meta, num } from "./words.js";

export function stops() {
  document.addEventListener("submit", (e) => {
    const form = e.target;
    const button = form.querySelector?.("[data-stop-button]");
    if (!form.dataset?.stop || !button || e.defaultPrevented) return;
    const began = Date.now();
    const clock = button.querySelector("[data-stop-clock]");
    button.hidden = false;
    const tick = setInterval(() => clock && (clock.textContent = `${num((Date.now() - began) / 1000, 0)} s`), 500);
    button.onclick = () => fetch(form.dataset.stop, { method: "POST", headers: { "x-csrf-token": meta("csrf") }, redirect: "manual" });
    addEventListener("pagehide", () => clearInterval(tick), { once: true });
  });
}
