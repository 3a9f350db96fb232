import { join } from "node:path";

/** Those whom the demo prints links for, in its order. */
export const GUIDES = ["supervisor", "secretary", "officer"] as const;
export type Guide = (typeof GUIDES)[number];

export const stateOf = (guide: Guide) => join(process.env.STATES ?? ".", `${guide}.json`);
