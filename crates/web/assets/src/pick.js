// Rows of a list are picked with input[data-pick]; input[data-pick-all] picks the page; [data-bulk] shows while any is picked.
import { all$, w } from "./words.js";

export function picks(root) {
  all$(root, "[data-picks]").forEach((form) => {
    const rows = () => [...form.querySelectorAll("input[data-pick]")];
    const bar = form.querySelector("[data-bulk]");
    let last = null;
    const draw = () => {
      const on = rows().filter((r) => r.checked);
      rows().forEach((r) => r.closest("tr")?.classList.toggle("is-picked", r.checked));
      form.querySelectorAll("input[data-pick-all]").forEach((a) => {
        a.checked = on.length > 0 && on.length === rows().length;
        a.indeterminate = on.length > 0 && on.length < rows().length;
      });
      if (bar) {
        bar.hidden = on.length === 0;
        const count = bar.querySelector("[data-bulk-count]");
        if (count) count.textContent = w("picked", { n: on.length });
      }
    };
    form.addEventListener("click", (e) => {
      const box = e.target.closest("input[data-pick]");
      if (!box) return;
      if (e.shiftKey && last) {
        const list = rows();
        const [a, b] = [list.indexOf(last), list.indexOf(box)].sort((x, y) => x - y);
        list.slice(a, b + 1).forEach((r) => (r.checked = box.checked));
      }
      last = box;
    });
    form.addEventListener("change", (e) => {
      if (e.target.matches("input[data-pick-all]")) rows().forEach((r) => (r.checked = e.target.checked));
      draw();
    });
    form.querySelector("[data-bulk-clear]")?.addEventListener("click", () => {
      rows().forEach((r) => (r.checked = false));
      draw();
    });
    // Rows that come again live keep what was picked.
    let kept = [];
    form.addEventListener("htmx:beforeSwap", () => (kept = rows().filter((r) => r.checked).map((r) => r.value)));
    form.addEventListener("htmx:afterSwap", () => {
      rows().forEach((r) => (r.checked = kept.includes(r.value)));
      draw();
    });
    draw();
  });
}
