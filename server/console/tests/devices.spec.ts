// Phones as the desk sees them: inviting one, and what was not taken from them.
import { join } from "node:path";
import { setUp } from "./accounts";
import { address, ask, expect, test } from "./desk";
import { worker } from "./disagree";
import { emptyRelay, phone, type Phone } from "./program";
import { LANGUAGES, words as texts } from "./words";

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: an invite is a QR code, for those whose phones the secretary may manage`, async ({ desk }) => {
    const page = await desk("secretary", { language });
    const member = await worker(page);
    const { number: above } = await ask<{ number: string }>(await desk("supervisor"), "/me");
    await page.goto(address("/devices"));
    const dialog = page.getByRole("dialog");
    const invite = async (number: string) => {
      await page.getByRole("button", { name: words.devices.invite }).click();
      await dialog.getByLabel(words.field.number).fill(number);
      await dialog.getByRole("button", { name: words.form.submit }).click();
    };
    await invite(above);
    await expect(dialog.getByRole("alert")).toHaveText({ "zh-CN": /没有此权限/, en: /may not do this/ }[language]);
    await dialog.getByRole("button", { name: words.form.cancel }).click();
    await invite(member.number);
    await expect(dialog.getByRole("img", { name: member.name })).toBeVisible();
  });

  test(`${language}: a phone appears when it is enrolled, and its six digits are confirmed`, async ({ stranger }) => {
    const page = await stranger(language);
    const relay = await emptyRelay();
    let field: Phone | undefined;
    try {
      const admin = { organisation: "新厂党委", name: "赵管", number: "A-0001" };
      await setUp(page, relay.setupLink, admin, language);
      await page.goto(`${relay.url}/devices`);
      await expect(page.locator(".live")).toHaveText(words.live.on);
      const made = await page.request.post(`${relay.url}/api/invites`, { data: { number: admin.number } });
      const { text } = (await made.json()) as { text: string };
      field = await phone(text, join(relay.folder, "phone.db"));

      const row = page.locator("tbody tr");
      await expect(row).toContainText(words.devices.unconfirmed);
      await row.getByRole("button", { name: words.devices.confirm }).click();
      const dialog = page.getByRole("dialog");
      const submit = dialog.getByRole("button", { name: words.devices.confirm });
      const wrong = String((Number(field.digits) + 1) % 1_000_000).padStart(6, "0");
      await dialog.getByLabel(words.field.digits).fill(wrong);
      await submit.click();
      await expect(dialog.getByRole("alert")).toBeVisible();
      await dialog.getByLabel(words.field.digits).fill(field.digits);
      await submit.click();
      await expect(dialog).toHaveCount(0);
      await expect(row).toContainText(words.devices.confirmed);

      const contact = row.locator(`[data-label="${words.devices.lastContact}"]`);
      await expect(contact).toHaveText("—");
      expect(await field.tell("sync")).toBe("synced");
      await expect(contact).toHaveText(/:/);
    } finally {
      await field?.stop();
      await relay.end();
    }
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
