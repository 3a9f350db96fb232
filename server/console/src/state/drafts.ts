// What somebody typed and has not handed in yet: kept by this browser, for its author alone, also
// where the page is reloaded, the browser closed, or the session run out meanwhile.
import { session } from "./session";

/** What the page showed when a form was opened. What was typed is measured by it: what others did
 * meanwhile is not what this author has done. */
export interface Base {
  values: Record<string, unknown>;
  /** The position of the relay's log at which it was shown, of a form about a record. */
  seen?: number;
}

export interface Draft {
  /** Under which it is handed in, however often it is tried. */
  id: string;
  values: Record<string, unknown>;
  base?: Base;
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

export function keepDraft(name: string, draft: Omit<Draft, "at_ms">): void {
  try {
    localStorage.setItem(keyOf(name), JSON.stringify({ ...draft, at_ms: Date.now() }));
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
