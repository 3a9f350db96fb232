// People who sign in with a password, unlike the demo's.
import { expect, type Page } from "@playwright/test";

export const PASSWORD = "安全生产人人有责2026";

export async function signIn(page: Page, number: string): Promise<void> {
  await page.getByLabel("工号").fill(number);
  await page.getByLabel("密码").fill(PASSWORD);
  await page.getByRole("button", { name: "登录" }).click();
}

/** Makes the first administrator by the one-time link, and signs them in. */
export async function setUp(page: Page, link: string, person: { organisation: string; name: string; number: string }): Promise<void> {
  await page.goto(link);
  for (const [name, value] of Object.entries({ ...person, password: PASSWORD })) await page.locator(`[name=${name}]`).fill(value);
  await page.getByRole("button").click();
  await page.getByRole("link", { name: "登录" }).click();
  await signIn(page, person.number);
  await expect(page).toHaveURL((address) => address.pathname === "/");
}
