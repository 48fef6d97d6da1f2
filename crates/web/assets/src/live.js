// Live parts. One connection to /live, only when the page has [data-live="topic"]. An event named by the topic makes the part
// fetch itself again (hx-get, hx-trigger="live"), so what it may show is decided by the same permit as the page.
import "./sse.js";
import { toast } from "./faults.js";
import { all$, w } from "./words.js";

export function live(htmx) {
  let source = null;
  const known = new Set();
  const due = new Map();

  const fire = (topic) => {
    if (due.has(topic)) return;
    // A storm of alerts asks once a second, and a hidden page asks when it is seen again.
    due.set(topic, setTimeout(() => {
      due.delete(topic);
      if (document.hidden) return document.addEventListener("visibilitychange", () => fire(topic), { once: true });
      document.querySelectorAll(`[data-live~="${CSS.escape(topic)}"]`).forEach((n) => htmx.trigger(n, "live"));
    }, 1000));
  };
  const state = (on) => document.querySelectorAll("[data-live-state]").forEach((n) => {
    n.textContent = w(on ? "live-on" : "live-off");
    n.classList.toggle("live-on", on);
    n.classList.toggle("live-off", !on);
  });
  const join = (root) => {
    const topics = all$(root, "[data-live]").flatMap((n) => n.dataset.live.split(/\s+/)).filter(Boolean);
    if (!topics.length) return;
    if (!source) {
      source = new EventSource("/live");
      source.addEventListener("open", () => state(true));
      source.addEventListener("error", () => state(false));
      // The server dropped news for a slow listener: everything here may be stale.
      source.addEventListener("behind", () => known.forEach(fire));
      source.addEventListener("toast", (e) => {
        try {
          const said = JSON.parse(e.data);
          toast(said.text, said.tone);
        } catch {
          toast(e.data, "info");
        }
      });
    }
    topics.filter((t) => !known.has(t)).forEach((topic) => {
      known.add(topic);
      source.addEventListener(topic, () => fire(topic));
    });
  };
  join(document);
  htmx.onLoad(join);
  addEventListener("pagehide", () => source?.close());
}
