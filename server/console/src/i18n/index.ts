// All texts that a person sees: the page's own, and the vocabulary of the core, which stands in
// the core's own catalogues and nowhere else.
import { createI18n } from "vue-i18n";
import { computed } from "vue";
import coreChinese from "../../../../core/catalogue/zh-CN.json";
import coreEnglish from "../../../../core/catalogue/en.json";
import chinese from "./zh-CN.json";
import english from "./en.json";

export type Language = "zh-CN" | "en";

const KEPT = "vanguard.language";

export const i18n = createI18n({
  legacy: false,
  locale: (localStorage.getItem(KEPT) === "en" ? "en" : "zh-CN") as Language,
  fallbackLocale: "zh-CN",
  messages: {
    "zh-CN": { ...coreChinese, ...chinese },
    en: { ...coreEnglish, ...english },
  },
});

export const language = computed<Language>({
  get: () => i18n.global.locale.value as Language,
  set: (chosen) => {
    i18n.global.locale.value = chosen;
    localStorage.setItem(KEPT, chosen);
    document.documentElement.lang = chosen;
    document.title = i18n.global.t("app.title");
  },
});

document.documentElement.lang = language.value;

export const t = i18n.global.t;

/** Several texts in one line. */
export const joined = (texts: string[], isLoose = false): string =>
  texts.join(language.value === "en" ? (isLoose ? "; " : ", ") : isLoose ? "；" : "、");

/** A label and its text in one line. */
export const labelled = (label: string, text: string): string => (language.value === "en" ? `${label}: ${text}` : `${label}：${text}`);

/** What a button is called that makes an event. */
export const actionName = (kind: string, event: string): string =>
  t(i18n.global.te(`event.${kind}_${event}`, "zh-CN") ? `event.${kind}_${event}` : `event.${event}`);

/** What an event of a kind of record is called: by the core where it names it, else by the page. */
export function eventName(kind: string, event: string): string {
  const keys = [`${kind}_event.${event}`, `happened.${kind}_${event}`, `happened.${event}`];
  return t(keys.find((key) => i18n.global.te(key, "zh-CN")) ?? `event.${event}`);
}

/** The word for a value of one of the core's enumerations; a dash for none. */
export function word(group: string, value: string | null | undefined): string {
  return value ? t(`${group}.${value}`) : "—";
}
