// The ledger, and what is printed: read back as others read it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { components } from "../src/api/schema";
import { address, ask, expect, mayDo, test, type Rows } from "./desk";
import { tell } from "./disagree";
import { filled, LANGUAGES, words as texts, type Language } from "./words";

type Period = components["schemas"]["PeriodStatistics"];
type LedgerRow = components["schemas"]["LedgerRow"];

/** What the page prints. */
const printed = (page: Page) => page.pdf({ preferCSSPageSize: true });

/** The text of each page of a PDF, as another program reads it. */
function pages(pdf: Buffer): string[] {
  const text = execFileSync("pdftotext", ["-layout", "-", "-"], { input: pdf, encoding: "utf8" });
  return text.split("\f").slice(0, -1);
}

/** The text of a paper that is one sheet of A4. */
function onlySheet(pdf: Buffer): string {
  expect(execFileSync("pdfinfo", ["-"], { input: pdf, encoding: "utf8" })).toMatch(/Page size:.*\(A4\)/);
  const sheets = pages(pdf);
  expect(sheets).toHaveLength(1);
  return String(sheets[0]);
}

/** What a line to fill in begins with; what follows is room. */
const beforeColon = (line: string) => String(line.split(/[：:]/)[0]);

/** Without its spaces: another program sees more of them, or fewer. */
const squeezed = (text: string) => text.replaceAll(/\s/g, "");

