// Runs before the first paint, so that a dark page never flashes white. "auto" follows the machine.
const kept = (() => {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
})();
const root = document.documentElement;
const choice = kept || root.dataset.theme || "auto";
const dark = matchMedia("(prefers-color-scheme: dark)");
const apply = () => {
  const now = root.dataset.theme || "auto";
  root.setAttribute("data-bs-theme", now === "auto" ? (dark.matches ? "dark" : "light") : now);
};
root.dataset.theme = choice;
root.classList.add("js");
apply();
dark.addEventListener?.("change", () => {
  apply();
  document.dispatchEvent(new Event("khien:theme"));
});
