// Times as the users count them: in China, on whatever computer.
import { language } from "../i18n";

/** How dates are written: no month is taken for a day. */
const STYLES = {
  "zh-CN": { locale: "zh-CN", month: "2-digit" },
  en: { locale: "en-GB", month: "short" },
} as const;
const ZONE = "Asia/Shanghai";
const CHINA_MS = 8 * 3_600_000;
export const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language.value, options]);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(STYLES[language.value].locale, { timeZone: ZONE, hourCycle: "h23", ...options });
  formats.set(key, made);
  return made;
}

/** Day and minute. */
export function time(ms: number | null | undefined): string {
  if (ms == null) return "—";
  return format({ year: "numeric", month: STYLES[language.value].month, day: "2-digit", hour: "2-digit", minute: "2-digit" }).format(ms);
}

/** The day alone. */
export function date(ms: number | null | undefined): string {
  if (ms == null) return "—";
  return format({ year: "numeric", month: STYLES[language.value].month, day: "2-digit" }).format(ms);
}

/** A month of the year by its name, 1 is January. */
export const monthName = (month: number): string =>
  language.value === "en" ? format({ month: "long" }).format(Date.UTC(2000, month - 1, 15)) : `${month} 月`;

/** The whole date, of a day counted from 1970. */
export const fullDay = (day: number): string => date(startOf(day));

/** Month and day, of a day counted from 1970. */
export function shortDay(day: number): string {
  return format({ month: language.value === "en" ? "short" : "numeric", day: "numeric" }).format(day * DAY_MS);
}

/** A span in the largest unit that tells it, without its sign. */
export function span(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  const [count, unit]: [number, string] =
    minutes < 90 ? [minutes, "minute"] : minutes < 48 * 60 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  const words = new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: "long" }).format(count);
  return words.replace(/(\d)(\p{Script=Han})/u, "$1 $2");
}

/** The day in China as days since 1970. */
export function dayOf(ms: number): number {
  return Math.floor((ms + CHINA_MS) / DAY_MS);
}

/** The instant at which a day in China begins. */
export function startOf(day: number): number {
  return day * DAY_MS - CHINA_MS;
}

/** A day as `2026-11-20`. */
export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** A day counted from 1970 of `2026-11-20`. */
export function dayOfIso(text: string): number {
  return Math.floor(Date.parse(`${text}T00:00:00Z`) / DAY_MS);
}
