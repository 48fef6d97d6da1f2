// <label data-drop> around a file field: drop files on it, see their names and sizes, watch them go when htmx sends the form.
import { all$, el, num, w } from "./words.js";

const size = (n) => (n > 1048576 ? `${num(n / 1048576)} MB` : `${num(n / 1024)} kB`);

export function drops(root) {
  all$(root, "[data-drop]").forEach((zone) => {
    const field = zone.querySelector("input[type=file]");
    if (!field) return;
    const limit = Number(field.dataset.maxBytes || 0);
    const list = el("ul", { className: "drop-files" });
    list.setAttribute("aria-live", "polite");
    zone.after(list);
    const draw = () => {
      list.textContent = "";
      let fault = "";
      for (const file of field.files) {
        const over = limit && file.size > limit;
        if (over) fault = w("file-too-big", { name: file.name, limit: size(limit) });
        list.append(el("li", { className: over ? "text-danger" : "" }, el("span", { textContent: file.name }), el("span", { className: "num", textContent: size(file.size) })));
      }
      field.setCustomValidity(fault);
      if (fault) field.reportValidity();
    };
    field.addEventListener("change", draw);
    ["dragenter", "dragover"].forEach((n) => zone.addEventListener(n, (e) => (e.preventDefault(), zone.classList.add("over"))));
    ["dragleave", "drop"].forEach((n) => zone.addEventListener(n, () => zone.classList.remove("over")));
    zone.addEventListener("drop", (e) => {
      e.preventDefault();
      field.files = e.dataTransfer.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
    zone.closest("form")?.addEventListener("htmx:xhr:progress", (e) => {
      const { loaded, total, lengthComputable } = e.detail;
      if (!lengthComputable) return;
      let bar = list.querySelector("progress");
      if (!bar) {
        bar = el("progress", { className: "bar" });
        bar.setAttribute("aria-label", w("sending"));
        list.append(el("li", {}, bar));
      }
      bar.max = total;
      bar.value = loaded;
    });
    zone.closest("form")?.addEventListener("htmx:afterRequest", () => list.querySelector("progress")?.parentElement.remove());
  });
}
