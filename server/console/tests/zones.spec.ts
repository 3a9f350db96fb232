// What a zone's form asks for beside texts: its boundary, and who has to inspect it when.
import { address, ask, expect, test, type Rows } from "./desk";
import { filled, LANGUAGES, words as texts } from "./words";

const RING = [[112.61, 34.62], [112.62, 34.62], [112.62, 34.63], [112.61, 34.62]];
const feature = { type: "Feature", properties: { name: "净化区" }, geometry: { type: "Polygon", coordinates: [RING] } };

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: a zone gets its boundary from a file, and what is no polygon is said`, async ({ desk }) => {
    const page = await desk("secretary", { language });
    const name = `烟气净化区 ${language}`;
    await page.goto(address("/zones"));
    await page.getByRole("button", { name: words.record.make }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(words.field.space).click();
    await page.locator(".el-select-dropdown:visible .el-select-dropdown__item").first().click();
    await dialog.getByLabel(words.field.name).fill(name);
    await dialog.getByLabel(words.field.code).fill(`JH-${language}`);
    await dialog.getByText(words.zone_kind.environment, { exact: true }).click();
    const boundary = dialog.getByLabel(words.field.boundary);
    const wrong = dialog.getByRole("alert").filter({ hasText: words.boundary.wrong });
    const submit = dialog.getByRole("button", { name: words.form.submit });
    for (const text of ["北墙到南墙", JSON.stringify({ type: "LineString", coordinates: RING }), JSON.stringify({ type: "Polygon", coordinates: [RING.slice(0, 3)] })]) {
      await boundary.fill(text);
      await expect(wrong).toBeVisible();
    }
    await submit.click();
    await boundary.press("Control+Enter");
    await expect(wrong).toBeVisible();
    const file = { name: "zone.geojson", mimeType: "application/geo+json", buffer: Buffer.from(JSON.stringify({ type: "FeatureCollection", features: [feature] })) };
    await dialog.locator("input[type=file]").setInputFiles(file);
    await expect(wrong).toHaveCount(0);
    await submit.click();
    await expect(page.locator("h1")).toHaveText(name);
    const id = new URL(page.url()).pathname.split("/").pop();
    const { fields } = await ask<Rows["rows"][number]>(page, `/zones/${id}`);
    expect(JSON.parse(String(fields.boundary))).toEqual(feature.geometry);
    await page.goto(address("/"));
    await expect(page.locator(`.plan a[href*="${id}"] polygon`)).toBeVisible();
  });

  test(`${language}: a duty has its days of leave, and can be taken back`, async ({ desk }) => {
    const page = await desk("secretary", { language });
    const { rows } = await ask<Rows>(page, "/zones?limit=50");
    const zone = rows.find(({ fields }) => fields.duty);
    await page.goto(address(`/zones/${zone?.id}`));
    const dialog = page.getByRole("dialog");
    const edit = async (work: () => Promise<void>) => {
      await page.getByRole("button", { name: words.event.edit }).click();
      await work();
      await dialog.getByRole("button", { name: words.form.submit }).click();
      await expect(dialog).toHaveCount(0);
    };
    const dutyOf = async () => (await ask<Rows["rows"][number]>(page, `/zones/${zone?.id}`)).fields.duty as { frequency: string; excepted?: object[] } | undefined;
    const added = async () => {
      await dialog.getByRole("button", { name: words.duty.add }).click();
      return dialog.getByRole("group").last();
    };

    await edit(async () => {
      await dialog.getByText(words.duty.none, { exact: true }).click();
    });
    await expect.poll(dutyOf).toBeUndefined();
    await edit(async () => {
      await dialog.getByText(words.duty_frequency.daily, { exact: true }).click();
      const shutdown = await added();
      await shutdown.getByLabel(words.field.from).fill("2026-10-01");
      await shutdown.getByLabel(words.field.to).fill("2026-10-07");
      // Nothing is handed in that lacks its reason.
      await dialog.getByRole("button", { name: words.form.submit }).click();
      await shutdown.getByLabel(words.field.reason).fill("年度检修");
      await (await added()).getByLabel(words.field.reason).fill("多写的");
      await dialog.getByRole("button", { name: filled(words.duty.remove, { number: 2 }) }).click();
    });
    // Days are counted from 1970: 2026-10-01 is the 20,727th.
    await expect.poll(dutyOf).toMatchObject({ frequency: "daily", excepted: [{ from: 20_727, to: 20_733, reason: "年度检修" }] });
    await expect(page.locator(".card").filter({ hasText: words.field.excepted }).first()).toContainText("年度检修");
    await edit(async () => {
      await dialog.getByRole("button", { name: filled(words.duty.remove, { number: 1 }) }).click();
    });
    await expect.poll(async () => (await dutyOf())?.excepted ?? []).toEqual([]);
  });
}
