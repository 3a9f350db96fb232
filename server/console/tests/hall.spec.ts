// The large screen of the hall: readable from afar, renewed by itself, and signed in for long without
// power to do anything.
import type { Page } from "@playwright/test";
import { PASSWORD, setUp, signIn } from "./accounts";
import { barriersOf } from "./barriers";
import { address, expect, test } from "./desk";
import { emptyRelay } from "./program";
import { LANGUAGES, words as texts } from "./words";

const SIZE = { width: 1920, height: 1080 };
/** Whoever makes signs reckons with a centimetre of letter for each four metres. The smallest screen in a
 * hall has 55 inches, 0.63 mm to a pixel at 1920: 24 pixels are 15 mm, of which a Chinese character
 * fills nine tenths, and is read from five metres. */
const SMALLEST_PX = 24;

/** Whatever is written on the page in smaller letters; in drawings, too. */
const tooSmall = (page: Page) =>
  page.locator(".hall-page").evaluate((hall, smallest) => {
    const texts = document.createTreeWalker(hall, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const around = text.parentElement;
      if (!text.textContent?.trim() || !around || around.closest(".visually-hidden, style, title") || around.getClientRects().length === 0) continue;
      const size = Math.round(Number.parseFloat(getComputedStyle(around).fontSize));
      if (size < smallest) found.push(`${text.textContent.trim()}: ${size}`);
    }
    return found;
  }, SMALLEST_PX);

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: the hall's letters are read from five metres, also where all is well`, async ({ desk }) => {
    const page = await desk("supervisor", { language, size: SIZE });
    await page.goto(address("/hall"));
    await expect(page.locator(".drawing svg")).toHaveCount(2);
    expect(await tooSmall(page)).toEqual([]);
    expect(await barriersOf(page)).toEqual([]);
    await page.route("**/api/duties?*", async (route) => {
      const answer = await route.fetch();
      const duties = (await answer.json()) as { zones: { due: number; done: number }[] };
      await route.fulfill({ response: answer, json: { ...duties, zones: duties.zones.map((zone) => ({ ...zone, done: zone.due })) } });
    });
    await page.reload();
    await expect(page.locator(".hall-grid .empty")).toHaveText(words.overview.allReported);
    expect(await tooSmall(page)).toEqual([]);
    expect(await barriersOf(page)).toEqual([]);
  });

  test(`${language}: the hall renews itself, and asks nothing more once its session has run out`, async ({ desk }) => {
    const page = await desk("supervisor", { language, size: SIZE });
    let asked = 0;
    await page.route("**/api/statistics/overview*", async (route) => {
      asked += 1;
      const answer = await route.fetch();
      const told = answer.ok() ? { json: { ...(await answer.json()), open: 4_000 + asked } } : {};
      await route.fulfill({ response: answer, ...told });
    });
    await page.clock.install();
    await page.goto(address("/hall"));
    const open = page.locator(".figures strong").first();
    await expect(open).toContainText(/400\d/);
    const before = await open.innerText();
    await page.clock.fastForward("01:01");
    await expect(open).not.toHaveText(before);

    await page.context().clearCookies();
    await page.clock.fastForward("01:01");
    await expect(page.getByRole("dialog", { name: words.signIn.expired })).toBeVisible();
    const last = asked;
    await page.clock.fastForward("30:00");
    await expect(page.locator(".hall-page time")).toBeVisible();
    expect(asked).toBe(last);
  });

  test(`${language}: a screen stays signed in and only shows the hall, until it is ended`, async ({ stranger }) => {
    const page = await stranger(language);
    const relay = await emptyRelay();
    try {
      const admin = { organisation: "新厂党委", name: "赵管", number: "A-0001" };
      await setUp(page, relay.setupLink, admin, language);
      await page.goto(`${relay.url}/hall`);
      await page.getByRole("button", { name: words.hall.stay }).click();
      await page.getByRole("dialog").getByRole("button", { name: words.hall.stay }).click();
      const end = page.getByRole("button", { name: words.hall.end });
      await expect(end).toBeVisible();
      const [cookie] = await page.context().cookies();
      expect(((cookie?.expires ?? 0) - Date.now() / 1000) / 86_400).toBeGreaterThan(90);
      await page.goto(`${relay.url}/units`);
      await expect(page).toHaveURL(`${relay.url}/hall`);
      const refused = await page.request.post(`${relay.url}/api/units`, { data: { name: "车间", unit_kind: "workshop" } });
      expect(refused.status()).toBe(403);
      await end.click();
      await expect(page).toHaveURL(/signin/);
      await signIn(page, admin.number, language, PASSWORD);
      await expect(page).toHaveURL(`${relay.url}/`);
    } finally {
      await relay.end();
    }
  });
}
