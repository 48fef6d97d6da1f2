// <time data-clock="2026-09-01T10:00:00Z"> counts down to a legal deadline and says by class and word how near it is.
// An old machine's clock is often wrong, so time is taken from the server: <meta name="now"> or one Date header.
import { all$, meta, w } from "./words.js";

let offset = 0;
let running = false;
const MINUTE = 60000;

async function settle() {
  const said = Date.parse(meta("now"));
  const began = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
  if (said) {
    offset = said - began;
    return;
  }
  try {
    const answer = await fetch(location.pathname.startsWith("/static/") ? location.pathname : meta("icons"), { method: "HEAD", cache: "no-store" });
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (date) offset = date - Date.now();
  } catch {
    offset = 0;
  }
}

export function span(ms) {
  const total = Math.floor(Math.abs(ms) / 1000);
  const [d, h, m, s] = [Math.floor(total / 86400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60];
  const two = (n) => String(n).padStart(2, "0");
  if (d > 0) return w("span-days", { d, h });
  if (h > 0) return w("span-hours", { h, m: two(m) });
  return w("span-minutes", { m, s: two(s) });
}

function tick(node) {
  const left = Date.parse(node.dataset.clock) - (Date.now() + offset);
  if (Number.isNaN(left)) return;
  const soon = Number(node.dataset.clockSoon || 1440) * MINUTE;
  const urgent = Number(node.dataset.clockUrgent || 240) * MINUTE;
  const state = left < 0 ? "late" : left <= urgent ? "urgent" : left <= soon ? "soon" : "calm";
  const text = w(left < 0 ? "clock-late" : "clock-left", { span: span(left) });
  const shown = node.querySelector("[data-clock-text]") ?? node;
  if (shown.textContent !== text) shown.textContent = text;
  const holder = node.closest(".clock") ?? node;
  ["calm", "soon", "urgent", "late"].forEach((s) => holder.classList.toggle(`is-${s}`, s === state));
}

export async function clocks(root) {
  const found = all$(root, "[data-clock]");
  if (!found.length) return;
  if (!running) {
    running = true;
    await settle();
    setInterval(() => document.hidden || document.querySelectorAll("[data-clock]").forEach(tick), 1000);
  }
  found.forEach(tick);
}
