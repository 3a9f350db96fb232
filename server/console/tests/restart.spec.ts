import { setUp } from "./accounts";
import { expect, test } from "./desk";
import { emptyRelay } from "./program";
import { LANGUAGES, words as texts } from "./words";

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: a relay that is restarted finds the page as it was, and the page finds the relay`, async ({ stranger }) => {
    const page = await stranger(language);
    const relay = await emptyRelay();
    const liveness = page.getByRole("banner").getByRole("status");
    try {
      await setUp(page, relay.setupLink, { organisation: "厂党委", name: "陈安", number: "1" }, language);
      // Nothing is due and nothing reported: the rates are unknown, not 100%.
      await expect(page.locator(".figures .unknown")).toHaveCount(3);
      await page.getByRole("link", { name: words.nav.organisations }).click();
      await page.getByRole("button", { name: words.record.make }).click();
      const name = page.getByRole("dialog").getByLabel(words.field.name);
      await name.fill("电解党支部");
      await expect(liveness).toHaveText(words.live.on);

      await relay.stop();
      await expect(liveness).toHaveText(words.live.off);
      await relay.restart();
      await expect(liveness).toHaveText(words.live.on, { timeout: 30_000 });
      await expect(name).toHaveValue("电解党支部");
      // Also where the page was reloaded.
      await page.reload();
      await page.getByRole("button", { name: words.record.make }).click();
      await expect(name).toHaveValue("电解党支部");
    } finally {
      await relay.end();
    }
  });
}
