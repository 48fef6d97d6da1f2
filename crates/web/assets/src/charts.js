// Draws [data-chart] with ECharts (SVG). The page gives a short spec of ours; options are made here, colours come from the theme.
import { init, use } from "echarts/core";
import { BarChart, GaugeChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { el, num, w } from "./words.js";

use([BarChart, GaugeChart, LineChart, PieChart, AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--k-${name}`).trim();
const tone = (t, i) => (t ? colour(`${t}-solid`) : colour(`c${(i % 7) + 1}`));
const patterns = ["solid", "dashed", "dotted"];
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

const paper = () => "paper" in document.documentElement.dataset;

const say = (v, unit) => (v == null || v === "-" ? "–" : `${num(v)}${unit ? (unit === "%" ? " %" : ` ${unit}`) : ""}`);

// The tip is made of elements, not of a string with style attributes, which the CSP would refuse.
function tip(spec, axis) {
  return {
    trigger: axis ? "axis" : "item",
    confine: true,
    padding: 0,
    borderWidth: 0,
    backgroundColor: "transparent",
    extraCssText: "box-shadow:none",
    axisPointer: { type: spec.kind === "bar" ? "shadow" : "line", lineStyle: { color: colour("line-strong") }, shadowStyle: { color: colour("sunken"), opacity: 0.5 } },
    formatter: (given) => {
      const list = Array.isArray(given) ? given : [given];
      const table = el("table");
      for (const p of list) {
        const value = spec.days ? p.value?.[1] : p.value;
        if (value == null) continue;
        table.append(el("tr", {}, el("td", { textContent: axis ? p.seriesName : p.name }), el("td", { className: "num", textContent: say(value, spec.unit) + (p.percent != null ? ` (${num(p.percent)} %)` : "") })));
      }
      return el("div", { className: "chart-tip" }, axis ? el("b", { textContent: (spec.days ? spec.labels[list[0]?.dataIndex] : list[0]?.axisValueLabel ?? list[0]?.name) ?? "" }) : null, table);
    },
  };
}

function base(spec) {
  const font = getComputedStyle(document.body).fontFamily;
  return { textStyle: { fontFamily: font, color: colour("text"), fontSize: 12 }, animation: !calm && !paper(), animationDuration: 350, aria: { enabled: false }, tooltip: tip(spec, true) };
}

function axes(spec) {
  const text = { color: colour("soft"), fontSize: 11, hideOverlap: true };
  const names = { type: "category", data: spec.labels, boundaryGap: spec.kind === "bar", axisTick: { show: false }, axisLine: { lineStyle: { color: colour("line-strong") } }, axisLabel: { ...text, ...(spec.horizontal ? { width: 130, overflow: "truncate" } : {}) } };
  // Days stand as far apart as they are, so that a straight way is drawn straight.
  const days = { type: "time", axisTick: { show: false }, axisLine: names.axisLine, splitNumber: 3, minInterval: 28 * 864e5, axisLabel: { ...text, formatter: "{MM}/{yyyy}" } };
  const values = { type: "value", max: spec.max, interval: spec.apart, axisLabel: { ...text, formatter: (v) => (spec.unit === "%" ? `${num(v)} %` : num(v)) }, splitLine: { lineStyle: { color: colour("line") } }, splitNumber: 4 };
  const legend = spec.series.length > 1 ? { show: true, top: 0, left: 0, icon: "roundRect", itemWidth: 14, itemHeight: 8, itemGap: 14, textStyle: { color: colour("text"), fontSize: 12 } } : { show: false };
  const grid = { left: 4, right: 16, bottom: 2, top: spec.series.length > 1 ? 32 : 12, containLabel: true };
  return spec.horizontal ? { xAxis: values, yAxis: { ...names, inverse: true }, legend, grid } : { xAxis: spec.days ? days : names, yAxis: values, legend, grid };
}

const goal = (spec) =>
  spec.goal == null
    ? undefined
    : { silent: true, symbol: "none", lineStyle: { color: colour("ok-solid"), type: "dashed", width: 1.5 }, label: { position: "insideStartTop", color: colour("ok"), fontSize: 11, formatter: `${spec.goal_name ?? w("goal")}: ${say(spec.goal, spec.unit)}` }, data: [{ [spec.horizontal ? "xAxis" : "yAxis"]: spec.goal }] };

const kinds = {
  bar: (spec) => ({
    ...base(spec),
    ...axes(spec),
    series: spec.series.map((s, i) => ({
      type: "bar", name: s.name, data: s.data, stack: spec.stacked ? "all" : undefined, barMaxWidth: 26, itemStyle: { color: tone(s.tone, i), borderRadius: spec.stacked ? 0 : spec.horizontal ? [0, 3, 3, 0] : [3, 3, 0, 0] }, markLine: i === 0 ? goal(spec) : undefined,
    })),
  }),
  line: (spec) => ({
    ...base(spec),
    ...axes(spec),
    series: spec.series.map((s, i) => ({
      type: "line", name: s.name, data: s.data, showSymbol: spec.labels.length <= 31, symbol: ["circle", "rect", "triangle"][i % 3], symbolSize: 5, lineStyle: { width: 2, type: patterns[i % 3] }, itemStyle: { color: tone(s.tone, i) }, areaStyle: spec.area ? { opacity: 0.12 } : undefined, markLine: i === 0 ? goal(spec) : undefined,
    })),
  }),
  // First series: what was reached; second: the path that the plan drew; third, if any: the forecast. With "days" (ISO) true to scale.
  trajectory: (spec) => {
    const looks = [
      { itemStyle: { color: colour("c1") }, lineStyle: { width: 3 }, symbol: "circle", symbolSize: 6, showSymbol: spec.labels.length <= 16, areaStyle: { color: colour("c1"), opacity: 0.1 }, z: 3 },
      { itemStyle: { color: colour("c7") }, lineStyle: { width: 2, type: "dashed" }, symbol: "none", step: spec.step ? "end" : undefined },
      { itemStyle: { color: colour("c2") }, lineStyle: { width: 2, type: "dotted" }, symbol: "emptyCircle", symbolSize: 5 },
    ];
    const share = spec.unit === "%" && spec.series.every((s) => s.data.every((v) => !(v > 100)));
    return { ...base(spec), ...axes(share ? { max: 100, apart: 25, ...spec } : spec), series: spec.series.map((s, i) => ({ type: "line", name: s.name, data: spec.days ? spec.days.map((d, n) => [d, s.data[n]]) : s.data, ...looks[Math.min(i, 2)], markLine: i === 0 ? goal(spec) : undefined })) };
  },
  donut: (spec) => {
    const values = spec.series[0].data;
    const total = values.reduce((a, b) => a + Number(b || 0), 0);
    return {
      ...base(spec),
      tooltip: tip(spec, false),
      legend: { orient: "vertical", right: 0, top: "middle", icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 9, textStyle: { color: colour("text"), fontSize: 12 }, formatter: (name) => `${name}  ${say(values[spec.labels.indexOf(name)])}` },
      series: [{
        type: "pie", radius: ["58%", "86%"], center: ["30%", "50%"], avoidLabelOverlap: false, itemStyle: { borderColor: colour("surface"), borderWidth: 2 },
        label: { show: true, position: "center", formatter: `{n|${num(total)}}\n{u|${spec.unit ?? ""}}`, rich: { n: { fontSize: 22, fontWeight: 600, color: colour("text"), lineHeight: 28 }, u: { fontSize: 11, color: colour("soft") } } },
        labelLine: { show: false }, emphasis: { scaleSize: 4 },
        data: spec.labels.map((name, i) => ({ name, value: values[i], itemStyle: { color: tone(spec.tones?.[i], i) } })),
      }],
    };
  },
  gauge: (spec) => {
    const max = spec.max ?? 100;
    const short = spec.goal != null && spec.value < spec.goal;
    return {
      ...base(spec),
      tooltip: { show: false },
      series: [{
        type: "gauge", startAngle: 200, endAngle: -20, min: 0, max, radius: "112%", center: ["50%", "66%"],
        progress: { show: true, width: 14, itemStyle: { color: colour(spec.goal == null ? "primary" : short ? "soon-solid" : "ok-solid") } },
        axisLine: { lineStyle: { width: 14, color: spec.goal == null ? [[1, colour("sunken")]] : [[Math.max(0, spec.goal / max - 0.006), colour("sunken")], [Math.min(1, spec.goal / max + 0.006), colour("text")], [1, colour("sunken")]] } },
        axisTick: { show: false }, splitLine: { show: false }, axisLabel: { show: false }, pointer: { show: false },
        detail: { offsetCenter: [0, "-8%"], formatter: (v) => say(v, spec.unit), fontSize: 26, fontWeight: 600, color: colour("text") },
        title: { offsetCenter: [0, "22%"], color: colour("soft"), fontSize: 12 },
        data: [{ value: spec.value, name: spec.goal == null ? (spec.label ?? "") : `${spec.goal_name ?? w("goal")}: ${say(spec.goal, spec.unit)}` }],
      }],
    };
  },
  spark: (spec) => ({
    ...base(spec), grid: { left: 2, right: 2, top: 4, bottom: 4 }, xAxis: { type: "category", show: false, data: spec.labels, boundaryGap: false }, yAxis: { type: "value", show: false, scale: true },
    series: [{ type: "line", name: spec.series[0].name, data: spec.series[0].data, symbol: "none", lineStyle: { width: 2 }, itemStyle: { color: colour("c1") }, areaStyle: { opacity: 0.12 } }],
  }),
};

// "drag": {edges, base} — dragging over the bars leads to the list from the first edge to the last; a click is a drag over one.
function drag(box, chart, { edges, base }) {
  const shade = el("div", { className: "chart-drag", hidden: true });
  box.append(shade);
  let start = null;
  const at = (e) => {
    const x = e.clientX - box.getBoundingClientRect().left;
    const slice = Math.round(chart.convertFromPixel({ xAxisIndex: 0 }, x));
    return { x, slice: Math.max(0, Math.min(edges.length - 2, slice)) };
  };
  box.addEventListener("pointerdown", (e) => {
    if (e.button !== 0) return;
    start = at(e);
  });
  box.addEventListener("pointermove", (e) => {
    if (!start) return;
    const { x } = at(e);
    if (shade.hidden && Math.abs(x - start.x) < 4) return;
    // From here on it is a drag: the bars hear of no click.
    if (shade.hidden) box.setPointerCapture(e.pointerId);
    shade.hidden = false;
    Object.assign(shade.style, { left: `${Math.min(x, start.x)}px`, width: `${Math.abs(x - start.x)}px` });
  });
  const done = (e) => {
    const from = start;
    start = null;
    if (!from || shade.hidden) return;
    shade.hidden = true;
    const [a, b] = [from.slice, at(e).slice].sort((one, two) => one - two);
    location.assign(`${base}from=${encodeURIComponent(edges[a])}&to=${encodeURIComponent(edges[b + 1])}`);
  };
  box.addEventListener("pointerup", done);
  box.addEventListener("pointercancel", () => ((start = null), (shade.hidden = true)));
}

const drawn = new Map();

export function charts(node) {
  if (drawn.has(node)) return;
  const spec = JSON.parse(node.dataset.chart);
  const make = kinds[spec.kind];
  if (!make) throw new Error(`chart kind: ${spec.kind}`);
  spec.series ??= [];
  spec.labels ??= [];
  let box = node.querySelector(".chart-box");
  if (!box) node.prepend((box = el("div", { className: "chart-box h-m" })));
  const chart = init(box, null, { renderer: "svg" });
  const draw = () => {
    chart.setOption(make(spec), true);
    // On paper the drawing takes the width that the paper gives.
    const svg = box.querySelector("svg");
    if (paper()) svg?.setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
    else svg?.removeAttribute("viewBox");
  };
  draw();
  node.dataset.drawn = "1";
  drawn.set(node, { chart, draw });
  if (spec.links) chart.on("click", (p) => spec.links[p.dataIndex] && location.assign(spec.links[p.dataIndex]));
  if (spec.drag) drag(box, chart, spec.drag);
  new ResizeObserver(() => (node.isConnected ? chart.resize() : (chart.dispose(), drawn.delete(node)))).observe(box);
}

// Paper shows charts at once, without the movement with which they come.
["beforeprint", "afterprint"].forEach((moment) => addEventListener(moment, () => drawn.forEach(({ draw }) => draw())));
document.addEventListener("khien:theme", () => drawn.forEach(({ draw }) => draw()));
window.khien = { ...window.khien, charts };
