// A line the size of a word: <svg class="spark" data-spark="[1,2,3]">. Drawn here so that a page of figures needs no chart library.
import { all$ } from "./words.js";

export function sparks(root) {
  all$(root, "svg[data-spark]").forEach((svg) => {
    const values = JSON.parse(svg.dataset.spark || "[]").map(Number);
    if (values.length < 2 || values.some(Number.isNaN)) return;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const points = values.map((v, i) => `${((i / (values.length - 1)) * 100).toFixed(1)} ${(28 - ((v - low) / (high - low || 1)) * 24).toFixed(1)}`);
    svg.setAttribute("viewBox", "0 0 100 30");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const path = (d, cls) => {
      const p = document.createElementNS("http://www.w3.org/2000/svg", "path");
      p.setAttribute("d", d);
      if (cls) p.setAttribute("class", cls);
      svg.append(p);
    };
    path(`M${points.join("L")}L100 30L0 30Z`, "fill");
    path(`M${points.join("L")}`);
  });
}
