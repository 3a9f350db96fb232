// People who sign in with a password, unlike the demo's.
import { expect, type Page } from "@playwright/test";
import { words as texts, type Language } from "./words";

export const PASSWORD = "安全生产人人有责2026";

export async function signIn(page: Page, number: string, language: Language, password = PASSWORD): Promise<void> {
  const words = texts(language);
  await page.getByLabel(words.field.number).fill(number);
  await page.getByLabel(words.field.password).fill(password);
  await page.getByRole("button", { name: words.signIn.submit }).click();
}

/** Makes the first administrator by the one-time link, and signs them in. */
export async function setUp(page: Page, link: string, person: { organisation: string; name: string; number: string }, language: Language): Promise<void> {
  await page.goto(link);
  for (const [name, value] of Object.entries({ ...person, password: PASSWORD })) await page.locator(`[name=${name}]`).fill(value);
  await page.getByRole("button").click();
  await page.getByRole("link", { name: texts(language).signIn.submit }).click();
  await signIn(page, person.number, language);
  await expect(page).toHaveURL((address) => address.pathname === "/");
}
