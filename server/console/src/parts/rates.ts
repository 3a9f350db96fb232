// Rates as people read them.
import type { Schemas } from "../api/client";

/** The percentage with one digit behind the point. */
export const percent = ({ numerator, denominator }: Schemas["Rate"]): string => `${Math.round((numerator / denominator) * 1000) / 10}%`;
