import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { address, ask, expect, test, type Rows } from "./desk";
import { LANGUAGES } from "./words";

// Every page at desk, phone and hall size: no serious barrier, nothing wider than the screen, and a
// picture of it for people to look at.
const AXE = readFileSync(join(import.meta.dirname, "../node_modules/axe-core/axe.min.js"), "utf8");
const PICTURES = process.env.SCREENSHOTS ?? "../../target/screenshots";
const SIZES = { desk: { width: 1366, height: 768 }, phone: { width: 390, height: 844 } };

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
  hazards: "is_superseded=true",
  inspections: "limit=1",
  violations: "limit=1",
  zones: "limit=1",
  posts: "limit=1",
  organisations: "category=temporary_branch",
  templates: "limit=1",
};

for (const language of LANGUAGES) {
  for (const [sizeName, size] of Object.entries(SIZES)) {
    // English is the longer: where it fits on a phone, it fits on a desk.
    if (language === "en" && sizeName === "desk") continue;
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
      const barriers: string[] = [];
      for (const [name, path] of Object.entries(all)) {
        await page.goto(address(path));
        await expect(page.locator("h1").first()).toBeVisible();
        await expect(page.locator(".el-skeleton")).toHaveCount(0);
        if (name === "overview") await expect(page.locator(".drawing svg").first()).toBeVisible();
        await page.evaluate(AXE);
        const results = await page.evaluate<AxeResults>("axe.run()");
        for (const { id, impact, nodes } of results.violations) {
          if (impact === "serious" || impact === "critical") barriers.push(`${name}: ${id}: ${nodes[0]?.html}`);
        }
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        const isPaper = path.startsWith("/print/");
        if (overflow > 0 && !isPaper) barriers.push(`${name}: ${overflow} pixels wider than the screen`);
        await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
      }
      expect(barriers).toEqual([]);
    });
  }
}

test("the hall's screen", async ({ desk }) => {
  const folder = join(PICTURES, "zh-CN", "hall");
  mkdirSync(folder, { recursive: true });
  const page = await desk("supervisor", { size: { width: 1920, height: 1080 } });
  await page.goto(address("/hall"));
  await expect(page.locator(".drawing svg")).toHaveCount(2);
  const overflow = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.screenshot({ path: join(folder, "hall.png") });
});

test("signing in", async ({ desk }) => {
  const page = await desk(null);
  await page.goto(address("/signin"));
  await expect(page.getByLabel("工号")).toBeVisible();
  await page.screenshot({ path: join(PICTURES, "zh-CN", "desk", "sign-in.png") });
});
