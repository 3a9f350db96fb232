// The page's texts: the same in both languages, each used, none missing.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { ownWords, words } from "./words";

const SOURCE = join(import.meta.dirname, "../src");
const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => /\.(vue|ts)$/.test(name));
const code = files.map((name) => readFileSync(join(SOURCE, name), "utf8")).join("\n");

const keys = (tree: object): string[] =>
  Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [key] : keys(value).map((rest) => `${key}.${rest}`)));

test("both catalogues say the same things", () => {
  expect(keys(ownWords("en")).sort()).toEqual(keys(ownWords("zh-CN")).sort());
});

test("the texts have the same places to fill in", () => {
  const flat = (tree: object): [string, string][] =>
    Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [[key, value] as [string, string]] : flat(value).map(([rest, text]) => [`${key}.${rest}`, text] as [string, string])));
  const places = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort().join();
  const english = new Map(flat(ownWords("en")));
  const different = flat(ownWords("zh-CN")).filter(([key, text]) => places(text) !== places(english.get(key) ?? ""));
  expect(different.map(([key]) => key)).toEqual([]);
});

test("every text is used somewhere", () => {
  // `t("group.key")` names a text; `t(\`group.${…}\`)` may name each of a group whose last part the code knows.
  const begun = [...code.matchAll(/`([a-z]\w*\.(?:\w+_)?)\$\{/gi)].map((match) => String(match[1]));
  const isNamed = (key: string) => ['"', "'", "`"].some((quote) => code.includes(`${quote}${key}${quote}`));
  const isWord = (part: string) => new RegExp(`\\b${part}\\b`).test(code);
  // Two words may stand beside each other, as in `event.${kind}_${event}`.
  const isMade = (key: string) =>
    begun
      .filter((start) => key.startsWith(start))
      .map((start) => key.slice(start.length).split("_"))
      .some((parts) => parts.some((_, at) => [parts.slice(0, at), parts.slice(at)].map((half) => half.join("_")).every((half) => !half || isWord(half))));
  expect(keys(ownWords("zh-CN")).filter((key) => !isNamed(key) && !isMade(key))).toEqual([]);
});

test("no text is missing that the code names", () => {
  const known = new Set([...keys(words("zh-CN")), ...keys(ownWords("zh-CN"))]);
  const named = [...code.matchAll(/\bt\(\s*["']([\w.]+)["']/g)].map((match) => String(match[1]));
  expect(named.filter((key) => !known.has(key))).toEqual([]);
});
