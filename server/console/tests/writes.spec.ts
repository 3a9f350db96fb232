import { address, ask, expect, test, type Rows } from "./desk";
import { LANGUAGES, words as texts } from "./words";

interface Events {
  events: { event: string; position: number }[];
}

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: what was written but not answered is not written twice`, async ({ desk }) => {
    const page = await desk("supervisor", { language });
    const { rows } = await ask<Rows>(page, "/hazards?status=assigned&limit=2");
    const id = rows[LANGUAGES.indexOf(language)]?.id;
    const remarks = async () => (await ask<Events>(page, `/hazards/${id}`)).events.filter(({ event }) => event === "commented").length;
    const before = await remarks();
    await page.goto(address(`/hazards/${id}`));
    await page.locator(".actions").getByRole("button", { name: words.event.commented }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(words.field.text).fill("已电话核实");
    // The relay takes it; the connection is cut before the answer comes.
    await page.route("**/api/documents/*/events?*", async (route) => {
      await route.fetch();
      await route.abort("connectionreset");
    }, { times: 1 });
    await dialog.getByRole("button", { name: words.form.submit }).click();
    await expect(dialog.getByRole("alert")).toBeVisible();
    expect(await remarks()).toBe(before + 1);
    // Not even where the page was reloaded in between.
    await page.reload();
    await page.locator(".actions").getByRole("button", { name: words.event.commented }).click();
    await expect(dialog.getByLabel(words.field.text)).toHaveValue("已电话核实");
    await dialog.getByRole("button", { name: words.form.submit }).click();
    await expect(dialog).toHaveCount(0);
    expect(await remarks()).toBe(before + 1);
  });
}
