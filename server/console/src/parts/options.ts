// How the figures of the overview are drawn.
import type { EChartsCoreOption } from "echarts/core";
import type { Schemas } from "../api/client";
import { t } from "../i18n";
import { shortDay } from "../state/time";

const INK = "#33414f";
const OPEN = "#2f6db5";
const OVERDUE = "#c0362c";
const DONE = "#2e8b57";
// Tooltips are drawn, not made of HTML with styles in it, which the page's policy forbids.
const tooltip = { trigger: "axis", renderMode: "richText", confine: true };

export function trendOption(days: Schemas["TrendDay"][], size = 12, ink = INK): EChartsCoreOption {
  const axis = { axisLabel: { fontSize: size, color: ink } };
  return {
    color: [OPEN, DONE],
    tooltip,
    legend: { top: 0, textStyle: { fontSize: size, color: ink } },
    grid: { left: 8, right: 8, top: size * 2.6, bottom: 4, outerBoundsMode: "same" },
    xAxis: { type: "category", data: days.map(({ day }) => shortDay(day)), ...axis },
    yAxis: { type: "value", minInterval: 1, ...axis },
    series: [
      { name: t("figure.reported"), type: "bar", data: days.map(({ reported }) => reported) },
      { name: t("figure.closed"), type: "line", data: days.map(({ closed }) => closed), lineStyle: { width: 3 } },
    ],
  };
}

export function tallyOption(tallies: { name: string; open: number; overdue: number }[], size = 12, ink = INK): EChartsCoreOption {
  const rows = [...tallies].reverse();
  return {
    color: [OVERDUE, OPEN],
    tooltip,
    legend: { top: 0, textStyle: { fontSize: size, color: ink } },
    grid: { left: 8, right: 24, top: size * 2.6, bottom: 4, outerBoundsMode: "same" },
    xAxis: { type: "value", minInterval: 1, axisLabel: { fontSize: size, color: ink } },
    yAxis: {
      type: "category",
      data: rows.map(({ name }) => name),
      axisLabel: { fontSize: size, color: ink, width: size * 11, overflow: "truncate" },
    },
    series: [
      { name: t("figure.overdue"), type: "bar", stack: "open", data: rows.map(({ overdue }) => overdue) },
      { name: t("figure.openInTime"), type: "bar", stack: "open", data: rows.map(({ open, overdue }) => open - overdue) },
    ],
  };
}

export function countOption(counts: { name: string; count: number }[], size = 12, ink = INK): EChartsCoreOption {
  return {
    color: [OPEN],
    tooltip,
    grid: { left: 8, right: 8, top: 12, bottom: 4, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: counts.map(({ name }) => name),
      axisLabel: { fontSize: size, color: ink, interval: 0, width: size * 8, overflow: "break" },
    },
    yAxis: { type: "value", minInterval: 1, axisLabel: { fontSize: size, color: ink } },
    series: [{ type: "bar", data: counts.map(({ count }) => count), barMaxWidth: 48, label: { show: true, position: "top", color: ink, fontSize: size } }],
  };
}
