import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { address, ask, expect, test, type Rows } from "./desk";
import { PASSWORD, setUp, signIn } from "./accounts";
import { contested, worker } from "./disagree";
import { LANGUAGES, words as texts } from "./words";

for (const language of LANGUAGES) {
  const words = texts(language);

  test.describe(language, () => {
    test("a hazard is graded, assigned, rectified on behalf, verified and closed out", async ({ desk }) => {
      const page = await desk("officer", { language });
      await page.goto(address("/hazards?status=reported"));
      await page.locator(".hazards td.main a").first().click();
      const act = async (label: string) => page.locator(".actions").getByRole("button", { name: label }).first().click();
      const dialog = page.getByRole("dialog");
      const submit = async () => {
        await dialog.getByRole("button", { name: words.form.submit }).click();
        await expect(dialog).toHaveCount(0);
      };
      const isNow = (status: string) => expect(page.locator(".hazard-head .tags")).toContainText(status);

      await act(words.event.graded);
      // What is missing is said before the relay is asked.
      await dialog.getByRole("button", { name: words.form.submit }).click();
      await expect(dialog.getByRole("alert")).toContainText(words.field.reason);
      await dialog.getByLabel(words.field.reason).fill("现场核实");
      await submit();
      await isNow(words.hazard_status.graded);

      await act(words.event.assigned);
      const choose = async (label: string, at: number) => {
        await dialog.getByLabel(label, { exact: false }).first().click();
        const list = page.locator(".el-select-dropdown:visible");
        await list.locator(".el-select-dropdown__item").nth(at).click();
        await expect(list).toHaveCount(0);
      };
      await choose(words.field.unit, 0);
      await choose(words.field.person, 5);
      await dialog.locator('input[type="date"]').fill("2026-12-01");
      await submit();
      await isNow(words.hazard_status.assigned);

      await act(words.event.rectified_on_behalf);
      await dialog.getByLabel(words.field.what).fill("已更换并试运行");
      await submit();
      await isNow(words.hazard_status.rectified);

      // Nobody verifies what they recorded: not offered, and the reason stands below.
      await expect(page.locator(".actions").getByRole("button", { name: words.event.verified })).toHaveCount(0);
      await page.locator(".refusals summary").click();
      await expect(page.locator(".refusals")).toContainText(words.refusal.own_hand);

      const another = await desk("secretary", { language });
      await another.goto(page.url());
      await another.locator(".actions").getByRole("button", { name: words.event.verified_and_closed_out }).click();
      await another.getByLabel(words.field.conclusion).fill("现场复查，符合要求");
      await another.getByRole("dialog").getByRole("button", { name: words.form.submit }).click();
      await expect(another.locator(".hazard-head .tags")).toContainText(words.hazard_status.closed);
      // The other desk sees it without reloading.
      await isNow(words.hazard_status.closed);

      await page.locator(".history summary").click();
      await expect(page.locator(".history table")).toContainText(words.history.console);
    });

    test("the queue is worked through by keyboard", async ({ desk }) => {
      const page = await desk("secretary", { language });
      await page.goto(address("/queue"));
      const waiting = page.locator(".waiting button");
      await expect(waiting.first()).toHaveAttribute("aria-current", "true");
      await page.keyboard.press("j");
      await expect(waiting.nth(1)).toHaveAttribute("aria-current", "true");
      await page.keyboard.press("k");
      await expect(waiting.first()).toHaveAttribute("aria-current", "true");
      const title = await waiting.nth(1).locator(".title").innerText();
      await page.keyboard.press("j");
      const graded = page.locator(".at-hand .actions .el-button").first();
      await expect(graded).toContainText("1");
      await expect(page.locator(".at-hand h1")).toHaveText(title);
      await page.keyboard.press("1");
      const dialog = page.getByRole("dialog");
      await expect(dialog).toBeVisible();

      await page.keyboard.press("Escape");
      await expect(dialog).toHaveCount(0);

      // Enter is the first action, also after a click in the list.
      const reported = waiting.filter({ hasText: words.queue.grade }).first();
      const name = await reported.locator(".title").innerText();
      await reported.click();
      await expect(page.locator(".at-hand h1")).toHaveText(name);
      await expect(graded).toContainText(words.event.graded);
      await page.keyboard.press("Enter");
      // Who types writes, and does nothing else; neither while the form is open and nothing has the focus.
      const text = dialog.getByLabel(words.field.reason);
      await text.press("j");
      await text.press("1");
      await expect(text).toHaveValue("j1");
      await text.blur();
      await page.keyboard.press("j");
      await expect(page.locator(".at-hand h1")).toHaveText(name);
      await page.keyboard.press("Escape");
      await expect(dialog).toHaveCount(0);
      // What was typed is there again, until somebody lets go of it.
      await page.keyboard.press("1");
      await expect(text).toHaveValue("j1");
      await expect(dialog.locator(".restored")).toBeVisible();
      await dialog.getByRole("button", { name: words.form.discard }).click();
      await expect(text).toHaveValue("");
      await text.fill("现场核实");
      await text.press("Control+Enter");
      await expect(dialog).toHaveCount(0);
      await expect(page.locator(".at-hand .tags")).toContainText(words.hazard_status.graded);

      await page.keyboard.press("?");
      for (const does of [words.queue.keyNext, words.queue.keyFirst, words.queue.keySubmit]) await expect(dialog).toContainText(does);
    });

    test("inspections are reviewed or returned, and a violation is confirmed and handled", async ({ desk }) => {
      const page = await desk("officer", { language });
      const dialog = page.getByRole("dialog");
      const does = async (event: string, label: string, text: string) => {
        await page.locator(".actions").getByRole("button", { name: event }).first().click();
        await dialog.getByLabel(label).fill(text);
        await dialog.getByRole("button", { name: words.form.submit }).click();
        await expect(dialog).toHaveCount(0);
        await expect(page.locator("article")).toContainText(text);
      };
      const isNow = (status: string) => expect(page.locator(".hazard-head .tags")).toContainText(status);

      const submitted = () => mayDo(page, "/inspections?status=submitted&limit=50", "reviewed");
      await page.goto(address(`/inspections/${await submitted()}`));
      await does(words.event.returned, words.field.remark, "请补充第三项的现场照片");
      await isNow(words.inspection_status.returned);
      await page.goto(address(`/inspections/${await submitted()}`));
      await does(words.event.reviewed, words.field.remark, "已阅，情况属实");
      await isNow(words.inspection_status.reviewed);

      await page.goto(address(`/violations/${await mayDo(page, "/violations?status=recorded&limit=50", "confirmed")}`));
      await does(words.event.confirmed, words.field.remark, "现场核实无误");
      await isNow(words.violation_status.confirmed);
      await does(words.event.handled, words.field.outcome, "班前会通报，重新培训");
      await isNow(words.violation_status.handled);
      // The branch's secretary sees it, and has no part in it.
      const another = await desk("secretary", { language });
      await another.goto(page.url());
      await expect(another.locator(".hazard-head .tags")).toContainText(words.violation_status.handled);
      await expect(another.locator(".actions").getByRole("button", { name: words.event.withdrawn })).toHaveCount(0);
    });

    test("what was decided without knowing is told with its reason", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const { id } = await contested(await desk("secretary"), await desk("officer"));
      await page.goto(address(`/hazards/${id}`));
      const late = page.locator(".timeline .superseded");
      await expect(late.locator(".why")).toContainText(words.refusal.on_the_spot_major);
      await expect(late.locator(".unaware")).toContainText(words.hazard_event.graded);
    });
  });
}

