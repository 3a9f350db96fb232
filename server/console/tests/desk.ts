// A desk with the console open, at which somebody is signed in. Whatever the browser complains of
// meanwhile (an error, a text that is missing, a breach of the page's policy) fails the test.
import { test as plain, expect, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "@playwright/test";
import { stateOf, type Guide } from "./guides";
import type { Language } from "./words";

export { expect };

export interface Options {
  language?: Language;
  size?: { width: number; height: number };
}

type Open = (who: Guide | null, options?: Options) => Promise<Page>;

export const address = (path: string) => `${process.env.RELAY_URL}${path}`;

/** What a test does on purpose: being offline, cut off, not signed in, or refused. */
const EXPECTED = /Failed to load resource: (net::ERR_(INTERNET_DISCONNECTED|CONNECTION_(RESET|REFUSED))|the server responded with a status of (401|403|409|410|422))/;

/** A browser of its own, in which the console speaks a language. */
async function computer(browser: Browser, language: Language, more: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1366, height: 768 }, ...more });
  await context.addInitScript((chosen) => localStorage.setItem("vanguard.language", chosen), language);
  return context;
}

async function open(browser: Browser, who: Guide | null, { language = "zh-CN", size }: Options, complaints: string[]): Promise<Page> {
  const context = await computer(browser, language, {
    storageState: who ? stateOf(who) : undefined,
    ...(size ? { viewport: size } : {}),
    acceptDownloads: true,
  });
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    ),
  );
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`${error.message}\n${error.stack}`));
  page.on("console", (message) => {
    const isComplaint = ["error", "warning"].includes(message.type());
    // A photo that a record names may still be on its way.
    const isPhotoToCome = message.text().includes("status of 404") && message.location().url.includes("/api/photos/");
    if (isComplaint && !isPhotoToCome && !EXPECTED.test(message.text())) complaints.push(message.text());
  });
  return page;
}

export const test = plain.extend<{ desk: Open; stranger: (language: Language) => Promise<Page> }>({
  desk: async ({ browser }, use) => {
    const complaints: string[] = [];
    const pages: Page[] = [];
    await use(async (who, options = {}) => {
      const page = await open(browser, who, options, complaints);
      pages.push(page);
      return page;
    });
    await Promise.all(pages.map((page) => page.context().close()));
    expect(complaints).toEqual([]);
  },
  // At a relay of a test's own, that may be gone for a while: the browser may say so.
  stranger: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (language) => {
      const context = await computer(browser, language);
      contexts.push(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

/** Asks the relay as the page does. */
export async function ask<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(address(`/api${path}`));
  expect(response.ok(), `${path}: ${response.status()}`).toBe(true);
  return (await response.json()) as T;
}

export interface Rows {
  rows: { id: string; fields: Record<string, unknown>; state: Record<string, unknown>; conflicts: unknown[] }[];
}

/** Records of a list to which somebody may do something. */
export async function mayDo(page: Page, list: string, event: string, count = 1): Promise<string[]> {
  const { rows } = await ask<Rows>(page, list);
  const found: string[] = [];
  for (const { id } of rows) {
    const { actions } = await ask<{ actions: { event: string; refusal?: string | null }[] }>(page, `/documents/${id}/actions`);
    if (actions.some((action) => action.event === event && !action.refusal)) found.push(id);
    if (found.length === count) return found;
  }
  throw new Error(`in ${list} only ${found.length} may be ${event}`);
}
