// What the overview and the hall show: figures of now, the trend, duties, repeats.
import { api, ask } from "../api/client";
import { allRows } from "../api/pages";
import { t } from "../i18n";
import { dayOf } from "./time";
import { nowMs } from "./session";
import { nameOf } from "./names";

const DAYS = 30;
/** Within so many days hazards at one place repeat. */
export const REPEAT_DAYS = 90;

export async function loadOverview(spaces?: string) {
  const today = new Date((dayOf(nowMs())) * 86_400_000);
  const [year, quarter] = [today.getUTCFullYear(), Math.floor(today.getUTCMonth() / 3) + 1];
  const of = spaces ? [spaces] : undefined;
  const [now, period, trend, duties, repeats, zones] = await Promise.all([
    ask(() => api.GET("/statistics/overview", { params: { query: { spaces: of } } })),
    ask(() => api.GET("/statistics/quarterly", { params: { query: { year, quarter, spaces: of } } })),
    ask(() => api.GET("/statistics/trend", { params: { query: { days: DAYS, spaces: of } } })),
    ask(() => api.GET("/duties", { params: { query: { days: 7, spaces: of } } })),
    ask(() => api.GET("/statistics/repeats", { params: { query: { days: REPEAT_DAYS, spaces: of } } })),
    allRows((page) => ask(() => api.GET("/zones", { params: { query: { ...page, spaces: of } } }))),
  ]);
  return { now, period, trend: trend.days, duties: duties.zones, branches: duties.branches, repeats: repeats.places, zones, year, quarter };
}

export type OverviewData = Awaited<ReturnType<typeof loadOverview>>;

/** The first tallies with the names of what they are of, `none` for what has none. */
export function named<T extends { value?: string | null }>(tallies: T[], most: number, none: string): (T & { name: string })[] {
  return tallies.slice(0, most).map((tally) => ({ ...tally, name: tally.value ? nameOf(tally.value) : t(none) }));
}
