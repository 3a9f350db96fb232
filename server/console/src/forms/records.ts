// The records of the directory and of spaces that are listed and edited alike: what a list shows
// of each kind, what its form asks for, and how it is called in the core.
import {
  enumeration,
  named,
  nameds,
  photos,
  prose,
  required,
  strings,
  text,
  type Field,
} from "./fields";

import type catalogue from "../../../../core/catalogue/zh-CN.json";

export interface Kind {
  /** Its name in the core. */
  name: string;
  /** Whether it lives in a space, so that a new one says in which. */
  isInSpace: boolean;
  /** The fields that a list shows, after the name. */
  columns: string[];
  /** What is asked for when one is made. */
  fields: Field[];
  /** Fields that stay as they were. */
  fixed: string[];
  /** Values of `category` in the list's filter: a group of the core's catalogue. */
  category?: keyof typeof catalogue;
  /** Whether it has a signboard to print. */
  hasSignboard?: boolean;
}

const personName = { label: "person_name", ...required };
const duty: Field = { key: "duty", type: "duty" };

export const kinds: Record<string, Kind> = {
  zones: {
    name: "zone",
    isInSpace: true,
    columns: ["code", "zone_kind", "unit", "holders", "duty"],
    category: "zone_kind",
    hasSignboard: true,
    fixed: [],
    fields: [
      text("name", required),
      text("code", required),
      enumeration("zone_kind", "zone_kind", required),
      text("place"),
      named("unit", "units"),
      nameds("holders", "members"),
      strings("covered_people"),
      { key: "risk_points", type: "risks" },
      named("template", "templates"),
      duty,
      { key: "boundary", type: "boundary" },
    ],
  },
  posts: {
    name: "post",
    isInSpace: true,
    columns: ["code", "post_kind", "status", "holders", "entries"],
    category: "post_kind",
    hasSignboard: true,
    fixed: [],
    fields: [
      text("name", required),
      text("code", required),
      enumeration("post_kind", "post_kind", required),
      text("place"),
      named("unit", "units"),
      nameds("holders", "members"),
      strings("commitments"),
    ],
  },
  teams: {
    name: "team",
    isInSpace: true,
    columns: ["team_kind", "leader", "members", "is_ended"],
    category: "team_kind",
    fixed: [],
    fields: [
      text("name", required),
      enumeration("team_kind", "team_kind", required),
      prose("goal"),
      named("leader", "members"),
      nameds("members", "members"),
      named("unit", "units"),
    ],
  },
  organisations: {
    name: "organisation",
    isInSpace: false,
    columns: ["org_kind", "parent", "status"],
    category: "party_org_kind",
    fixed: ["parent", "org_kind"],
    fields: [
      text("name", required),
      enumeration("org_kind", "party_org_kind", required),
      named("parent", "organisations", required),
      text("project"),
    ],
  },
  units: {
    name: "unit",
    isInSpace: false,
    columns: ["unit_kind", "parent"],
    category: "unit_kind",
    fixed: [],
    fields: [text("name", required), enumeration("unit_kind", "unit_kind", required), named("parent", "units")],
  },
  members: {
    name: "member",
    isInSpace: false,
    columns: ["number", "home", "unit"],
    fixed: [],
    fields: [text("name", personName), text("number", required), named("home", "organisations"), named("unit", "units")],
  },
  persons: {
    name: "person",
    isInSpace: false,
    columns: ["unit"],
    fixed: [],
    fields: [text("name", personName), named("unit", "units", required)],
  },
  grants: {
    name: "grant",
    isInSpace: false,
    columns: ["role", "org", "is_ended"],
    category: "role",
    fixed: ["member", "role", "org"],
    fields: [
      named("member", "members", required),
      enumeration("role", "role", required),
      named("org", "organisations", required),
    ],
  },
  templates: {
    name: "template",
    isInSpace: false,
    columns: ["inspection_kind", "org", "version", "is_retired"],
    category: "inspection_kind",
    fixed: [],
    fields: [
      text("name", required),
      enumeration("inspection_kind", "inspection_kind", required),
      named("org", "organisations", required),
      duty,
    ],
  },
};

/** What is asked for when a hazard is reported, and may be edited while it is open. */
export const hazardFields: Field[] = [
  prose("description", required),
  enumeration("nature", "hazard_nature", required),
  named("zone", "zones"),
  text("place"),
  text("item"),
  prose("requirements"),
];

/** What is asked for when one is reported from the desk. */
export const hazardReportFields: Field[] = [...hazardFields, photos("photos")];
