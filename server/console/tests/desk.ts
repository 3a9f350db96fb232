// A desk with the console open, at which somebody is signed in. Whatever the browser complains of
// meanwhile (an error, a text that is missing, a breach of the page's policy) fails the test.
import { test as plain, expect, type Browser, type Page } from "@playwright/test";
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

async function open(browser: Browser, who: Guide | null, { language = "zh-CN", size }: Options, complaints: string[]): Promise<Page> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    storageState: who ? stateOf(who) : undefined,
    viewport: size ?? { width: 1366, height: 768 },
    acceptDownloads: true,
  });
  await context.addInitScript((chosen) => localStorage.setItem("vanguard.language", chosen), language);
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    ),
  );
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`${error.message}\n${error.stack}`));
  page.on("console", (message) => {
    const isComplaint = ["error", "warning"].includes(message.type());
    if (isComplaint && !EXPECTED.test(message.text())) complaints.push(message.text());
  });
  return page;
}

export const test = plain.extend<{ desk: Open }>({
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
