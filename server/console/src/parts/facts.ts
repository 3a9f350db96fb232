// What a record or an event says, as labels and texts, whatever its kind.
import { joined, t, word } from "../i18n";
import { nameOf, partyName } from "../state/names";
import { date, fullDay, time } from "../state/time";

export interface Fact {
  key: string;
  label: string;
  text: string;
  /** Where it leads, for other records. */
  to?: string;
  /** Parts of it. */
  facts?: Fact[];
}

const GROUPS: Record<string, string> = {
  grade: "hazard_grade",
  nature: "hazard_nature",
  mode: "rectification_mode",
  zone_kind: "zone_kind",
  post_kind: "post_kind",
  team_kind: "team_kind",
  org_kind: "party_org_kind",
  unit_kind: "unit_kind",
  violation_kind: "violation_kind",
  inspection_kind: "inspection_kind",
  shift: "shift",
  rota: "rota",
  role: "role",
  frequency: "duty_frequency",
};
const NAMED = ["unit", "zone", "host", "secretary", "member", "parent", "home", "leader", "org", "template", "by", "recorded_by", "reported_by"];
const NAMED_LISTS = ["holders", "members"];
const LINKS: Record<string, string> = { inspection: "inspections", hazard: "hazards", violation: "violations" };
const PARTIES = ["person", "on_behalf_of"];
const DAYS = ["day", "from", "to"];
// What surrounds an event is told beside it; a boundary is drawn, not told.
const FRAME = ["id", "member", "role", "grant", "at_ms", "seen", "position", "received_at_ms", "superseded", "superseded_words", "unaware_of", "event"];
const UNTOLD = ["boundary", "photos"];

/** What an event says, its frame apart. */
export function factsOfEvent(event: Record<string, unknown>): Fact[] {
  return factsOf(Object.fromEntries(Object.entries(event).filter(([key]) => !FRAME.includes(key))));
}

/** What an object says, without what is empty. */
export function factsOf(values: Record<string, unknown>): Fact[] {
  return Object.entries(values)
    .filter(([key, value]) => !UNTOLD.includes(key) && value != null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => factOf(key, value));
}

/** One value under its name. */
export function factOf(key: string, value: unknown): Fact {
  const label = t(`field.${key}`);
  if (key === "items" && Array.isArray(value)) {
    // A checklist counts its items; an inspection says what was asked.
    const facts = (value as Record<string, string>[]).map((item, at) => ({
      key: item.code ?? "",
      label: item.outcome ? (item.code ?? "") : String(at + 1),
      text: [item.text, item.outcome && word("item_outcome", item.outcome), item.remark].filter(Boolean).join(" · "),
    }));
    return { key, label, text: "", facts };
  }
  if (key === "risk_points" && Array.isArray(value)) {
    const facts = (value as Record<string, string>[]).map((point) => ({
      key: point.name ?? "",
      label: point.name ?? "",
      text: point.measures ?? "",
    }));
    return { key, label, text: "", facts };
  }
  if (key === "excepted" && Array.isArray(value)) {
    const days = value as { from: number; to: number; reason: string }[];
    const spanOf = ({ from, to }: { from: number; to: number }) => (from === to ? fullDay(from) : `${fullDay(from)} – ${fullDay(to)}`);
    return { key, label, text: joined(days.map((it) => `${spanOf(it)} ${it.reason}`), true) };
  }
  if (PARTIES.includes(key) && typeof value === "object") return { key, label, text: partyName(value as never) };
  const link = LINKS[key];
  if (link && typeof value === "string") return { key, label, text: t("form.open"), to: `/${link}/${value}` };
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return { key, label, text: "", facts: factsOf(value as Record<string, unknown>) };
  }
  return { key, label, text: textOf(key, value) };
}

/** One value as a text. */
export function textOf(key: string, value: unknown): string {
  if (value == null || value === "") return "—";
  const group = GROUPS[key];
  if (group) return word(group, String(value));
  if (typeof value === "boolean") return t(value ? "form.yes" : "form.no");
  if (NAMED.includes(key)) return nameOf(String(value));
  if (Array.isArray(value)) {
    if (NAMED_LISTS.includes(key)) return joined(value.map((id) => nameOf(String(id))));
    return joined(value.map((item) => textOf("", item)), true);
  }
  if (key === "duty" && typeof value === "object") {
    return word("duty_frequency", (value as { frequency: string }).frequency);
  }
  if (key === "deadline_ms") return date(Number(value));
  if (key.endsWith("_ms")) return time(Number(value));
  if (DAYS.includes(key) && typeof value === "number") return fullDay(value);
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}
