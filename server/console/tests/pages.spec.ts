import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { barriersOf } from "./barriers";
import { address, ask, expect, test, type Rows } from "./desk";
import { contested } from "./disagree";
import { emptyRelay } from "./program";
import { LANGUAGES, words as texts } from "./words";

// Every page at desk, phone and hall size: no serious barrier, nothing wider than the screen, and a
// picture of it for people to look at.
const PICTURES = process.env.SCREENSHOTS ?? "../../target/screenshots";
const SIZES = { desk: { width: 1366, height: 768 }, phone: { width: 390, height: 844 }, hall: { width: 1920, height: 1080 } };

const PAGES: Record<string, string> = {
  overview: "/",
  queue: "/queue",
  hazards: "/hazards",
  inspections: "/inspections",
  violations: "/violations",
  ledger: "/ledger",
  statistics: "/statistics",
  zones: "/zones",
  posts: "/posts",
  teams: "/teams",
  templates: "/templates",
  organisations: "/organisations",
  units: "/units",
  members: "/members",
  persons: "/persons",
  grants: "/grants",
  devices: "/devices",
  quarantine: "/quarantine",
  import: "/import",
  account: "/account",
  nothing: "/no-such-page",
  "public-notice": "/print/public-notice",
};

/** One record of each kind that has a page. */
const RECORDS: Record<string, string> = {
  hazards: "limit=1",
  inspections: "limit=1",
  violations: "limit=1",
  zones: "limit=1",
  posts: "limit=1",
  organisations: "category=temporary_branch",
  templates: "limit=1",
};

/** What a page is made of is the same in the hall as at a desk, and in either language: barriers are
 * looked for once in each form of it. */
const JUDGED = ["zh-CN desk", "en phone"];

for (const language of LANGUAGES) {
  for (const [sizeName, size] of Object.entries(SIZES)) {
    // English is the longer: where it fits at a desk, it fits where there is more room.
    if (language === "en" && sizeName === "hall") continue;
    test(`every page at ${sizeName} size in ${language}`, async ({ desk }) => {
      test.setTimeout(300_000);
      const folder = join(PICTURES, language, sizeName);
      mkdirSync(folder, { recursive: true });
      const page = await desk("secretary", { language, size });
      const all = { ...PAGES };
      for (const [kind, query] of Object.entries(RECORDS)) {
        const { rows } = await ask<Rows>(page, `/${kind}?${query}`);
        if (rows[0]) all[`${kind}-one`] = `/${kind}/${rows[0].id}`;
        if (kind === "hazards" && rows[0]) all.notice = `/print/notice/${rows[0].id}`;
        if (kind === "zones" && rows[0]) all.signboard = `/print/signboards/zones?id=${rows[0].id}`;
      }
      all["hazards-contested"] = `/hazards/${(await contested(page, await desk("officer"))).id}`;
      const barriers: string[] = [];
      for (const [name, path] of Object.entries(all)) {
        await page.goto(address(path));
        await expect(page.locator("h1").first()).toBeVisible();
        await expect(page.locator(".el-skeleton")).toHaveCount(0);
        if (name === "overview") await expect(page.locator(".drawing svg").first()).toBeVisible();
        const found = JUDGED.includes(`${language} ${sizeName}`) ? await barriersOf(page) : [];
        barriers.push(...found.map((barrier) => `${name}: ${barrier}`));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        const isPaper = path.startsWith("/print/");
        if (overflow > 0 && !isPaper) barriers.push(`${name}: ${overflow} pixels wider than the screen`);
        await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
      }
      expect(barriers).toEqual([]);
    });
  }
}

for (const language of LANGUAGES) {
  test(`the hall's screen in ${language}`, async ({ desk }) => {
    const folder = join(PICTURES, language, "hall");
    mkdirSync(folder, { recursive: true });
    const page = await desk("supervisor", { language, size: SIZES.hall });
    await page.goto(address("/hall"));
    await expect(page.locator(".drawing svg")).toHaveCount(2);
    const overflow = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
    expect(overflow).toBeLessThanOrEqual(0);
    await page.screenshot({ path: join(folder, "hall.png") });
  });
}

/** The pages of those who are not signed in: one of the console, two of the relay itself. */
for (const language of LANGUAGES) {
  for (const sizeName of ["desk", "phone"] as const) {
    test(`signing in and setting up at ${sizeName} size in ${language}`, async ({ desk }) => {
      const folder = join(PICTURES, language, sizeName);
      mkdirSync(folder, { recursive: true });
      const page = await desk(null, { language, size: SIZES[sizeName] });
      const look = async (name: string) => {
        expect(await barriersOf(page), name).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), name).toBeLessThanOrEqual(0);
        await page.screenshot({ path: join(folder, `${name}.png`) });
      };
      const words = texts(language);
      await page.goto(address("/signin"));
      await page.getByRole("button", { name: words.signIn.submit }).click();
      await expect(page.getByRole("alert")).toContainText(words.field.password);
      await look("sign-in");
      await page.goto(address("/setup?token=00"));
      await look("setup-used");
      const relay = await emptyRelay();
      try {
        await page.goto(relay.setupLink);
        await page.getByLabel("显示密码").check();
        await expect(page.getByLabel("密码（至少")).toHaveAttribute("type", "text");
        await look("setup");
      } finally {
        await relay.end();
      }
    });
  }
}