test("one of several values is chosen with one click", async ({ desk }) => {
  const page = await desk("supervisor");
  const { id, places } = await contested(await desk("secretary"), await desk("officer"));
  await page.goto(address(`/hazards/${id}`));
  const conflicts = page.locator(".conflicts li");
  await expect(conflicts).toHaveCount(places.length);
  for (const place of places) {
    const one = conflicts.filter({ hasText: place });
    await expect(one.locator(".who")).toHaveText(/\S+ · \d{4}/);
  }
  await conflicts.filter({ hasText: places[0] }).getByRole("button", { name: "以此为准" }).click();
  await expect(page.locator(".conflicts")).toHaveCount(0);
  await expect(page.locator(".facts").first()).toContainText(String(places[0]));
});

test("a one-time link signs in once, and a stranger is led to sign in", async ({ desk }) => {
  const page = await desk(null);
  await page.goto(address("/ledger"));
  await expect(page).toHaveURL(/signin\?to=\/ledger|signin\?to=%2Fledger/);
  await page.goto(address(`/signin?token=${process.env.USED_TOKEN}`));
  await expect(page.getByRole("alert")).toContainText("已使用");
});

test("what was typed survives the network and the session", async ({ desk }) => {
  // The first administrator has a password, unlike the demo's people.
  const page = await desk(null);
  await setUp(page, String(process.env.SETUP_URL), { organisation: "新厂党委", name: "赵管", number: "A-0001" });

  await page.getByRole("link", { name: "行政单位" }).click();
  await page.getByRole("button", { name: "新建" }).click();
  const dialog = page.getByRole("dialog").first();
  await dialog.getByLabel("名称").fill("铸造三分厂");
  await dialog.getByText("分厂", { exact: true }).or(dialog.getByLabel("类别")).first().click();
  await page.locator(".el-select-dropdown:visible .el-select-dropdown__item").first().click();

  await page.context().setOffline(true);
  await dialog.getByRole("button", { name: "提交" }).click();
  await expect(dialog.getByRole("alert")).toContainText("无法连接");
  await expect(dialog.getByLabel("名称")).toHaveValue("铸造三分厂");
  await page.context().setOffline(false);

  await page.context().clearCookies();
  await dialog.getByRole("button", { name: "提交" }).click();
  const renewal = page.getByRole("dialog", { name: "登录已过期" });
  await renewal.getByLabel("密码").fill(PASSWORD);
  await renewal.getByRole("button", { name: "登录" }).click();
  await expect(page.locator("h1")).toHaveText("铸造三分厂");

  // Not even where the tab is closed and the session ends before it is handed in.
  await page.goto(address("/units"));
  await page.getByRole("button", { name: "新建" }).click();
  await dialog.getByLabel("名称").fill("挤压四分厂");
  const later = await page.context().newPage();
  await page.close();
  await later.context().clearCookies();
  await later.goto(address("/units"));
  await signIn(later, "A-0001");
  await later.getByRole("button", { name: "新建" }).click();
  const again = later.getByRole("dialog").first();
  await expect(again.getByLabel("名称")).toHaveValue("挤压四分厂");
  await expect(again.getByRole("status")).toContainText("已恢复");
  // Nobody else at this computer is shown it, and whoever wrote it may let go of it.
  await again.getByRole("button", { name: "清空重填" }).click();
  await expect(again.getByLabel("名称")).toHaveValue("");
  await again.getByRole("button", { name: "取消" }).click();

  await later.goto(address("/account"));
  await later.getByRole("button", { name: "在所有电脑上退出" }).click();
  await expect(later).toHaveURL(/signin/);
});

