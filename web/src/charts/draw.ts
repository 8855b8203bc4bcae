import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import {
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import type { Limit, Line, Spec } from "./spec";

echarts.use([
  BarChart,
  LineChart,
  ScatterChart,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  CanvasRenderer,
]);

type Colour = (name: string) => string;

export function draw(figure: HTMLElement, spec: Spec): echarts.ECharts {
  const style = getComputedStyle(document.documentElement);
  const colour: Colour = (name) => style.getPropertyValue(name).trim();
  const chart = echarts.init(figure, null, { renderer: "canvas" });
  chart.setOption(option(spec, colour));
  return chart;
}

function option(spec: Spec, colour: Colour): echarts.EChartsCoreOption {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const ink = colour("--ink-2");
  const line = colour("--line");
  const text = { color: ink, fontFamily: colour("--font"), fontSize: 12 };
  return {
    animation: !still && spec.x.length < 500,
    animationDuration: 250,
    textStyle: text,
    grid: { left: 52, right: spec.limits?.length ? 36 : 18, top: spec.lines.length > 1 ? 34 : 12, bottom: spec.zoom ? 62 : 28 },
    legend: {
      show: spec.lines.length > 1,
      type: "scroll",
      top: 0,
      left: "center",
      itemHeight: 8,
      textStyle: text,
      pageIconColor: ink,
      pageTextStyle: text,
    },
    tooltip: tooltip(spec, colour),
    xAxis: {
      type: "category",
      data: spec.x,
      boundaryGap: spec.lines.some((item) => item.kind === "bar"),
      axisLabel: { color: ink, hideOverlap: true },
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
    },
    yAxis: {
      type: "value",
      max: ceiling(spec),
      axisLabel: { color: ink },
      splitLine: { lineStyle: { color: line } },
    },
    dataZoom: spec.zoom
      ? [{ type: "inside" }, { type: "slider", bottom: 8, height: 22, textStyle: text }]
      : [],
    series: spec.lines.flatMap((item, index) => series(item, index, spec, colour)),
  };
}

function series(item: Line, index: number, spec: Spec, colour: Colour): object[] {
  const own = colour(item.colour ?? `--c${(index % 6) + 1}`);
  const base = {
    name: item.name,
    data: item.values.map((value, at) => {
      const level = spec.levels?.[at];
      return item.kind === "bar" && level ? { value, itemStyle: { color: cssColour(level) } } : value;
    }),
    markLine: index ? undefined : limits(spec.limits ?? [], colour),
  };
  const main =
    item.kind === "bar"
      ? { ...base, type: "bar", barCategoryGap: "12%", itemStyle: { color: own } }
      : {
          ...base,
          type: "line",
          step: item.kind === "step" ? "end" : false,
          connectNulls: false,
          showSymbol: lonely(item.values),
          symbolSize: 3,
          sampling: item.values.length > 3000 ? "minmax" : undefined,
          lineStyle: { color: own, width: 1.6, type: item.dashed ? "dashed" : "solid" },
          itemStyle: { color: own },
        };
  const doubted = (item.flags ?? []).flatMap((flag, at) =>
    flag ? [[at, item.values[at] ?? null]] : [],
  );
  if (!doubted.length) return [main];
  const marks = { name: item.name, type: "scatter", symbol: "triangle", symbolSize: 9 };
  return [main, { ...marks, data: doubted, itemStyle: { color: colour("--bad") } }];
}

/** A value between two gaps has no line to either side: show its point. */
function lonely(values: (number | null)[]): boolean {
  return values.some(
    (value, at) =>
      value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null,
  );
}

/** A limit is a line with its value at the end of it; the page says above what limit it is. */
function limits(all: Limit[], colour: Colour): object {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: colour("--bad"), type: "dashed", width: 1 },
    label: {
      position: "end",
      color: colour("--bad"),
      fontSize: 11,
    },
    data: all.map((limit) => ({
      yAxis: limit.value,
      label: { formatter: () => String(limit.value) },
    })),
  };
}

function ceiling(spec: Spec): (range: { max: number }) => number {
  const top = Math.max(0, ...(spec.limits ?? []).map((limit) => limit.value));
  return ({ max }) => {
    const wanted = Math.max(max, top * 1.05) || 1;
    const unit = 10 ** Math.floor(Math.log10(wanted / 4));
    const step = [1, 2, 2.5, 5, 10].map((n) => n * unit).find((n) => n * 5 >= wanted) ?? wanted;
    return Math.ceil(wanted / step) * step;
  };
}

function tooltip(spec: Spec, colour: Colour): object {
  const number = (value: unknown): string =>
    value === null || value === undefined || value === "-"
      ? "—"
      : Number(value).toFixed(spec.decimals ?? 0);
  return {
    trigger: "axis",
    confine: true,
    backgroundColor: colour("--surface"),
    borderColor: colour("--line-strong"),
    textStyle: { color: colour("--ink"), fontSize: 12 },
    formatter: (points: { seriesType: string; dataIndex: number; axisValue: string }[]) => {
      const at = points[0]?.dataIndex ?? 0;
      const lines = spec.lines.map((item) => {
        const flag = item.flags?.[at] ? `（${item.flags[at]}）` : "";
        return `${escape(item.name)} <b>${number(item.values[at])}</b> ${escape(spec.unit)}${escape(flag)}`;
      });
      return [escape(points[0]?.axisValue ?? ""), ...lines].join("<br>");
    },
  };
}

/** A level may be given as a variable of the palette, so that a switch of palettes reaches it. */
function cssColour(value: string): string {
  return value.startsWith("--")
    ? getComputedStyle(document.documentElement).getPropertyValue(value).trim()
    : value;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
