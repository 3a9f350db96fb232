// The ledger, and what is printed: read back as others read it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { address, ask, expect, test, type Rows } from "./desk";
import { filled, LANGUAGES, words as texts } from "./words";

/** The text of each page of a PDF, as another program reads it. */
function pages(pdf: Buffer): string[] {
  const text = execFileSync("pdftotext", ["-layout", "-", "-"], { input: pdf, encoding: "utf8" });
  return text.split("\f").slice(0, -1);
}

for (const language of LANGUAGES) {
  const words = texts(language);

  test.describe(language, () => {
    test("the ledger is handed in as a workbook and as CSV", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      await page.goto(address("/ledger"));
      for (const [button, start] of [
        ["XLSX", "PK"],
        ["CSV", `\ufeff${words.ledger_column.number}`],
      ] as const) {
        const saved = page.waitForEvent("download");
        await page.getByRole("button", { name: button }).click();
        const file = readFileSync(await (await saved).path(), "utf8");
        expect(file.startsWith(start)).toBe(true);
      }
    });

    test("the ledger is sorted as its language is", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      await page.goto(address("/ledger"));
      const people = page.locator("tbody td.inspector");
      const names = async () => (await people.allInnerTexts()).filter(Boolean);
      await expect(people.first()).toBeVisible();
      const sorted = (all: string[]) => [...all].sort(new Intl.Collator(language, { numeric: true }).compare);
      const sort = () => page.getByRole("columnheader", { name: words.ledger_column.inspector }).getByRole("button").click();
      const isSorted = async () => (await names()).join() === sorted(await names()).join();
      await sort();
      await expect(page.locator(".more-rows").getByRole("button")).toHaveCount(0); // all of them, not only the first page
      await expect.poll(isSorted).toBe(true);
      const [first, last] = [(await names())[0], (await names()).at(-1)];
      expect(first).not.toBe(last);
      await sort();
      await expect.poll(async () => (await names())[0]).toBe(last);
    });

    test("a notice fits on one sheet of A4", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const { rows } = await ask<Rows>(page, "/hazards?status=assigned&limit=1");
      await page.goto(address(`/print/notice/${rows[0]?.id}`));
      await expect(page.locator("h1")).toHaveText(words.notice.title);
      const sheets = pages(await page.pdf({ preferCSSPageSize: true }));
      expect(sheets).toHaveLength(1);
      for (const part of [words.notice.title, words.notice.issued, words.notice.verification]) expect(sheets[0]).toContain(part);
    });

    test("papers of many pages have their heads on each, and signboards a sheet each", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const { now_ms: now } = await ask<{ now_ms: number }>(page, "/me");
      const year = new Date(now + 8 * 3_600_000).getUTCFullYear();
      await page.goto(address("/print/public-notice"));
      await expect(page.locator("h1")).toContainText(filled(words.publicNotice.title, { month: "", year }).trim().split(" ")[0] ?? "");
      const sheets = pages(await page.pdf({ preferCSSPageSize: true }));
      expect(sheets.length).toBeGreaterThan(1);
      for (const sheet of sheets.slice(0, -1)) expect(sheet).toContain(words.ledger_column.description);
      const { rows } = await ask<Rows>(page, "/zones?limit=200&is_open=true");
      await page.goto(address("/print/signboards/zones"));
      await expect(page.locator(".signboard")).toHaveCount(rows.length);
      expect(pages(await page.pdf({ preferCSSPageSize: true }))).toHaveLength(rows.length);
    });
  });
}
