// What is decided at a desk: the hazard's life, the queue, inspections and violations, one by one
// and many at once, and what people disagree on.
import type { Page } from "@playwright/test";
import { address, ask, expect, mayDo, test, type Rows } from "./desk";
import { contested, tell } from "./disagree";
import { filled, LANGUAGES, words as texts } from "./words";

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
      // By both clocks, however close they are.
      const [byDevice] = words.timeline.times.split("{");
      await expect(page.locator(".timeline time").last()).toHaveAttribute("title", new RegExp(`^${byDevice}.*\\d{2}:\\d{2}\\D+.*\\d{2}:\\d{2}$`));

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

    test("the queue has what its reader may decide, and says how much that is", async ({ desk }) => {
      const officer = await desk("officer", { language });
      const { rows: orgs } = await ask<Rows>(officer, "/organisations?category=branch&limit=1");
      const { rows: posts } = await ask<Rows>(officer, "/posts?limit=200");
      const made = await officer.request.post(address(`/api/hazards?space=${orgs[0]?.id}`), { data: { description: `皮带护罩松动 ${language}`, nature: "unsafe_condition" } });
      const { document: id } = (await made.json()) as { document: string };
      await tell(officer, "post", `/documents/${id}/events`, { event: "rectified", what: "已紧固", on_the_spot: true });
      await tell(officer, "post", `/documents/${id}/events`, { event: "graded", grade: "general", nature: "unsafe_condition", reason: "核实" });
      const secretary = await desk("secretary", { language });
      const post = posts.find(({ state }) => state.status === "named");
      const { member } = await ask<{ member: string }>(secretary, "/me");
      await tell(secretary, "patch", `/documents/${post?.id}/fields`, { holders: [member] });
      await tell(secretary, "post", `/documents/${post?.id}/events`, { event: "entry", day: 20_700, shift: "day", done: `清理通道 ${language}` });

      const item = (page: Page, text: string) => page.locator(".waiting button").filter({ hasText: text });
      interface Told { parts: { total: number; rows: object[] }[] }
      for (const page of [officer, secretary]) {
        await page.goto(address("/queue"));
        await expect(page.locator(".waiting button").first()).toBeVisible();
        const { parts } = await ask<Told>(page, "/queue");
        const [total, shown] = [parts.reduce((sum, part) => sum + part.total, 0), parts.flatMap((part) => part.rows).length];
        const count = total === shown ? filled(words.queue.count, { count: total }) : filled(words.queue.firstOf, { shown, total });
        await expect(page.locator("h1 small")).toHaveText(count);
      }
      // Nobody is asked to verify what they put right themselves.
      await expect(item(officer, `皮带护罩松动 ${language}`)).toHaveCount(0);
      await expect(item(secretary, `皮带护罩松动 ${language}`)).toHaveCount(1);
      await item(secretary, String(post?.fields.name)).filter({ hasText: words.queue.entries }).click();
      await expect(secretary.locator(".at-hand")).toContainText(`清理通道 ${language}`);
      await secretary.locator(".at-hand").getByRole("button", { name: words.posts.reviewEntries.split("（")[0]?.split(" (")[0] }).click();
      await secretary.getByRole("dialog").getByRole("button", { name: words.form.submit }).click();
      await expect(item(secretary, String(post?.fields.name)).filter({ hasText: words.queue.entries })).toHaveCount(0);
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

      const [first, second] = await mayDo(page, "/inspections?status=submitted&limit=50", "reviewed", 2);
      await page.goto(address(`/inspections/${first}`));
      await does(words.event.returned, words.field.remark, "请补充第三项的现场照片");
      await isNow(words.inspection_status.returned);
      await page.goto(address(`/inspections/${second}`));
      await does(words.event.reviewed, words.field.remark, "已阅，情况属实");
      await isNow(words.inspection_status.reviewed);

      const [violation] = await mayDo(page, "/violations?status=recorded&limit=50", "confirmed");
      await page.goto(address(`/violations/${violation}`));
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

    test("one of several values is chosen with one click", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const { id, places } = await contested(await desk("secretary"), await desk("officer"));
      await page.goto(address(`/hazards/${id}`));
      const conflicts = page.locator(".conflicts li");
      await expect(conflicts).toHaveCount(places.length);
      for (const place of places) {
        const one = conflicts.filter({ hasText: place });
        await expect(one.locator(".who")).toHaveText(/\S+ · .*\d{4}/);
      }
      await conflicts.filter({ hasText: places[0] }).getByRole("button", { name: words.conflicts.choose }).click();
      await expect(page.locator(".conflicts")).toHaveCount(0);
      await expect(page.locator(".facts").first()).toContainText(String(places[0]));
    });

    test("verified and closed out is one step, that the relay takes whole", async ({ desk }) => {
      const page = await desk("officer", { language });
      const id = await rectified(await desk("secretary"));
      const asked: string[] = [];
      page.on("request", (request) => request.method() === "POST" && asked.push(new URL(request.url()).pathname));
      await page.goto(address(`/hazards/${id}`));
      await page.getByRole("button", { name: words.event.verified_and_closed_out }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel(words.field.conclusion).fill("现场复查，符合要求");
      await dialog.getByRole("button", { name: words.form.submit }).click();
      await expect(page.locator(".hazard-head .tags")).toContainText(words.hazard_status.closed);
      expect(asked).toEqual([`/api/documents/${id}/event-batches`]);
      const { events } = await ask<{ events: { event: string; position: number }[] }>(page, `/hazards/${id}`);
      const [verified, closed] = events.slice(-2);
      expect([verified?.event, closed?.event]).toEqual(["verified", "closed_out"]);
      expect(closed?.position).toBe(Number(verified?.position) + 1);
    });

    test("many records are dealt with at once, and each refusal is told", async ({ desk }) => {
      test.setTimeout(120_000);
      const page = await desk("officer", { language });
      const dialog = page.getByRole("dialog");
      const check = (id: string) => page.locator("tbody tr").filter({ has: page.locator(`a[href$="/${id}"]`) }).locator(".check input").check();
      const offered = (event: string) => page.getByRole("toolbar").getByRole("button", { name: event, exact: true });
      const does = (event: string) => offered(event).click();
      const submit = async () => {
        await dialog.getByRole("button", { name: words.form.submit }).click();
        await expect(dialog).toHaveCount(0);
      };
      const isDone = (done: number, all: number) => expect(page.getByText(filled(words.list.bulkDone, { done, all })).last()).toBeVisible();
      const refusals = page.locator("ul.problem li");

      // Hazards: a remark suits each; what nobody verified is not offered to be closed out.
      const { rows: hazards } = await ask<Rows>(page, "/hazards?status=graded,rectified&limit=2");
      await page.goto(address("/hazards?status=graded,rectified"));
      for (const { id } of hazards) await check(id);
      await does(words.event.commented);
      await dialog.getByLabel(words.field.text).fill("周五前复核");
      await submit();
      await isDone(2, 2);
      await check(String(hazards[0]?.id));
      await expect(offered(words.event.commented)).toBeVisible();
      await expect(offered(words.event.closed_out)).toHaveCount(0);

      // Inspections: somebody else has reviewed one of them meanwhile.
      const [mine, theirs] = await mayDo(page, "/inspections?status=submitted&limit=50", "reviewed", 2);
      await page.goto(address("/inspections?status=submitted,reviewed"));
      for (const id of [mine, theirs]) await check(String(id));
      await does(words.event.reviewed);
      await tell(await desk("supervisor"), "post", `/documents/${theirs}/events`, { event: "reviewed" });
      await submit();
      await isDone(1, 2);
      await expect(refusals).toHaveText(new RegExp(words.refusal.status.slice(0, 8)));
      // It stays chosen, to be dealt with otherwise.
      await expect(page.getByRole("toolbar")).toContainText(filled(words.list.chosen, { count: 1 }));
      await expect(offered(words.event.reviewed)).toHaveCount(0);
      expect((await ask<Rows["rows"][number]>(page, `/inspections/${mine}`)).state.status).toBe("reviewed");

      // Those that found nothing are chosen by one click.
      await page.goto(address("/inspections?status=submitted"));
      await page.locator(".head").getByRole("button").click();
      await expect(page.locator("tbody tr").filter({ has: page.locator(".check input:checked") }).first()).toBeVisible();
      await expect(page.locator("tbody tr").filter({ has: page.locator(".check input:checked") }).locator(".tag.alarm")).toHaveCount(0);

      // Violations alike.
      const { rows: violations } = await ask<Rows>(page, "/violations?limit=2");
      await page.goto(address("/violations"));
      for (const { id } of violations) await check(id);
      await does(words.event.commented);
      await dialog.getByLabel(words.field.text).fill("班前会已通报");
      await submit();
      await isDone(violations.length, violations.length);
    });
  });
}

/** A General hazard that the secretary recorded as rectified, so that somebody else may verify it. */
async function rectified(secretary: Page): Promise<string> {
  const [id] = await mayDo(secretary, "/hazards?status=graded&grade=general&limit=50", "assigned");
  const [units, members] = [await ask<Rows>(secretary, "/units?limit=1"), await ask<Rows>(secretary, "/members?limit=1")];
  const [unit, person] = [units.rows[0]?.id, { member: members.rows[0]?.id }];
  for (const event of [
    { event: "assigned", unit, person, mode: "deadline", deadline_ms: Date.now() + 86_400_000 },
    { event: "rectified", what: "已更换", on_behalf_of: person },
  ]) {
    await tell(secretary, "post", `/documents/${id}/events`, event);
  }
  return String(id);
}