test("many hazards are dealt with at once, and each refusal is told", async ({ desk }) => {
  const page = await desk("supervisor");
  await page.goto(address("/hazards?status=graded,rectified"));
  await page.locator("tbody .check input").nth(0).check();
  await page.locator("tbody .check input").nth(1).check();
  await page.getByRole("toolbar").getByRole("button", { name: "备注" }).click();
  await page.getByRole("dialog").getByLabel("内容").fill("周五前复核");
  await page.getByRole("dialog").getByRole("button", { name: "提交" }).click();
  await expect(page.getByText("已办理 2 / 2 条")).toBeVisible();
  await page.locator("tbody .check input").nth(0).check();
  await page.getByRole("toolbar").getByRole("button", { name: "销号", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "提交" }).click();
  await expect(page.locator("ul.problem li")).toHaveCount(1);
});

test("the ledger is handed in as a workbook and as CSV", async ({ desk }) => {
  const page = await desk("supervisor");
  await page.goto(address("/ledger"));
  for (const [button, start] of [
    ["XLSX", "PK"],
    ["CSV", "\ufeff编号"],
  ] as const) {
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: button }).click();
    const file = readFileSync(await (await saved).path(), "utf8");
    expect(file.startsWith(start)).toBe(true);
  }
});

test("the ledger is sorted as Chinese is", async ({ desk }) => {
  const page = await desk("supervisor");
  await page.goto(address("/ledger"));
  const people = page.locator("tbody td.inspector");
  const names = async () => (await people.allInnerTexts()).filter(Boolean);
  await expect(people.first()).toBeVisible();
  const sorted = (texts: string[]) => [...texts].sort(new Intl.Collator("zh-CN", { numeric: true }).compare);
  const wanted = sorted(await names());
  await page.getByRole("columnheader", { name: "检查人" }).getByRole("button").click();
  await expect.poll(names).toEqual(wanted);
  await page.getByRole("columnheader", { name: "检查人" }).getByRole("button").click();
  await expect.poll(async () => (await names())[0]).toBe(wanted.at(-1));
});

