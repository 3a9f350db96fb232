// The ledger: hazards with names instead of ids.
import { api, ask, type Schemas } from "./client";

export type LedgerRow = Schemas["LedgerRow"];

/** A page of it. The API has the same address give files too; this asks for JSON. */
export const ledgerPage = (query: Record<string, unknown>) =>
  ask(() => api.GET("/ledger", { params: { query: query as never } })) as Promise<Schemas["LedgerPage"]>;

export const ledgerRow = (id: string) => ask(() => api.GET("/ledger/{id}", { params: { path: { id } } }));

const MEDIA = {
  csv: "text/csv",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** Saves the whole ledger that a filter leaves as a file. */
export async function saveLedger(form: keyof typeof MEDIA, query: Record<string, unknown>): Promise<void> {
  const file = await ask(() =>
    api.GET("/ledger", { params: { query: query as never }, headers: { Accept: MEDIA[form] }, parseAs: "blob" }),
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file as unknown as Blob);
  link.download = `ledger.${form}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
