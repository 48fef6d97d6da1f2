// The frame: drawer on small screens, menus, groups of the navigation, theme switch.
const remember = (key, value) => {
  try {
    if (value === undefined) return localStorage.getItem(key);
    localStorage.setItem(key, value);
  } catch {
    // A locked-down browser forgets; the page still works.
  }
  return null;
};

function drawer(open) {
  const root = document.documentElement;
  root.classList.toggle("nav-open", open);
  document.querySelectorAll("[data-nav-toggle]").forEach((b) => b.setAttribute("aria-expanded", String(open)));
  if (open) document.querySelector(".side a, .side summary")?.focus();
}

function setTheme(next) {
  const root = document.documentElement;
  root.dataset.theme = next;
  remember("theme", next);
  const dark = next === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : next === "dark";
  root.setAttribute("data-bs-theme", dark ? "dark" : "light");
  document.dispatchEvent(new Event("khien:theme"));
}

export function frame() {
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-nav-toggle]")) return drawer(!document.documentElement.classList.contains("nav-open"));
    const pick = e.target.closest("[data-theme-set]");
    if (pick) {
      const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
      setTheme(pick.dataset.themeSet === "toggle" ? (dark ? "light" : "dark") : pick.dataset.themeSet);
    }
    document.querySelectorAll("details.menu[open]").forEach((m) => !m.contains(e.target) && m.removeAttribute("open"));
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    } else if (document.documentElement.classList.contains("nav-open")) {
      drawer(false);
      document.querySelector("[data-nav-toggle]")?.focus();
    }
  });
  document.querySelectorAll(".side details[data-group]").forEach((d) => {
    const key = `nav:${d.dataset.group}`;
    if (remember(key) === "open") d.open = true;
    d.addEventListener("toggle", () => remember(key, d.open ? "open" : "shut"));
  });
  document.querySelector(".side .active")?.scrollIntoView({ block: "nearest" });
}
