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
      values[field.key] = typeof value === "string" ? value.trim() : value;
    }
  }
  return values;
}

// The API's groups have all their texts, empty ones too.
function whole(fields: Field[], inner: Model): Model {
  return { ...Object.fromEntries(fields.map((field) => [field.key, ""])), ...inner };
}