/** A day in China as the papers write it. */
function dayIn(language: Language, ms: number): string {
  const [locale, month] = language === "en" ? ["en-GB", "short" as const] : ["zh-CN", "2-digit" as const];
  return new Intl.DateTimeFormat(locale, { timeZone: "Asia/Shanghai", year: "numeric", month, day: "2-digit" }).format(ms);
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

    test("a notice is one sheet, dated as its assignment whenever it is printed", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const { now_ms: now } = await ask<{ now_ms: number }>(page, "/me");
      const { rows } = await ask<{ rows: LedgerRow[] }>(page, "/ledger?status=assigned&limit=200");
      const isOfToday = (row: LedgerRow) => dayIn(language, row.assigned_at_ms ?? now) === dayIn(language, now);
      const row = rows.find((row) => !isOfToday(row));
      await page.goto(address(`/print/notice/${row?.hazard}`));
      await expect(page.locator("h1")).toHaveText(words.notice.title);
      const sheet = onlySheet(await printed(page));
      for (const part of [words.notice.title, words.notice.issued, words.notice.received, words.notice.verification]) expect(sheet).toContain(part);
      expect(sheet).toMatch(new RegExp(`${words.notice.issuedOn}[：:] ?${dayIn(language, row?.assigned_at_ms ?? now)}`));
    });

    test("a signed reply and the verification print on the notice's one sheet", async ({ desk }) => {
      const page = await desk("officer", { language });
      const [id] = await mayDo(page, "/hazards?status=assigned&grade=general&limit=200", "rectified");
      await page.goto(address(`/hazards/${id}`));
      const shot = await page.screenshot();
      await page.locator(".actions").getByRole("button", { name: words.event.rectified_on_behalf }).click();
      const dialog = page.getByRole("dialog").first();
      await dialog.getByLabel(words.field.what).fill("已换限位");
      await dialog.getByLabel(words.field.reply_photos).setInputFiles({ name: "reply.png", mimeType: "image/png", buffer: shot });
      await expect(dialog.locator(".photo-strip img")).toHaveCount(1);
      await dialog.getByRole("button", { name: words.form.submit, exact: true }).click();
      await expect(dialog).toHaveCount(0);
      const verifier = await desk("secretary", { language });
      await tell(verifier, "post", `/documents/${id}/events`, { event: "verified", conclusion: "试车合格" });

      const row = await ask<LedgerRow>(verifier, `/ledger/${id}`);
      await page.goto(address(`/print/notice/${id}`));
      await expect(page.locator("h1")).toHaveText(words.notice.title);
      const sheet = onlySheet(await printed(page));
      const photo = filled(words.notice.photos, { count: 1, hashes: String(row.photos_after[0]?.hash.slice(0, 8)) });
      for (const part of ["已换限位", photo, beforeColon(words.notice.replySign), "试车合格", String(row.verifier)]) expect(sheet).toContain(part);
      expect(sheet).not.toContain(beforeColon(words.notice.verifierSign));
    });

    for (const period of ["quarterly", "yearly"] as const) {
      test(`the ${period} statistics are one sheet to sign, and say as of when`, async ({ desk }) => {
        const page = await desk("supervisor", { language });
        const { now_ms: now } = await ask<{ now_ms: number }>(page, "/me");
        const today = new Date(now + 8 * 3_600_000);
        const [year, quarter] = [today.getUTCFullYear(), Math.floor(today.getUTCMonth() / 3) + 1];
        const answered = page.waitForResponse((response) => response.url().includes(`/api/statistics/${period}`));
        await page.goto(address(`/print/statistics?year=${year}&quarter=${period === "yearly" ? 0 : quarter}`));
        const figures = (await (await answered).json()) as Period;
        const title = filled(period === "yearly" ? words.statistics.sheetYear : words.statistics.sheetQuarter, { year, quarter });
        await expect(page.locator("h1")).toHaveText(title);
        const rows = (await page.locator("article tr").allInnerTexts()).map((row) => row.split(/\s*\t\s*/));
        const says = (...cells: (string | number)[]) => expect(rows).toContainEqual(cells.map(String));
        const rate = (rate?: { numerator: number; denominator: number } | null) =>
          rate ? `${Math.round((rate.numerator / rate.denominator) * 1000) / 10}% (${rate.numerator}/${rate.denominator})` : words.figure.unknown;
        for (const key of ["reported", "major", "closed", "open", "overdue", "closed_in_period", "violations"] as const) says(words.statistics[key], figures[key]);
        for (const key of ["closing_rate", "on_time_rate", "inspection_completion"] as const) says(words.figure[key], rate(figures[key]));
        expect(figures.by_grade.slice(0, 2).map(({ grade }) => grade)).toEqual(["general", "major"]);
        for (const of of figures.by_grade) {
          const grade = of.grade ? words.hazard_grade[of.grade] : words.statistics.ungraded;
          says(grade, of.reported, of.closed, rate(of.closing_rate), of.open, of.overdue, of.funded);
        }
        const sheet = squeezed(onlySheet(await printed(page)));
        for (const line of [
          title,
          words.statistics.reporter,
          filled(words.statistics.asOf, { time: dayIn(language, figures.as_of_ms) }),
          rate(figures.closing_rate),
          words.statistics.fundsSum,
          words.statistics.compiler,
          words.statistics.reportedOn,
        ]) {
          expect(sheet).toContain(squeezed(line));
        }
        // In English it is too long for its place on the line.
        for (const word of words.statistics.principal.split(" (")) expect(sheet).toContain(squeezed(word));
      });
    }

    test("the public notice has what was closed out in the month too, and nobody's name", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const { rows: members } = await ask<Rows>(page, "/members?limit=200");
      const { rows: persons } = await ask<Rows>(page, "/persons?limit=200");
      const names = [...members, ...persons].map(({ fields }) => String(fields.name));
      // No month of the demo may have one that was found in another: one of its own stands for it.
      const { rows } = await ask<{ rows: LedgerRow[] }>(page, "/ledger?status=closed&limit=1");
      const earlier = { ...rows[0], hazard: crypto.randomUUID(), description: "上月上报本月销号" };
      const asked = page.waitForRequest(/closed_from_ms/);
      await page.route(/closed_from_ms/, (route) => route.fulfill({ json: { rows: [earlier], next: null } }));
      await page.goto(address("/print/public-notice"));
      const query = new URL((await asked).url()).searchParams;
      expect(query.get("status")).toBe("closed");
      expect(query.get("to_ms")).toBe(query.get("closed_from_ms"));
      await expect(page.locator("article td").filter({ hasText: "上月上报本月销号" })).toBeVisible();
      const cells = await page.locator("article td, article p").allInnerTexts();
      const found = await ask<{ rows: LedgerRow[] }>(page, `/ledger?from_ms=${query.get("closed_from_ms")}&to_ms=${query.get("closed_to_ms")}&limit=200`);
      const inspectors = found.rows.map(({ inspector }) => String(inspector));
      expect(names).toEqual(expect.arrayContaining([...new Set(inspectors)]));
      expect(cells.filter((cell) => names.some((name) => cell.includes(name)))).toEqual([]);
      const text = pages(await printed(page)).join("");
      expect(names.filter((name) => text.includes(name))).toEqual([]);
      expect(text).toContain(words.publicNotice.note);
    });

    test("papers of many pages have their heads on each, and signboards a sheet each", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const { now_ms: now } = await ask<{ now_ms: number }>(page, "/me");
      const year = new Date(now + 8 * 3_600_000).getUTCFullYear();
      await page.goto(address("/print/public-notice"));
      await expect(page.locator("h1")).toContainText(filled(words.publicNotice.title, { month: "", year }).trim().split(" ")[0] ?? "");
      const sheets = pages(await printed(page));
      expect(sheets.length).toBeGreaterThan(1);
      for (const sheet of sheets.slice(0, -1)) expect(sheet).toContain(words.ledger_column.description);
      const { rows } = await ask<Rows>(page, "/zones?limit=200&is_open=true");
      await page.goto(address("/print/signboards/zones"));
      await expect(page.locator(".signboard")).toHaveCount(rows.length);
      expect(pages(await printed(page))).toHaveLength(rows.length);
    });
  });
}
