// The search bar: <div data-bar='["host", "EventID", …]'> around its field proposes names while one is typed, ends them with a
// colon, and is used with the keys: arrows choose, Enter or Tab takes, Escape shuts. Without scripts it is a plain field.
import { all$, el, w } from "./words.js";

const most = 8;

// The piece of text that is being typed: from the last space or bracket up to the caret, signs before it left out.
function piece(field) {
  const before = field.value.slice(0, field.selectionStart);
  if ((before.match(/"/g) ?? []).length % 2) return null;
  const found = /(?:^|[\s(])[-(]*([\p{L}_@][\p{L}\p{N}_@.-]*)$/u.exec(before);
  return found ? { text: found[1], start: before.length - found[1].length } : null;
}

function bar(box, n) {
  const field = box.querySelector("input");
  if (!field) return;
  const names = JSON.parse(box.dataset.bar);
  const list = el("ul", { className: "bar-list", id: `bar-list-${n}`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", w("bar-names"));
  field.after(list);
  Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false", autocomplete: "off" }).forEach(([k, v]) => field.setAttribute(k, v));
  let chosen = -1;
  const shut = () => {
    list.hidden = true;
    chosen = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (to) => {
    chosen = (to + list.children.length) % list.children.length;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
    field.setAttribute("aria-activedescendant", list.children[chosen].id);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  };
  const take = (name) => {
    const typed = piece(field);
    if (!typed) return shut();
    const end = typed.start + typed.text.length;
    const said = /^[\p{L}_@][\p{L}\p{N}_@.-]*$/u.test(name) ? name : `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
    field.setRangeText(`${said}:`, typed.start, end, "end");
    shut();
    field.focus();
  };
  const show = () => {
    const typed = piece(field);
    const key = typed?.text.toLowerCase();
    const fits = key ? names.filter((name) => name.toLowerCase().includes(key)).sort((a, b) => !a.toLowerCase().startsWith(key) - !b.toLowerCase().startsWith(key)) : [];
    if (!fits.length) return shut();
    list.replaceChildren(...fits.slice(0, most).map((name, i) => {
      const item = el("li", { textContent: name, id: `${list.id}-${i}` });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.addEventListener("mousedown", (e) => (e.preventDefault(), take(name)));
      return item;
    }));
    chosen = -1;
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
  };
  field.addEventListener("input", show);
  field.addEventListener("blur", shut);
  field.addEventListener("keydown", (e) => {
    if (list.hidden) return;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      mark(chosen + (e.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1));
    } else if ((e.key === "Enter" || e.key === "Tab") && chosen >= 0) {
      e.preventDefault();
      take(list.children[chosen].textContent);
    } else if (e.key === "Escape") {
      e.preventDefault();
      shut();
    }
  });
}

export const bars = (root) => all$(root, "[data-bar]").forEach(bar);
