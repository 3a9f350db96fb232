// How the figures of the overview and the hall are drawn.
import type { EChartsCoreOption } from "echarts/core";
import type { Schemas } from "../api/client";
import { t } from "../i18n";
import { shortDay } from "../state/time";

/** Size and colours of a chart. */
export interface Look {
  size: number;
  /** How many characters of a name are shown. */
  nameWidth: number;
  ink: string;
  lines: string;
  open: string;
  overdue: string;
  done: string;
}

export const DESK: Look = { size: 12, nameWidth: 14, ink: "#33414f", lines: "#dfe5eb", open: "#2f6db5", overdue: "#c0362c", done: "#2e8b57" };
/** The hall's: as large as its screen is wide. */
export const HALL: Look = { size: 28, nameWidth: 8, ink: "#e8eef6", lines: "#2b4c6d", open: "#5aa0e8", overdue: "#ff6b5e", done: "#56d08a" };

// Tooltips are drawn, not made of HTML with styles in it, which the page's policy forbids.
const tooltip = { trigger: "axis", renderMode: "richText", confine: true };

const base = (look: Look) => ({
  tooltip,
  legend: { top: 0, textStyle: { fontSize: look.size, color: look.ink } },
  grid: { left: 8, right: 24, top: look.size * 2.6, bottom: 4, outerBoundsMode: "same" },
});
const values = (look: Look) => ({
  type: "value",
  minInterval: 1,
  axisLabel: { fontSize: look.size, color: look.ink },
  splitLine: { lineStyle: { color: look.lines } },
});
const categories = (look: Look, data: string[], label = {}) => ({
  type: "category",
  data,
  axisLabel: { fontSize: look.size, color: look.ink, margin: look.size, ...label },
  axisLine: { lineStyle: { color: look.ink } },
});

export function trendOption(days: Schemas["TrendDay"][], look = DESK): EChartsCoreOption {
  return {
    ...base(look),
    color: [look.open, look.done],
    xAxis: categories(look, days.map(({ day }) => shortDay(day))),
    yAxis: values(look),
    series: [
      { name: t("figure.reported"), type: "bar", data: days.map(({ reported }) => reported) },
      { name: t("figure.closed"), type: "line", data: days.map(({ closed }) => closed), lineStyle: { width: 3 } },
    ],
  };
}

export function tallyOption(tallies: { name: string; open: number; overdue: number }[], look = DESK): EChartsCoreOption {
  const rows = [...tallies].reverse();
  return {
    ...base(look),
    color: [look.overdue, look.open],
    xAxis: values(look),
    yAxis: categories(look, rows.map(({ name }) => name), { width: look.size * look.nameWidth, overflow: "truncate" }),
    series: [
      { name: t("figure.overdue"), type: "bar", stack: "open", data: rows.map(({ overdue }) => overdue) },
      {
        name: t("figure.openInTime"),
        type: "bar",
        stack: "open",
        data: rows.map(({ open, overdue }) => open - overdue),
        label: { show: true, position: "right", color: look.ink, fontSize: look.size, formatter: ({ dataIndex }: { dataIndex: number }) => String(rows[dataIndex]?.open ?? "") },
      },
    ],
  };
}

export function countOption(counts: { name: string; count: number }[], look = DESK): EChartsCoreOption {
  const label = { show: true, position: "top", color: look.ink, fontSize: look.size };
  return {
    ...base(look),
    color: [look.open],
    xAxis: categories(look, counts.map(({ name }) => name), { interval: 0, width: look.size * 8, overflow: "break" }),
    yAxis: values(look),
    series: [{ type: "bar", data: counts.map(({ count }) => count), barMaxWidth: 48, label }],
  };
}
