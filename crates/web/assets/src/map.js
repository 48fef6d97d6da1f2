// Draws [data-map] with Leaflet: points and boundaries only. There are no tiles, so it works with no line to the internet.
// Spec: {points: [{name, lat, lon, value?, tone?, href?}], geojson?: "/geo/24.geojson", key?: property that joins an area to "areas", areas?: {code: value}}
import L from "leaflet";
import { el, icon, num, w } from "./words.js";

function areas(map, spec, data) {
  const values = Object.values(spec.areas ?? {}).map(Number);
  const top = Math.max(1, ...values);
  const layer = L.geoJSON(data, {
    style: (feature) => {
      const value = spec.areas?.[feature.properties?.[spec.key ?? "code"]];
      return { className: value == null ? "map-area" : "map-area has-value", weight: 1, ...(value == null ? {} : { fillOpacity: 0.12 + 0.68 * (Number(value) / top) }) };
    },
    onEachFeature: (feature, shape) => {
      const p = feature.properties ?? {};
      const value = spec.areas?.[p[spec.key ?? "code"]];
      const name = p[spec.name ?? "name"] ?? "";
      if (name) shape.bindTooltip(value == null ? name : `${name}: ${num(value)}${spec.unit ? ` ${spec.unit}` : ""}`, { sticky: true });
    },
  }).addTo(map);
  layer.bringToBack();
  return layer;
}

function point(p, unit) {
  const size = Math.round(Math.min(30, 12 + Math.sqrt(Math.max(0, Number(p.value ?? 0))) * 2));
  const tone = ["ok", "soon", "bad", "idle"].includes(p.tone) ? ` tone-${p.tone}` : "";
  const text = p.value == null ? p.name : `${p.name}: ${num(p.value)}${unit ? ` ${unit}` : ""}`;
  const marker = L.marker([p.lat, p.lon], { icon: L.divIcon({ className: `map-dot${tone}`, iconSize: [size, size] }), title: "", alt: text, keyboard: true, riseOnHover: true });
  const label = el("span", { textContent: p.note ? `${text} · ${p.note}` : text });
  marker.bindTooltip(label, { direction: "top", offset: [0, -size / 2] });
  marker.on("add", () => {
    const node = marker.getElement();
    node.setAttribute("aria-label", text);
    node.setAttribute("role", p.href ? "link" : "img");
    if (!p.href) node.removeAttribute("tabindex");
  });
  if (p.href) marker.on("click keypress", (e) => (e.type === "click" || e.originalEvent?.key === "Enter") && location.assign(p.href));
  return marker;
}

export async function map(node) {
  if (node.dataset.drawn) return;
  node.dataset.drawn = "1";
  const spec = JSON.parse(node.dataset.map);
  let box = node.querySelector(".map-box");
  if (!box) node.prepend((box = el("div", { className: "map-box h-m" })));
  const map = L.map(box, { attributionControl: false, zoomControl: false, scrollWheelZoom: false, minZoom: 4, maxZoom: 14, zoomSnap: 0.25 });
  L.control.zoom({ zoomInTitle: w("zoom-in"), zoomOutTitle: w("zoom-out") }).addTo(map);
  box.addEventListener("focusin", () => map.scrollWheelZoom.enable());
  box.addEventListener("focusout", () => map.scrollWheelZoom.disable());
  const shown = L.featureGroup((spec.points ?? []).filter((p) => Number.isFinite(p.lat) && Number.isFinite(p.lon)).map((p) => point(p, spec.unit)));
  let bounds = shown.getBounds();
  map.setView(bounds.isValid() ? bounds.getCenter() : [16.2, 106], bounds.isValid() ? 8 : 5.5);
  shown.addTo(map);
  const fit = () => bounds.isValid() && map.fitBounds(bounds, { padding: [20, 20], maxZoom: 11, animate: false });
  fit();
  if (spec.geojson) {
    try {
      const answer = await fetch(spec.geojson);
      if (!answer.ok) throw new Error(String(answer.status));
      const layer = areas(map, spec, await answer.json());
      bounds = layer.getBounds().extend(bounds);
      fit();
    } catch {
      box.after(el("p", { className: "soft" }, icon("alert-circle"), ` ${w("map-failed")}`));
    }
  }
  new ResizeObserver(() => node.isConnected && map.invalidateSize()).observe(box);
  // Paper is narrower than the screen: the map is drawn again for its width.
  const paper = (on) => () => (box.classList.toggle("for-paper", on), map.invalidateSize({ animate: false }), fit());
  if ("paper" in document.documentElement.dataset) paper(true)();
  addEventListener("beforeprint", paper(true));
  addEventListener("afterprint", paper(false));
}

window.khien = { ...window.khien, map };
