// What the relay says may be done, as the forms that the page has for it.
import type { Schemas } from "../api/client";
import { eventFields } from "../forms/events";
import type { Field } from "../forms/fields";

/** An event that may be done, or a case of it. */
type Named = Pick<Schemas["Action"], "event" | "case">;

/** The key of the form that an action has: some cases have forms of their own. */
export const formOf = ({ event, case: which }: Named) => (which && event !== "graded" ? `${event}.${which}` : event);

/** What a form asks for, with no more grades to choose from than are allowed. */
export function fieldsOf(kind: string, form: string, allowed: Named[]): Field[] | undefined {
  const fields = eventFields(kind, form);
  if (form !== "graded") return fields;
  const values = allowed.filter(({ event }) => event === "graded").map((action) => String(action.case));
  return fields?.map((field) => (field.key === "grade" ? { ...field, values } : field));
}
