// The figures of a quarter, or of a year where the quarter is 0.
import { api, ask } from "../api/client";

export function loadPeriod(year: number, quarter: number, space?: string) {
  const spaces = space ? [space] : undefined;
  return quarter === 0
    ? ask(() => api.GET("/statistics/yearly", { params: { query: { year, spaces } } }))
    : ask(() => api.GET("/statistics/quarterly", { params: { query: { year, quarter, spaces } } }));
}
