// What a form asks for: one description for each field, from which inputs are made.
import { t } from "../i18n";
import type { NamedKind } from "../state/names";

export type FieldType =
  | "text"
  | "password"
  | "prose"
  | "bool"
  | "number"
  | "enumeration"
  | "instant"
  | "day"
  | "named"
  | "nameds"
  | "party"
  | "strings"
  | "items"
  | "risks"
  | "duty"
  | "boundary"
  | "photos"
  | "group";

export interface Field {
  /** Its name in the API. */
  key: string;
  type: FieldType;
  /** What it is called, where that is not its key's name. */
  label?: string;
  isRequired?: boolean;
  /** Of `enumeration`: the group of the core's catalogue. */
  group?: string;
  /** Of `enumeration`: only these values. */
  values?: string[];
  /** Of `named` and `nameds`: what is chosen from. */
  kind?: NamedKind;
  /** Of `group`: its own fields. */
  fields?: Field[];
  /** Shown only while this holds of the form's values. */
  isShown?: (model: Model) => boolean;
}

// What a form holds is JSON whose shape its fields describe.
export type Model = Record<string, unknown>;

const make =
  (type: FieldType) =>
  (key: string, more: Partial<Field> = {}): Field => ({ key, type, ...more });

export const text = make("text");
export const password = make("password");
export const prose = make("prose");
export const bool = make("bool");
export const number = make("number");
export const instant = make("instant");
export const day = make("day");
export const party = make("party");
export const strings = make("strings");
export const photos = make("photos");

export const enumeration = (key: string, group: string, more: Partial<Field> = {}): Field => ({
  key,
  type: "enumeration",
  group,
  ...more,
});
export const named = (key: string, kind: NamedKind, more: Partial<Field> = {}): Field => ({
  key,
  type: "named",
  kind,
  ...more,
});
export const nameds = (key: string, kind: NamedKind, more: Partial<Field> = {}): Field => ({
  key,
  type: "nameds",
  kind,
  ...more,
});
export const required = { isRequired: true };

/** What a field is called. */
export const labelOf = ({ key, label }: Field): string => t(`field.${label ?? key}`);

/** Whether a value says nothing. */
export function isEmpty(value: unknown): boolean {
  return (
    value == null ||
    (typeof value === "string" && value.trim() === "") ||
    (Array.isArray(value) && value.length === 0)
  );
}

// Lists are typed as text, one line for each, and become lists only when they are handed in: a line
// that is not whole yet is nobody's to correct.
const PAIRS: Partial<Record<FieldType, [string, string]>> = { items: ["code", "text"], risks: ["name", "measures"] };

/** A list as the text in which it is edited, or that text. */
export function linesOf({ type }: Field, value: unknown): string {
  if (typeof value === "string") return value;
  const keys = PAIRS[type];
  const line = (entry: unknown) => (keys ? keys.map((key) => (entry as Model)[key] ?? "").join(" | ") : String(entry));
  return ((value as unknown[] | undefined) ?? []).map(line).join("\n");
}

/** The list that a text says. */
function listOf({ type }: Field, text: string): unknown[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const keys = PAIRS[type];
  if (!keys) return lines;
  return lines.map((line) => {
    const [head = "", ...rest] = line.split("|");
    return { [keys[0]]: head.trim(), [keys[1]]: rest.join("|").trim() };
  });
}

const isList = ({ type }: Field) => type === "strings" || type in PAIRS;

/** The names of required fields that are empty. */
export function missing(fields: Field[], model: Model): Field[] {
  return fields
    .filter((field) => !field.isShown || field.isShown(model))
    .flatMap((field) => {
      const value = model[field.key];
      if (field.type === "group") return missing(field.fields ?? [], (value ?? {}) as Model);
      return field.isRequired && isEmpty(value) ? [field] : [];
    });
}

/** The values of shown fields, without those that say nothing. */
export function filled(fields: Field[], model: Model): Model {
  const values: Model = {};
  for (const field of fields) {
    if (field.isShown && !field.isShown(model)) continue;
    const value = model[field.key];
    if (field.type === "group") {
      const inner = filled(field.fields ?? [], (value ?? {}) as Model);
      if (Object.keys(inner).length > 0) values[field.key] = whole(field.fields ?? [], inner);
    } else if (!isEmpty(value)) {
      const text = typeof value === "string" ? value.trim() : undefined;
      values[field.key] = text === undefined ? value : isList(field) ? listOf(field, text) : text;
    }
  }
  return values;
}

/** The fields to which `values`, as handed in, give another value than they had in `before`, a
 * form's model; null where they have none any more. */
export function changed(fields: Field[], before: Model, values: Model): Model {
  const had = filled(fields, before);
  const said = (field: Field, { [field.key]: value }: Model) => (isList(field) ? linesOf(field, value) : JSON.stringify(value));
  const edited = fields.filter((field) => said(field, values) !== said(field, had));
  return Object.fromEntries(edited.map(({ key }) => [key, values[key] ?? null]));
}

// The API's groups have all their texts, empty ones too.
function whole(fields: Field[], inner: Model): Model {
  return { ...Object.fromEntries(fields.map((field) => [field.key, ""])), ...inner };
}
