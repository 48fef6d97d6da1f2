// Charts and maps are large: their script is fetched only by a page that has one, and only when it comes near the screen.
import { all$, meta } from "./words.js";

const loading = {};
function load(name) {
  loading[name] ??= new Promise((done, fail) => {
    if (name === "map") document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: meta("map-css") }));
    const script = Object.assign(document.createElement("script"), { src: meta(name), onload: done, onerror: fail });
    document.head.append(script);
  });
  return loading[name];
}

function show(node) {
  const name = node.hasAttribute("data-chart") ? "charts" : "map";
  return load(name).then(
    () => window.khien[name](node),
    () => node.querySelector("details")?.setAttribute("open", ""),
  );
}

const everything = () => all$(document, "[data-chart], [data-map]").filter((n) => !n.dataset.drawn);
addEventListener("beforeprint", () => ((document.documentElement.dataset.paper = ""), everything().forEach(show)));
addEventListener("afterprint", () => delete document.documentElement.dataset.paper);

// Everything of the page, before it is printed; done when the last one is drawn.
export const showAll = () => Promise.all(everything().map(show));

export function lazy(root) {
  const found = all$(root, "[data-chart], [data-map]");
  if (!found.length) return;
  if (!("IntersectionObserver" in window)) return found.forEach(show);
  const watch = new IntersectionObserver(
    (entries) => entries.filter((e) => e.isIntersecting).forEach((e) => (watch.unobserve(e.target), show(e.target))),
    { rootMargin: "300px" },
  );
  found.forEach((n) => watch.observe(n));
}
