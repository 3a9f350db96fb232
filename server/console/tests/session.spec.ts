// Signing in, and what becomes of a page when its session or its network is gone.
import { PASSWORD, setUp, signIn } from "./accounts";
import { address, expect, test } from "./desk";
import { emptyRelay } from "./program";
import { LANGUAGES, words as texts } from "./words";

const ADMIN = { organisation: "新厂党委", name: "赵管", number: "A-0001" };

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: a one-time link signs in once, and a stranger is led to sign in`, async ({ desk }) => {
    const page = await desk(null, { language });
    await page.goto(address("/ledger"));
    await expect(page).toHaveURL(/signin\?to=\/ledger|signin\?to=%2Fledger/);
    await page.goto(address(`/signin?token=${process.env.USED_TOKEN}`));
    await expect(page.getByRole("alert")).toHaveText({ "zh-CN": /已使用/, en: /was used/ }[language]);
  });

  test(`${language}: everybody changes their own password with the present one`, async ({ stranger }) => {
    const page = await stranger(language);
    const relay = await emptyRelay();
    const another = "每班巡查两遍不打折扣";
    try {
      await setUp(page, relay.setupLink, ADMIN, language);
      await page.goto(`${relay.url}/account`);
      const current = page.getByLabel(words.account.current);
      const next = page.getByLabel(words.account.next);
      const change = page.getByRole("button", { name: words.account.change });
      await current.fill("不是这个密码");
      await next.fill(another);
      await change.click();
      await expect(page.getByRole("alert")).toContainText({ "zh-CN": "现在的密码不正确", en: "not the present password" }[language]);
      await expect(next).toHaveValue(another);
      await current.fill(PASSWORD);
      await change.click();
      await expect(page.getByText(words.account.changed)).toBeVisible();
      await page.getByRole("button", { name: words.account.signOutEverywhere }).click();
      await signIn(page, ADMIN.number, language, another);
      await expect(page).toHaveURL(`${relay.url}/`);
    } finally {
      await relay.end();
    }
  });

  test(`${language}: what was typed survives the network and the session`, async ({ stranger }) => {
    test.setTimeout(120_000);
    const page = await stranger(language);
    const context = page.context();
    const relay = await emptyRelay();
    try {
      await setUp(page, relay.setupLink, ADMIN, language);
      await page.getByRole("link", { name: words.nav.units }).click();
      await page.getByRole("button", { name: words.record.make }).click();
      const dialog = page.getByRole("dialog").first();
      const name = dialog.getByLabel(words.field.name);
      const submit = dialog.getByRole("button", { name: words.form.submit });
      await name.fill("铸造三分厂");
      await dialog.getByLabel(words.field.unit_kind).click();
      await page.locator(".el-select-dropdown:visible .el-select-dropdown__item").first().click();

      await context.setOffline(true);
      await submit.click();
      await expect(dialog.getByRole("alert")).toContainText(words.problem.unreachable);
      await expect(name).toHaveValue("铸造三分厂");
      await context.setOffline(false);

      await context.clearCookies();
      await submit.click();
      const renewal = page.getByRole("dialog", { name: words.signIn.expired });
      await renewal.getByLabel(words.field.password).fill(PASSWORD);
      await renewal.getByRole("button", { name: words.signIn.submit }).click();
      await expect(page.locator("h1")).toHaveText("铸造三分厂");

      // Whoever signs in otherwise does so in another tab; this one goes on by itself.
      await page.goto(`${relay.url}/units`);
      await page.getByRole("button", { name: words.record.make }).click();
      await name.fill("挤压四分厂");
      await dialog.getByLabel(words.field.unit_kind).click();
      await page.locator(".el-select-dropdown:visible .el-select-dropdown__item").first().click();
      await context.clearCookies();
      await submit.click();
      const opened = context.waitForEvent("page");
      await renewal.getByRole("link", { name: words.signIn.elsewhere }).click();
      const other = await opened;
      await signIn(other, ADMIN.number, language);
      await expect(other).toHaveURL(`${relay.url}/`);
      await expect(renewal).toHaveCount(0);
      await expect(page.locator("h1")).toHaveText("挤压四分厂");

      // Not even where the tab is closed and the session ends before it is handed in.
      await page.goto(`${relay.url}/units`);
      await page.getByRole("button", { name: words.record.make }).click();
      await name.fill("热处理车间");
      await page.close();
      await context.clearCookies();
      const later = await context.newPage();
      await later.goto(`${relay.url}/units`);
      await signIn(later, ADMIN.number, language);
      await later.getByRole("button", { name: words.record.make }).click();
      const again = later.getByRole("dialog").first();
      await expect(again.getByLabel(words.field.name)).toHaveValue("热处理车间");
      await expect(again.locator(".restored")).toBeVisible();
      // Nobody else at this computer is shown it, and whoever wrote it may let go of it.
      await again.getByRole("button", { name: words.form.discard }).click();
      await expect(again.getByLabel(words.field.name)).toHaveValue("");
      await again.getByRole("button", { name: words.form.cancel }).click();

      await later.goto(`${relay.url}/account`);
      await later.getByRole("button", { name: words.account.signOutEverywhere }).click();
      await expect(later).toHaveURL(/signin/);
    } finally {
      await relay.end();
    }
  });
}
