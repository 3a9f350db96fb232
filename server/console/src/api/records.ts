// Records of any kind, where the page does not care which: lists, single ones, writing. The typed
// client wants each address spelled out; here they are made of a kind's name.
import { api, ask, type Schemas } from "./client";

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

// eslint-disable-next-line @typescript-eslint/no-explicit-any
const anywhere = api as any;

export const listRecords = (kind: string, query: Query): Promise<AnyPage> =>
  ask(() => anywhere.GET(`/${kind}`, { params: { query } }));

export const getRecord = (kind: string, id: string): Promise<AnyRecord> =>
  ask(() => anywhere.GET(`/${kind}/{id}`, { params: { path: { id } } }));

export const createRecord = (kind: string, query: Query, body: unknown): Promise<Written> =>
  ask(() => anywhere.POST(`/${kind}`, { params: { query }, body }));

export const editRecord = (id: string, fields: Record<string, unknown>): Promise<Written> =>
  ask(() => anywhere.PATCH("/documents/{id}/fields", { params: { path: { id } }, body: fields }));

export const appendEvent = (id: string, event: { event: string } & Record<string, unknown>): Promise<Written> =>
  ask(() => anywhere.POST("/documents/{id}/events", { params: { path: { id } }, body: event }));

export const getActions = (id: string) => ask(() => api.GET("/documents/{id}/actions", { params: { path: { id } } }));

export const getHistory = (id: string) => ask(() => api.GET("/documents/{id}/history", { params: { path: { id } } }));
