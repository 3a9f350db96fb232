// The texts of the page, so that tests read like the page in either language.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type own from "../src/i18n/zh-CN.json";
import type core from "../../../core/catalogue/zh-CN.json";

export type Language = "zh-CN" | "en";
export const LANGUAGES: Language[] = ["zh-CN", "en"];

const ROOT = join(import.meta.dirname, "..");
const read = <T>(...path: string[]) => JSON.parse(readFileSync(join(ROOT, ...path), "utf8")) as T;

export const ownWords = (language: Language) => read<typeof own>("src/i18n", `${language}.json`);

export const words = (language: Language) => ({
  ...read<typeof core>("../../core/catalogue", `${language}.json`),
  ...ownWords(language),
});

/** A text with its places filled in. */
export const filled = (text: string, values: Record<string, string | number>) =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
