// Builds ../static/dist from this folder: one style sheet, four scripts, the icon sprite, fonts and the logo.
// Nothing here is fetched at run time; the result is embedded in the binary and served under a strict CSP.
import { readFile, writeFile, mkdir, rm, copyFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import path from "node:path";
import * as esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

const here = path.dirname(fileURLToPath(import.meta.url));
const at = (...parts) => path.join(here, ...parts);
const dist = at("../static/dist");

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

// Words that scripts show come from the same texts as the pages: keys that begin with "js.".
const words = {
  name: "words",
  setup(build) {
    build.onResolve({ filter: /^khien:words$/ }, () => ({ path: "words", namespace: "khien" }));
    build.onLoad({ filter: /.*/, namespace: "khien" }, async () => {
      const pick = async (lang) => {
        const all = JSON.parse(await readFile(at(`../texts/${lang}.json`), "utf8"));
        return Object.fromEntries(Object.entries(all).filter(([k]) => k.startsWith("js.")).map(([k, v]) => [k.slice(3), v]));
      };
      return { contents: JSON.stringify({ vi: await pick("vi"), en: await pick("en") }), loader: "json" };
    });
  },
};

// Old machines keep old browsers: the scripts stay within what 2020 browsers read.
const common = {
  bundle: true,
  minify: true,
  target: ["chrome85", "firefox80", "safari15"],
  charset: "utf8",
  legalComments: "none",
  outdir: dist,
  logLevel: "warning",
};

await esbuild.build({
  ...common,
  format: "iife",
  plugins: [words],
  entryPoints: { theme: at("src/theme.js"), app: at("src/app.js"), charts: at("src/charts.js"), map: at("src/map.js") },
  loader: { ".png": "empty" },
});

// Tabler is large; keep the families that pages may use and whatever our own pages and scripts name. Our own sheets stay whole.
const { keep } = JSON.parse(await readFile(at("keep.json"), "utf8"));
const tabler = {
  name: "tabler",
  setup(build) {
    build.onLoad({ filter: /tabler\.min\.css$/ }, async ({ path: file }) => {
      const [purged] = await new PurgeCSS().purge({
        content: [at("src/*.js"), at("../pages/**/*.html"), at("../../*/src/**/pages/*.html")],
        css: [{ raw: await readFile(file, "utf8") }],
        safelist: { standard: keep.map((k) => new RegExp(k)) },
        defaultExtractor: (text) => text.match(/[A-Za-z0-9_:/.-]+/g) ?? [],
        keyframes: true,
      });
      return { contents: purged.css, loader: "css" };
    });
  },
};

await esbuild.build({
  ...common,
  plugins: [tabler],
  entryPoints: { app: at("css/app.css"), map: at("css/map.css") },
  loader: { ".woff2": "file", ".png": "dataurl" },
  assetNames: "fonts/[name]-[hash]",
});

const names = (await readFile(at("icons.txt"), "utf8")).split("\n").filter((l) => l && !l.startsWith("#"));
const symbols = await Promise.all(
  names.map(async (line) => {
    const [name, icon = name] = line.split("=");
    const svg = await readFile(at(`node_modules/@tabler/icons/icons/outline/${icon}.svg`), "utf8");
    const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s*\n\s*/g, "").replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "");
    return `<symbol id="${name}" viewBox="0 0 24 24">${body.trim()}</symbol>`;
  }),
);
await writeFile(path.join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
await copyFile(at("img/logo.svg"), path.join(dist, "logo.svg"));

for (const file of ["app.css", "app.js", "theme.js", "charts.js", "map.js", "map.css", "icons.svg", "logo.svg"]) {
  const bytes = await readFile(path.join(dist, file));
  console.log(`${file.padEnd(10)} ${(bytes.length / 1024).toFixed(1).padStart(7)} kB  ${(gzipSync(bytes, { level: 9 }).length / 1024).toFixed(1).padStart(6)} kB gz`);
}
