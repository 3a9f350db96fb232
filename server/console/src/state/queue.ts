// What waits for whoever is signed in: records in states that their roles decide on next. The
// roles only choose what is looked at first; what may be done is the relay's to say.
import { ledgerPage } from "../api/ledger";
import { listRecords } from "../api/records";
import { word } from "../i18n";
import { placeOf } from "../parts/place";
import { nameOf } from "./names";
import { roles } from "./session";
import { time } from "./time";

export interface Waiting {
  id: string;
  kind: "hazards" | "inspections" | "violations";
  /** Why it is here: a key of the catalogue. */
  why: string;
  title: string;
  place: string;
  isOverdue: boolean;
  isMajor: boolean;
}

const LIMIT = 50;

interface Part {
  why: string;
  status?: string;
  grade?: string;
  overdue?: boolean;
  is_conflicted?: boolean;
  roles: string[];
}

const DECIDERS = ["safety_officer", "branch_secretary", "supervisor"];

const hazardParts: Part[] = [
  { why: "queue.overdue", overdue: true, roles: DECIDERS },
  { why: "queue.verify", status: "rectified", roles: DECIDERS },
  { why: "queue.close", status: "verified", grade: "general", roles: ["safety_officer", "branch_secretary"] },
  { why: "queue.close", status: "verified", grade: "major", roles: ["supervisor"] },
  { why: "queue.grade", status: "reported", roles: DECIDERS },
  { why: "queue.assign", status: "graded", roles: DECIDERS },
  { why: "queue.conflict", is_conflicted: true, roles: DECIDERS },
];

const otherParts = [
  { kind: "violations", why: "queue.confirm", status: "recorded", roles: ["safety_officer"] },
  { kind: "violations", why: "queue.handle", status: "confirmed", roles: ["safety_officer"] },
  { kind: "inspections", why: "queue.review", status: "submitted", roles: DECIDERS },
] as const satisfies { kind: Waiting["kind"]; why: string; status: string; roles: readonly string[] }[];

async function hazards({ why, roles: _, ...query }: Part): Promise<Waiting[]> {
  const { rows } = await ledgerPage({ ...query, is_open: true, limit: LIMIT });
  return rows.map((row) => ({
    id: row.hazard,
    kind: "hazards",
    why,
    title: row.description,
    place: placeOf(row.zone, row.place),
    isOverdue: row.is_overdue,
    isMajor: row.grade === "major",
  }));
}

/** What a waiting record says of itself. */
const TOLD = {
  violations: ({ description = "", zone, place }: Record<string, string>) => ({ title: description, place: placeOf(zone && nameOf(zone), place) }),
  inspections: ({ zone, inspection_kind: kind, submitted_ms: at }: Record<string, string>) => ({
    title: nameOf(zone),
    place: `${word("inspection_kind", kind)} · ${time(Number(at))}`,
  }),
};

async function others(kind: "inspections" | "violations", why: string, status: string): Promise<Waiting[]> {
  const { rows } = await listRecords(kind, { status, limit: LIMIT });
  return rows.map((row) => ({
    id: row.id,
    kind,
    why,
    ...TOLD[kind](row.fields as Record<string, string>),
    isOverdue: false,
    isMajor: false,
  }));
}

/** Everything that waits, what is most urgent first; each record once. */
export async function waiting(): Promise<Waiting[]> {
  const isMine = (part: { roles: readonly string[] }) => part.roles.some((role) => roles.value.includes(role as never));
  const lists = await Promise.all([
    ...hazardParts.filter(isMine).map(hazards),
    ...otherParts.filter(isMine).map(({ kind, why, status }) => others(kind, why, status)),
  ]);
  const seen = new Set<string>();
  return lists.flat().filter(({ id }) => !seen.has(id) && seen.add(id));
}
