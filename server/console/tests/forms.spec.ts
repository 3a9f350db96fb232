// Forms: what is handed in is what its author changed, measured by what they had seen; what got no
// answer is handed in again and done once; and lists are typed as text.
import type { Page } from "@playwright/test";
import { PASSWORD, setUp, signIn } from "./accounts";
import { address, ask, expect, mayDo, test, type Rows } from "./desk";
import { tell } from "./disagree";
import { emptyRelay } from "./program";
import { filled, LANGUAGES, words as texts } from "./words";

type Record = Rows["rows"][number] & { events: { id: string; event: string; position: number; text?: string }[] };

for (const language of LANGUAGES) {
  const words = texts(language);
  const dialogOf = (page: Page) => page.getByRole("dialog").first();
  const act = (page: Page, event: string) => page.locator(".actions").getByRole("button", { name: new RegExp(`(^|\\s)${event}$`) }).click();
  const submit = async (page: Page) => {
    await dialogOf(page).getByRole("button", { name: words.form.submit }).click();
    await expect(page.getByRole("dialog")).toHaveCount(0);
  };

  test.describe(language, () => {
    test("an edit leaves what somebody else has edited meanwhile", async ({ desk }) => {
      const page = await desk("secretary", { language });
      const [id] = await mayDo(page, "/hazards?status=graded&limit=50", "edit");
      await page.goto(address(`/hazards/${id}`));
      await act(page, words.event.edit);
      await dialogOf(page).getByLabel(words.field.item).fill(`护栏 ${language}`);
      const place = `三号门 ${language}`;
      await tell(await desk("officer"), "patch", `/documents/${id}/fields`, { place });
      await expect(page.locator(".facts").first()).toContainText(place);
      // Not even from a draft that was begun before.
      await page.reload();
      await act(page, words.event.edit);
      await expect(dialogOf(page).locator(".restored")).toBeVisible();
      await submit(page);
      await expect(page.locator(".facts").first()).toContainText(`护栏 ${language}`);
      const { fields, conflicts } = await ask<Record>(page, `/hazards/${id}`);
      expect(fields).toMatchObject({ place, item: `护栏 ${language}` });
      expect(conflicts).toEqual([]);
    });

    test("what two wrote in the same field without knowing of each other is settled with one click", async ({ desk }) => {
      const page = await desk("secretary", { language });
      const [id] = await mayDo(page, "/zones", "edit");
      await page.goto(address(`/zones/${id}`));
      await act(page, words.event.edit);
      const [mine, theirs] = [`东侧 ${language}`, `西侧 ${language}`];
      await tell(await desk("secretary"), "patch", `/documents/${id}/fields`, { place: theirs });
      await dialogOf(page).getByLabel(words.field.place, { exact: true }).fill(mine);
      await submit(page);
      const values = page.locator(".conflicts li");
      for (const place of [mine, theirs]) await expect(values.filter({ hasText: place })).toHaveCount(1);
      // The value that is shown meanwhile is as good as the other.
      const { fields } = await ask<Record>(page, `/zones/${id}`);
      await values.filter({ hasText: words.conflicts.shown }).getByRole("button", { name: words.conflicts.choose }).click();
      await expect(page.locator(".conflicts")).toHaveCount(0);
      const settled = await ask<Record>(page, `/zones/${id}`);
      expect([settled.fields.place, settled.conflicts]).toEqual([fields.place, []]);
    });

    test("who decided without knowing of whom is told", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const other = await desk("officer", { language });
      const [id] = await mayDo(page, "/hazards?status=reported&limit=50", "graded");
      for (const each of [page, other]) {
        await each.goto(address(`/hazards/${id}`));
        await act(each, words.event.graded);
        await dialogOf(each).getByLabel(words.field.reason).fill("现场核实");
      }
      await submit(other);
      await submit(page);
      const unaware = page.locator(".timeline .unaware");
      await expect(unaware).toHaveCount(1);
      await expect(unaware).toContainText(words.hazard_event.graded);
    });

    test("two publish a checklist without knowing of each other: the later one is told, and nothing is replaced", async ({ desk }) => {
      const page = await desk("supervisor", { language });
      const [id] = await mayDo(page, "/templates", "published");
      const { state } = await ask<Record>(page, `/templates/${id}`);
      const version = Number(state.version) + 1;
      await page.goto(address(`/templates/${id}`));
      await act(page, words.event.published);
      await dialogOf(page).locator("textarea").fill("1 | 护栏是否齐全");
      const items = [{ code: "1", text: `灭火器是否有效 ${language}` }];
      await tell(await desk("supervisor"), "post", `/documents/${id}/events`, { event: "published", version, items });
      await dialogOf(page).getByRole("button", { name: words.form.submit }).click();
      await expect(dialogOf(page).getByRole("alert")).toContainText(words.refusal.status);
      expect((await ask<Record>(page, `/templates/${id}`)).state).toMatchObject({ version, items });
    });

    test("lists are typed and handed in by keyboard, line by line", async ({ desk }) => {
      const page = await desk("secretary", { language });
      const [id] = await mayDo(page, "/zones", "edit");
      await page.goto(address(`/zones/${id}`));
      await act(page, words.event.edit);
      const people = dialogOf(page).getByLabel(words.field.covered_people);
      await people.fill("");
      await people.pressSequentially(`甲${language}\n乙${language}`);
      const risks = dialogOf(page).getByLabel(words.field.risk_points);
      await risks.fill("");
      await risks.pressSequentially(`铝水溅出 ${language} | 穿戴面罩\n母线 |`);
      // A line that is not whole yet is in the draft as it is.
      await page.reload();
      await act(page, words.event.edit);
      await expect(risks).toHaveValue(`铝水溅出 ${language} | 穿戴面罩\n母线 |`);
      await risks.press("Control+End");
      await risks.pressSequentially(" 停电挂牌");
      await risks.press("Control+Enter");
      await expect(page.getByRole("dialog")).toHaveCount(0);
      const { fields } = await ask<Record>(page, `/zones/${id}`);
      expect(fields).toMatchObject({
        covered_people: [`甲${language}`, `乙${language}`],
        risk_points: [
          { name: `铝水溅出 ${language}`, measures: "穿戴面罩" },
          { name: "母线", measures: "停电挂牌" },
        ],
      });
    });

    test("what got no answer among many stays in its form, and is done once", async ({ desk }) => {
      const page = await desk("officer", { language });
      const ids = await mayDo(page, "/hazards?status=assigned&limit=50", "commented", 3);
      const text = `请于周五前复核 ${language}`;
      const remarks = async () => {
        const records = await Promise.all(ids.map((id) => ask<Record>(page, `/hazards/${id}`)));
        return records.map(({ events }) => events.filter((event) => event.text === text).length);
      };
      const open = async () => {
        for (const id of ids) await page.locator("tbody tr").filter({ has: page.locator(`a[href$="/${id}"]`) }).locator(".check input").check();
        await page.getByRole("toolbar").getByRole("button", { name: words.event.commented, exact: true }).click();
      };
      await page.goto(address("/hazards?status=assigned"));
      await open();
      await dialogOf(page).getByLabel(words.field.text).fill(text);
      // The second is taken by the relay, and its answer is cut off.
      let asked = 0;
      await page.route("**/api/documents/*/events?*", async (route) => {
        asked += 1;
        if (asked !== 2) return route.continue();
        await route.fetch();
        return route.abort("connectionreset");
      });
      await dialogOf(page).getByRole("button", { name: words.form.submit }).click();
      await expect(dialogOf(page).getByRole("alert")).toHaveText(filled(words.list.bulkLeft, { count: 2, all: 3 }));
      expect((await remarks()).reduce((sum, count) => sum + count)).toBe(2);
      // Also where everything is chosen anew after a reload.
      await page.reload();
      await open();
      await expect(dialogOf(page).getByLabel(words.field.text)).toHaveValue(text);
      await submit(page);
      expect(await remarks()).toEqual([1, 1, 1]);
    });

    test("many are offered what some of them allow, and it is done to those", async ({ desk }) => {
      const page = await desk("officer", { language });
      const [reported] = await mayDo(page, "/hazards?status=reported&limit=50", "graded");
      const [graded] = await mayDo(page, "/hazards?status=graded&limit=50", "assigned");
      await page.goto(address("/hazards?status=reported,graded"));
      const toolbar = page.getByRole("toolbar");
      for (const id of [reported, graded]) await page.locator("tbody tr").filter({ has: page.locator(`a[href$="/${id}"]`) }).locator(".check input").check();
      await expect(toolbar.getByRole("button", { name: words.event.graded, exact: true })).toBeVisible();
      await expect(toolbar.getByRole("button", { name: words.event.closed_out })).toHaveCount(0);
      await toolbar.getByRole("button", { name: filled(words.list.bulkOf, { what: words.event.assigned, count: 1, all: 2 }) }).click();
      await expect(dialogOf(page)).toContainText(filled(words.list.chosen, { count: 1 }));
    });

    test("a post's entries are reviewed by those who may, a hundred at a time", async ({ desk }) => {
      const secretary = await desk("secretary", { language });
      const { rows } = await ask<{ rows: Record[] }>(secretary, "/posts?limit=50");
      const post = rows.find(({ state }) => (state.unreviewed as string[]).length > 0) as Record;
      const entry = post.events.find(({ id }) => (post.state.unreviewed as string[]).includes(id)) as Record["events"][number];
      // As if a quarter's entries were waiting.
      const entries = Array.from({ length: 150 }, (_, at) => ({ ...entry, id: `00000000-0000-7000-8000-${String(at).padStart(12, "0")}` }));
      const state = { ...post.state, unreviewed: entries.map(({ id }) => id) };
      const reviewed: number[] = [];
      for (const page of [secretary, await desk("officer", { language })]) {
        await page.route(`**/api/posts/${post.id}`, (route) => route.fulfill({ json: { ...post, state, events: entries } }));
        await page.route("**/event-batches*", (route) => {
          reviewed.push(route.request().postDataJSON().events.length);
          return route.fulfill({ json: { document: post.id, event: null, position: 1 } });
        });
        await page.goto(address(`/posts/${post.id}`));
        await expect(page.locator(".actions")).toBeVisible();
        const review = page.getByRole("button", { name: filled(words.posts.reviewEntries, { count: 150 }) });
        if (page !== secretary) {
          await expect(review).toHaveCount(0);
          continue;
        }
        await review.click();
        await expect(dialogOf(page).locator(".note")).toContainText("150");
        await submit(page);
        expect(reviewed).toEqual([100, 50]);
      }
    });
  });

  test(`${language}: two people at one browser never write in each other's name`, async ({ stranger }) => {
    const page = await stranger(language);
    const relay = await emptyRelay();
    const admin = { organisation: "新厂党委", name: "赵管", number: "A-0001" };
    const other = { name: "钱督", number: "B-0002" };
    try {
      await setUp(page, relay.setupLink, admin, language);
      const api = async (path: string, data: object) => {
        const response = await page.request.post(`${relay.url}/api${path}`, { data });
        expect(response.ok(), `${path}: ${await response.text()}`).toBe(true);
        return response;
      };
      const { rows } = (await (await page.request.get(`${relay.url}/api/organisations`)).json()) as Rows;
      const { document: member } = (await (await api("/members", { ...other, home: rows[0]?.id })).json()) as { document: string };
      await api("/grants", { member, role: "supervisor", org: rows[0]?.id });
      await api("/accounts", { number: other.number, password: PASSWORD });

      const name = dialogOf(page).getByLabel(words.field.name);
      const make = () => page.getByRole("button", { name: words.record.make }).click();
      const units = async () => ((await (await page.request.get(`${relay.url}/api/units`)).json()) as Rows).rows.length;
      await page.goto(`${relay.url}/units`);
      await make();
      await name.fill("铸造三分厂");
      await dialogOf(page).getByLabel(words.field.unit_kind).click();
      await page.locator(".el-select-dropdown:visible .el-select-dropdown__item").first().click();

      // The cookie is another's, and this page has not heard of it.
      const signedIn = await page.request.post(`${relay.url}/api/sessions`, { data: { number: other.number, password: PASSWORD } });
      expect(signedIn.ok()).toBe(true);
      await dialogOf(page).getByRole("button", { name: words.form.submit }).click();
      await expect(dialogOf(page).getByRole("alert")).toContainText({ "zh-CN": "已改由他人登录", en: "Somebody else is signed in" }[language]);
      expect(await units()).toBe(0);

      // They sign in in another tab: this one goes on as them, without what its author typed.
      const beside = await page.context().newPage();
      const signInBeside = async ({ number }: { number: string }) => {
        await beside.goto(`${relay.url}/signin`);
        await signIn(beside, number, language);
        await expect(beside).toHaveURL(`${relay.url}/`);
      };
      const who = page.getByRole("banner").locator(".who");
      await signInBeside(other);
      await expect(who).toContainText(other.name);
      await make();
      await expect(name).toHaveValue("");
      await signInBeside(admin);
      await expect(who).toContainText(admin.name);
      await make();
      await expect(name).toHaveValue("铸造三分厂");
      await submit(page);
      await expect(page.locator("h1")).toHaveText("铸造三分厂");
    } finally {
      await relay.end();
    }
  });
}
