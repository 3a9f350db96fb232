// Lists as people narrow, keep, sort and follow them: what is counted is what is listed.
import type { Page } from "@playwright/test";
import { address, expect, test } from "./desk";
import { filled, LANGUAGES, words as texts } from "./words";

const query = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);

for (const language of LANGUAGES) {
  const words = texts(language);
  const chip = (page: Page, label: string) => page.getByRole("search").getByRole("button", { name: label, exact: true });
  const option = (page: Page, name: string) => page.locator(".el-select-dropdown:visible .el-select-dropdown__item").getByText(name, { exact: true });

  test(`${language}: closed hazards are found, and a filter that was cleared stays so`, async ({ desk }) => {
    const page = await desk("supervisor", { language });
    await page.goto(address("/hazards"));
    const open = chip(page, words.filters.is_open);
    await expect(open).toHaveAttribute("aria-pressed", "true");
    await page.locator(".filters .el-select").first().click();
    await option(page, words.hazard_status.closed).click();
    await page.keyboard.press("Escape");
    await expect(open).toHaveAttribute("aria-pressed", "false");
    await expect(page.locator("tbody tr").first()).toContainText(words.hazard_status.closed);

    await chip(page, words.filters.clear).click();
    await expect.poll(() => query(page)).toEqual({ is_open: "" });
    await page.reload();
    await expect(open).toHaveAttribute("aria-pressed", "false");
    await page.locator("tbody td.main a").first().click();
    await expect(page.locator("article h1")).toBeVisible();
    await page.goBack();
    await expect(open).toHaveAttribute("aria-pressed", "false");
  });

  test(`${language}: a figure leads to the hazards that it counts, and a place to those that repeat there`, async ({ desk }) => {
    const page = await desk("supervisor", { language });
    await page.goto(address("/"));
    const figure = page.locator(".figures li").first();
    const all = await figure.locator("strong").innerText();
    await page.getByRole("combobox", { name: words.field.space, exact: true }).click();
    await page.locator(".el-select-dropdown:visible .el-select-dropdown__item").nth(3).click();
    await expect(figure.locator("strong")).not.toHaveText(all);
    const count = Number.parseInt(await figure.locator("strong").innerText(), 10);
    await figure.getByRole("link").click();
    if (count > 0) await expect(page.locator(".more-rows")).toContainText(filled(words.list.all, { count }));
    else await expect(page.locator(".empty")).toHaveText(words.hazards.empty);

    await page.goto(address("/"));
    const repeats = page.locator("section").filter({ has: page.getByRole("heading", { name: words.overview.repeats }) });
    const row = repeats.locator("tbody tr").first();
    const reported = Number(await row.locator("td.number").first().innerText());
    await row.getByRole("link").click();
    await expect(page.locator(".more-rows")).toContainText(filled(words.list.all, { count: reported }));
  });

  test(`${language}: a kept view brings its words back, and a spoilt one breaks nothing`, async ({ desk }) => {
    const page = await desk("supervisor", { language });
    await page.goto(address("/hazards?q=槽"));
    const box = page.getByLabel(words.filters.search);
    await chip(page, words.filters.keep).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(words.field.view_name).fill("电解槽");
    await dialog.getByRole("button", { name: words.form.submit }).click();
    await expect(dialog).toHaveCount(0);
    await chip(page, words.filters.clear).click();
    await expect(box).toHaveValue("");
    await chip(page, "电解槽").click();
    await expect(box).toHaveValue("槽");
    await box.press("Enter");
    await expect.poll(() => query(page).q).toBe("槽");

    for (const spoilt of ["{", "null", '{"a":null}']) {
      await page.evaluate((text) => localStorage.setItem("vanguard.views", text), spoilt);
      await page.goto(address("/hazards"));
      await expect(page.locator("tbody tr").first()).toBeVisible();
      await expect(page.locator(".filters .view")).toHaveCount(0);
    }
  });

  test(`${language}: a directory is in order from its first name to its last, and so are choices`, async ({ desk }) => {
    const page = await desk("supervisor", { language });
    // The relay gives the newest first; here those with odd numbers, then the others.
    const unit = (number: number) => ({
      id: `01a00000-0000-7000-8000-${String(number).padStart(12, "0")}`,
      kind: "unit",
      space: "00000000-0000-0000-0000-000000000000",
      creator: "00000000-0000-0000-0000-000000000000",
      created_ms: 0,
      fields: { name: `工段 ${number}`, unit_kind: "crew" },
      state: {},
      conflicts: [],
    });
    const numbers = Array.from({ length: 250 }, (_, at) => 250 - at);
    await page.route("**/api/units?*", (route) => {
      const isSecond = new URL(route.request().url()).searchParams.has("after");
      const rows = numbers.filter((number) => (number % 2 === 0) === isSecond).map(unit);
      return route.fulfill({ json: { rows, next: isSecond ? null : "0".repeat(32) } });
    });
    await page.goto(address("/units"));
    const inOrder = (count: number) => Array.from({ length: count }, (_, at) => `工段 ${at + 1}`);
    const names = page.locator("tbody td.main");
    await expect(names).toHaveText(inOrder(100));
    await page.getByRole("button", { name: words.list.more }).click();
    await page.getByRole("button", { name: words.list.more }).click();
    await expect(names).toHaveText(inOrder(250));
    await page.getByRole("button", { name: words.record.make }).click();
    await page.getByRole("dialog").getByLabel(words.field.parent).click();
    const shown = page.locator(".el-select-dropdown:visible .el-select-dropdown__item");
    await expect(shown.nth(0)).toContainText("工段 1 ");
    await expect(shown.nth(11)).toContainText("工段 12 ");
  });
}
