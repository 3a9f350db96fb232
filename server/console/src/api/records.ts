// Records of any kind, where the page does not care which: lists, single ones, writing. The typed
// client wants each address spelled out; here they are made of a kind's name.
import { api, ask, Problem, type Schemas } from "./client";

/** What all records have in common. */
export interface AnyRecord {
  id: string;
  kind: string;
  space: string;
  creator: string;
  created_ms: number;
  fields: Record<string, unknown>;
  state: Record<string, unknown>;
  events?: AnyEvent[];
  conflicts: Schemas["FieldConflict"][];
  /** The position of the relay's log at which a single record was shown. */
  readonly position?: number;
}

export type AnyEvent = Schemas["EventFrame"] & { event: string } & Record<string, unknown>;

export interface AnyPage {
  rows: AnyRecord[];
  next?: string | null;
}

type Query = Record<string, unknown>;
type Written = Schemas["Written"];

const anywhere = api as any;

export const listRecords = (kind: string, query: Query): Promise<AnyPage> =>
  ask(() => anywhere.GET(`/${kind}`, { params: { query } }));

export async function getRecord(kind: string, id: string): Promise<AnyRecord> {
  let position: string | null = null;
  const record = await ask<AnyRecord>(async () => {
    const answer = await anywhere.GET(`/${kind}/{id}`, { params: { path: { id } } });
    position = answer.response.headers.get("vanguard-position");
    return answer;
  });
  // Not enumerable: a record that says the same at a later position is not drawn anew, and has
  // been seen at either.
  return Object.defineProperty(record, "position", { value: Number(position) });
}

/** A UUIDv7 (RFC 9562): the time, then chance. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = Date.now();
  for (let at = 0; at < 6; at += 1) bytes[at] = Math.floor(time / 2 ** (8 * (5 - at))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Makes a record under an id of the caller's; one that is there already by an answer that was
 * lost is no mistake. */
export async function createRecord(kind: string, id: string, query: Query, body: unknown): Promise<void> {
  try {
    await ask(() => anywhere.POST(`/${kind}`, { params: { query: { ...query, id } }, body }));
  } catch (error) {
    if (!(error instanceof Problem && error.refusal === "already_created")) throw error;
  }
}

/** Gives fields other values, in the hand of somebody who saw the log up to a position. */
export const editRecord = (id: string, fields: Record<string, unknown>, seen?: number): Promise<Written> =>
  ask(() => anywhere.PATCH("/documents/{id}/fields", { params: { path: { id }, query: { seen } }, body: fields }));

export type NewEvent = { event: string } & Record<string, unknown>;

/** Under which id an event goes in, however often it is tried, and up to which position of the log
 * its author had seen the record. */
export interface Frame {
  id: string;
  seen?: number;
}

/** Appends an event. */
export const appendEvent = (id: string, event: NewEvent, query: Frame): Promise<Written> =>
  ask(() => anywhere.POST("/documents/{id}/events", { params: { path: { id }, query }, body: event }));

/** Appends events in their order, all or none, each under an id of the caller's. */
export const appendEvents = (id: string, events: { id: string; event: NewEvent }[], seen?: number): Promise<Written> =>
  ask(() => anywhere.POST("/documents/{id}/event-batches", { params: { path: { id }, query: { seen } }, body: { events } }));

/** Verifies a General hazard and closes it out, in one step or not at all. */
export const closeAtOnce = (id: string, verified: Record<string, unknown>, { id: eventId, seen }: Frame): Promise<Written> =>
  appendEvents(
    id,
    [
      { id: eventId, event: { ...verified, event: "verified" } },
      { id: following(eventId), event: { event: "closed_out" } },
    ],
    seen,
  );

/** An id for what one form does to one of many records, always the same for the same: the chance
 * of one is mixed with that of the other. */
export function derivedId(form: string, record: string): string {
  const own = (BigInt(`0x${form.slice(-12)}`) ^ BigInt(`0x${record.slice(-12)}`)).toString(16);
  return form.slice(0, -12) + own.padStart(12, "0");
}

/** Another id, always the same for the same one: the next in its last 16 bits. */
export function following(id: string): string {
  const last = (Number.parseInt(id.slice(-4), 16) + 1) % 0x10000;
  return id.slice(0, -4) + last.toString(16).padStart(4, "0");
}

export const getActions = (id: string) => ask(() => api.GET("/documents/{id}/actions", { params: { path: { id } } }));

/** What may be done to which of many records. */
export const getOffers = (documents: string[]) => ask(() => api.POST("/actions", { body: { documents } }));

export const getHistory = (id: string) => ask(() => api.GET("/documents/{id}/history", { params: { path: { id } } }));
