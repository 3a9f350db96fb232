// The names behind ids: organisations, units, members, persons and zones that whoever is signed
// in may see, for labels and for choosing.
import { computed, reactive } from "vue";
import { api, ask, type Schemas } from "../api/client";
import { allRows, type Page } from "../api/pages";
import { language, t } from "../i18n";

interface Named {
  id: string;
  name: string;
  more: string;
  parent?: string | null;
  kind?: string;
}

export type NamedKind = "organisations" | "units" | "members" | "persons" | "zones" | "templates";

const lists = reactive<Record<NamedKind, Named[]>>({
  organisations: [],
  units: [],
  members: [],
  persons: [],
  zones: [],
  templates: [],
});
const index = computed(() => new Map(Object.values(lists).flat().map((named) => [named.id, named])));
/** Whom the relay itself acts for at the command line. */
const OPERATOR = "00000000-0000-0000-0000-000000000000";

const loaders: Record<NamedKind, () => Promise<Named[]>> = {
  organisations: async () =>
    (await every<Schemas["OrganisationRecord"]>("/organisations")).map(({ id, fields }) => ({
      id,
      name: fields.name,
      more: t(`party_org_kind.${fields.org_kind}`),
      parent: fields.parent,
      kind: fields.org_kind,
    })),
  units: async () =>
    (await every<Schemas["UnitRecord"]>("/units")).map(({ id, fields }) => ({
      id,
      name: fields.name,
      more: t(`unit_kind.${fields.unit_kind}`),
      parent: fields.parent,
    })),
  members: async () =>
    (await every<Schemas["MemberRecord"]>("/members")).map(({ id, fields }) => ({
      id,
      name: fields.name,
      more: fields.number,
      parent: fields.unit,
    })),
  persons: async () =>
    (await every<Schemas["PersonRecord"]>("/persons")).map(({ id, fields }) => ({
      id,
      name: fields.name,
      more: "",
      parent: fields.unit,
    })),
  zones: async () =>
    (await every<Schemas["ZoneRecord"]>("/zones")).map(({ id, fields }) => ({
      id,
      name: fields.name,
      more: fields.code,
    })),
  templates: async () =>
    (await every<Schemas["TemplateRecord"]>("/templates")).map(({ id, fields }) => ({
      id,
      name: fields.name,
      more: "",
    })),
};

function every<R>(path: `/${NamedKind}`): Promise<R[]> {
  return allRows((query) => ask(() => api.GET(path, { params: { query } })) as unknown as Promise<Page<R>>);
}

/** Loads all names, or those of some kinds anew. */
export async function loadNames(kinds = Object.keys(lists) as NamedKind[]): Promise<void> {
  await Promise.all(
    kinds.map(async (kind) => {
      lists[kind] = await loaders[kind]();
    }),
  );
}

/** Ids whose names were looked for already: what stays without a name is not for whoever looks. */
const missed = new Set<string>();
let soon: ReturnType<typeof setTimeout> | undefined;

/** A record that came in meanwhile names somebody new: their name is asked for once. */
function lookFor(id: string): void {
  if (missed.has(id)) return;
  missed.add(id);
  clearTimeout(soon);
  soon = setTimeout(() => loadNames().catch(() => missed.clear()), 250); // all of a page at once
}

const sorted = computed(() => {
  const { compare } = new Intl.Collator(language.value, { numeric: true });
  const inOrder = (all: Named[]) => [...all].sort((a, b) => compare(a.name, b.name));
  return Object.fromEntries(Object.entries(lists).map(([kind, all]) => [kind, inOrder(all)])) as Record<NamedKind, Named[]>;
});

/** What of a kind can be chosen, as people look for it. */
export function choices(kind: NamedKind): Named[] {
  return sorted.value[kind];
}

export const isOperator = (id: string | null | undefined): boolean => id === OPERATOR;

/** The name behind an id; a dash for none. */
export function nameOf(id: string | null | undefined): string {
  if (!id) return "—";
  if (isOperator(id)) return t("names.operator");
  const name = index.value.get(id)?.name;
  if (name === undefined) lookFor(id);
  return name ?? t("names.unknown");
}

/** The name of a member or of a person without an account. */
export function partyName(party: Schemas["Party"] | null | undefined): string {
  if (!party) return "—";
  return nameOf("member" in party ? party.member : party.person);
}
