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

export const getRecord = (kind: string, id: string): Promise<AnyRecord> =>
  ask(() => anywhere.GET(`/${kind}/{id}`, { params: { path: { id } } }));

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

export const editRecord = (id: string, fields: Record<string, unknown>): Promise<Written> =>
  ask(() => anywhere.PATCH("/documents/{id}/fields", { params: { path: { id } }, body: fields }));

export type NewEvent = { event: string } & Record<string, unknown>;

/** Appends an event under an id of the caller's, however often it is tried. */
export const appendEvent = (id: string, event: NewEvent, eventId = freshId()): Promise<Written> =>
  ask(() => anywhere.POST("/documents/{id}/events", { params: { path: { id }, query: { id: eventId } }, body: event }));

/** Appends events in their order, all or none, each under an id of the caller's. */
export const appendEvents = (id: string, events: { id: string; event: NewEvent }[]): Promise<Written> =>
  ask(() => anywhere.POST("/documents/{id}/event-batches", { params: { path: { id } }, body: { events } }));

/** Verifies a General hazard and closes it out, in one step or not at all. */
export const closeAtOnce = (id: string, verified: Record<string, unknown>, eventId: string): Promise<Written> =>
  appendEvents(id, [
    { id: eventId, event: { ...verified, event: "verified" } },
    { id: following(eventId), event: { event: "closed_out" } },
  ]);

/** Another id, always the same for the same one: the next in its last 16 bits. */
export function following(id: string): string {
  const last = (Number.parseInt(id.slice(-4), 16) + 1) % 0x10000;
  return id.slice(0, -4) + last.toString(16).padStart(4, "0");
}

export const getActions = (id: string) => ask(() => api.GET("/documents/{id}/actions", { params: { path: { id } } }));

export const getHistory = (id: string) => ask(() => api.GET("/documents/{id}/history", { params: { path: { id } } }));
