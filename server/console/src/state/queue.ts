// What waits for whoever is signed in, as the relay tells it: on all of it they may decide now.
import { api, ask, type Schemas } from "../api/client";
import { t, word } from "../i18n";
import { placeOf } from "../parts/place";
import { nameOf } from "./names";
import { time } from "./time";

type Why = Schemas["Why"];
export type WaitingKind = "hazards" | "inspections" | "violations" | "organisations" | "posts" | "devices";

export interface Waiting {
  id: string;
  kind: WaitingKind;
  /** Why it is here: a key of the catalogue. */
  why: string;
  title: string;
  place: string;
  isOverdue: boolean;
  isMajor: boolean;
}

export interface Queue {
  items: Waiting[];
  /** How many wait, those that are not shown among them. */
  total: number;
  /** Whether that is all. */
  isWhole: boolean;
}

/** What waits for each reason. */
const KINDS: Record<Why, WaitingKind> = {
  overdue: "hazards",
  verify: "hazards",
  close: "hazards",
  grade: "hazards",
  assign: "hazards",
  conflict: "hazards",
  confirm: "violations",
  handle: "violations",
  approve: "organisations",
  review: "inspections",
  name: "posts",
  entries: "posts",
  device: "devices",
};

/** What a waiting record says of itself, where its own title and place do not. */
const TOLD: Partial<Record<Why, (row: Schemas["Waiting"]) => { title?: string; place?: string }>> = {
  review: ({ zone, inspection_kind: kind, at_ms: at }) => ({ title: nameOf(zone), place: `${word("inspection_kind", kind)} · ${time(at)}` }),
  entries: ({ entries, place }) => ({ place: [place, t("queue.entriesCount", { count: entries ?? 0 })].filter(Boolean).join(" · ") }),
  device: ({ member }) => ({ title: nameOf(member) }),
};

/** Everything that waits, what is most urgent first; each record once. */
export async function waiting(): Promise<Queue> {
  const { parts } = await ask(() => api.GET("/queue"));
  const items = parts.flatMap(({ why, rows }) =>
    rows.map((row) => ({
      id: row.id,
      kind: KINDS[why],
      why: `queue.${why}`,
      title: row.title,
      place: placeOf(row.zone && nameOf(row.zone), row.place),
      isOverdue: row.is_overdue,
      isMajor: row.is_major,
      ...TOLD[why]?.(row),
    })),
  );
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  return { items, total, isWhole: parts.every((part) => part.is_whole) };
}
