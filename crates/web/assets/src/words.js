// Texts of the scripts, in the language of the page; taken at build time from the keys "js.*" of ../texts.
import all from "khien:words";

const lang = document.documentElement.lang === "en" ? "en" : "vi";
export const w = (key, args = {}) => (all[lang][key] ?? key).replace(/\{(\w+)\}/g, (_, k) => args[k] ?? "");
export const locale = lang === "en" ? "en-GB" : "vi-VN";
// As the filter `num` of the pages: 1.234,5 in Vietnamese, 1,234.5 in English.
export const num = (value, digits = 1) => Number(value).toLocaleString(locale, { maximumFractionDigits: digits });
export const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
export const el = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((c) => c != null));
  return node;
};
export const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${meta("icons")}#${name}`);
  svg.append(use);
  return svg;
};
export const all$ = (root, selector) => {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  return found;
};
