// What somebody typed and has not handed in yet: kept by this browser, for its author alone, also
// where the page is reloaded, the browser closed, or the session run out meanwhile.
import { session } from "./session";

export interface Draft {
  /** Under which it is handed in, however often it is tried. */
  id: string;
  values: Record<string, unknown>;
  /** When, by this computer's clock, which also says how old it is. */
  at_ms: number;
}

const PREFIX = "vanguard.draft.";
/** Nobody comes back to what lay for so long. */
const KEPT_MS = 30 * 86_400_000;

const keyOf = (name: string) => `${PREFIX}${session.me?.number ?? ""}.${name}`;

function read(key: string): Draft | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

export const draftOf = (name: string) => read(keyOf(name));

export function keepDraft(name: string, id: string, values: Record<string, unknown>): void {
  try {
    localStorage.setItem(keyOf(name), JSON.stringify({ id, values, at_ms: Date.now() }));
  } catch {
    // A full store keeps no draft; what was typed stays on the page.
  }
}

export const dropDraft = (name: string) => localStorage.removeItem(keyOf(name));

/** Lets go of everybody's drafts that are too old. */
export function sweepDrafts(): void {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && Date.now() - (read(key)?.at_ms ?? 0) > KEPT_MS) localStorage.removeItem(key);
  }
}
