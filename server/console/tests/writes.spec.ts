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

  test(`${language}: what the relay did not take is shown as bytes and reasons`, async ({ desk }) => {
    const page = await desk("supervisor", { language });
    const { rows } = await ask<{ rows: { member: string; hash: string; size: number; words: Record<string, string> | null }[] }>(page, "/quarantine");
    expect(rows.length).toBeGreaterThan(0);
    const refused = rows.find((row) => row.words);
    await page.goto(address("/devices"));
    const device = page.locator("tbody tr").filter({ has: page.locator('a[href^="/quarantine"]') }).first();
    await device.locator('a[href^="/quarantine"]').click();
    await expect(page.locator("h1")).toHaveText(words.quarantine.title);
    await expect(page.locator(".quarantine pre").first()).toHaveText(/^([0-9a-f]{2} ?){16}/);
    await page.getByRole("link", { name: words.quarantine.all }).click();
    await expect(page.locator("tbody tr")).toHaveCount(rows.length);
    await expect(page.locator("tbody")).toContainText(String(refused?.words?.[language]));
    const saved = page.waitForEvent("download");
    await page.getByRole("link", { name: words.quarantine.download }).first().click();
    expect((await saved).suggestedFilename()).toBe(`${rows[0]?.hash}.automerge`);
  });
}

test("verified and closed out is one step, that the relay takes whole", async ({ desk }) => {
  const page = await desk("officer");
  const { rows } = await ask<Rows>(page, "/hazards?status=rectified&grade=general&limit=50");
  const asked: string[] = [];
  page.on("request", (request) => request.method() === "POST" && asked.push(new URL(request.url()).pathname));
  let id: string | undefined;
  for (const row of rows) {
    const { actions } = await ask<{ actions: { event: string; case: string | null; refusal: string | null }[] }>(page, `/documents/${row.id}/actions`);
    if (actions.some((action) => action.case === "and_closed_out" && !action.refusal)) id = row.id;
  }
  await page.goto(address(`/hazards/${id}`));
  await page.getByRole("button", { name: "复查合格并销号" }).click();
  await page.getByLabel("复查结论").fill("现场复查，符合要求");
  await page.getByRole("dialog").getByRole("button", { name: "提交" }).click();
  await expect(page.locator(".hazard-head .tags")).toContainText("已销号");
  expect(asked).toEqual([`/api/documents/${id}/event-batches`]);
  const { events } = await ask<Events>(page, `/hazards/${id}`);
  const [verified, closed] = events.slice(-2);
  expect([verified?.event, closed?.event]).toEqual(["verified", "closed_out"]);
  expect(closed?.position).toBe(Number(verified?.position) + 1);
});