test("an invite is a QR code, for those whose phones the secretary may manage", async ({ desk }) => {
  const page = await desk("secretary");
  const member = await worker(page);
  const { number: above } = await ask<{ number: string }>(await desk("supervisor"), "/me");
  await page.goto(address("/devices"));
  const invite = async (number: unknown) => {
    await page.getByRole("button", { name: "邀请手机" }).click();
    await page.getByRole("dialog").getByLabel("工号").fill(String(number));
    await page.getByRole("dialog").getByRole("button", { name: "提交" }).click();
  };
  await invite(above);
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("没有此权限");
  await page.getByRole("dialog").getByRole("button", { name: "取消" }).click();
  await invite(member.number);
  await expect(page.getByRole("dialog").getByRole("img", { name: member.name })).toBeVisible();
});

test("a notice fits on one sheet of A4", async ({ desk }) => {
  const page = await desk("supervisor");
  const { rows } = await ask<Rows>(page, "/hazards?status=assigned&limit=1");
  await page.goto(address(`/print/notice/${rows[0]?.id}`));
  await expect(page.locator("h1")).toHaveText("隐患整改通知单");
  const [text] = pages(await page.pdf({ preferCSSPageSize: true }));
  expect(pages(await page.pdf({ preferCSSPageSize: true }))).toHaveLength(1);
  for (const part of ["隐患整改通知单", "整改回复", "复查意见", "签字"]) expect(text).toContain(part);
});

/** The first record of a list to which somebody may do something. */
async function mayDo(page: Page, list: string, event: string): Promise<string> {
  const { rows } = await ask<Rows>(page, list);
  for (const { id } of rows) {
    const { actions } = await ask<{ actions: { event: string; refusal?: string | null }[] }>(page, `/documents/${id}/actions`);
    if (actions.some((action) => action.event === event && !action.refusal)) return id;
  }
  throw new Error(`nothing in ${list} may be ${event}`);
}

/** The text of each page of a PDF, as another program reads it. */
function pages(pdf: Buffer): string[] {
  const text = execFileSync("pdftotext", ["-layout", "-", "-"], { input: pdf, encoding: "utf8" });
  return text.split("\f").slice(0, -1);
}

test("papers of many pages have their heads on each, and signboards a sheet each", async ({ desk }) => {
  const page = await desk("supervisor");
  await page.goto(address("/print/public-notice"));
  await expect(page.locator("h1")).toContainText("公示");
  const sheets = pages(await page.pdf({ preferCSSPageSize: true }));
  expect(sheets.length).toBeGreaterThan(1);
  for (const sheet of sheets.slice(0, -1)) expect(sheet).toContain("隐患内容");
  const { rows } = await ask<Rows>(page, "/zones?limit=200&is_open=true");
  await page.goto(address("/print/signboards/zones"));
  await expect(page.locator(".signboard")).toHaveCount(rows.length);
  expect(pages(await page.pdf({ preferCSSPageSize: true }))).toHaveLength(rows.length);
});

test("the first load is small", async ({ desk }) => {
  const page = await desk("supervisor");
  const files: Promise<number>[] = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname.startsWith("/api/")) return;
    files.push(response.request().sizes().then((sizes) => sizes.responseBodySize));
  });
  await page.goto(address("/"));
  await expect(page.locator(".drawing svg").first()).toBeVisible();
  const sizes = await Promise.all(files);
  const sum = sizes.reduce((all, size) => all + size, 0);
  console.log(`first load with the overview's charts: ${Math.round(sum / 1024)} KiB in ${sizes.length} files`);
  expect(sum).toBeLessThan(350 * 1024);
});
