// Two supervisors at their desks and somebody in the field, at once, on an organisation that came in
// from its spreadsheets; and the relay restarted meanwhile.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { PASSWORD, setUp, signIn } from "./accounts";
import { expect, test } from "./desk";
import { emptyRelay, phone } from "./program";
import { filled, LANGUAGES, words as texts } from "./words";

const SAMPLES = join(import.meta.dirname, "../../samples");
/** The organisation of the samples; its first administrator is made before it is imported. */
const ORGANISATION = "中共远山铝业公司委员会";

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: two desks and a phone see each other's work at once, also across a restart`, async ({ stranger }) => {
    test.setTimeout(180_000);
    const relay = await emptyRelay();
    const { url } = relay;
    const field: { stop?: () => Promise<void> } = {};
    try {
      const admin = await stranger(language);
      await setUp(admin, relay.setupLink, { organisation: ORGANISATION, name: "赵管", number: "A-1" }, language);

      // The organisation comes in from its spreadsheets; a bad row is named first.
      await admin.getByRole("link", { name: words.nav.import }).click();
      const files = readdirSync(SAMPLES).map((name) => ({ name, mimeType: "text/csv", buffer: readFileSync(join(SAMPLES, name)) }));
      const choice = admin.locator('input[type="file"]');
      const spoilt = files.map((file) =>
        file.name === "党员.csv" ? { ...file, buffer: Buffer.from(file.buffer.toString("utf8").replace("铸造党支部", "铸造的党支部")) } : file,
      );
      await choice.setInputFiles(spoilt);
      await expect(admin.getByRole("alert")).toHaveText(filled(words.imports.bad, { count: 1 }));
      await expect(admin.locator(".bad-rows li")).toContainText(`党员.csv · ${filled(words.imports.row, { row: 8 })} · 所属党组织`);
      await expect(admin.locator("td.wrong")).toHaveText("铸造的党支部");
      if (process.env.SCREENSHOTS) await admin.screenshot({ path: join(process.env.SCREENSHOTS, language, "import-bad.png") });
      const commit = admin.locator("#main .el-button");
      await expect(commit).toHaveCount(0);
      await choice.setInputFiles(files);
      await commit.click();
      await expect(admin.getByRole("status").filter({ hasText: words.imports.done })).toBeVisible();

      const asked = async (path: string, body: object) => {
        const response = await admin.request.post(`${url}/api${path}`, { data: body });
        expect(response.ok(), `${path}: ${response.status()} ${await response.text()}`).toBe(true);
        return response;
      };
      for (const number of ["1002", "1003"]) await asked("/accounts", { number, password: PASSWORD });
      const invite = (await (await asked("/invites", { number: "1004" })).json()) as { text: string };
      const worker = await phone(invite.text, join(relay.folder, "phone.db"));
      field.stop = worker.stop;
      const devices = (await (await admin.request.get(`${url}/api/devices`)).json()) as { id: string }[];
      await asked(`/devices/${devices[0]?.id}/confirm`, { code: worker.digits });
      expect(await worker.tell("sync")).toBe("synced");

      const signedIn = async (number: string) => {
        const page = await stranger(language);
        await page.goto(`${url}/signin`);
        await signIn(page, number, language);
        await expect(page).toHaveURL(`${url}/`);
        return page;
      };
      const [officer, secretary] = [await signedIn("1002"), await signedIn("1003")];
      for (const page of [officer, secretary]) {
        await page.goto(`${url}/hazards`);
        await expect(page.getByText(words.hazards.empty)).toBeVisible();
      }
      const reported = await worker.tell("report 三号槽控箱接线松动");
      expect(await worker.tell("sync")).toBe("synced");
      for (const page of [officer, secretary]) {
        await page.getByRole("link", { name: "三号槽控箱接线松动" }).click();
        await expect(page.locator(".hazard-head .tags")).toContainText(words.hazard_status.reported);
      }

      // One decides, the other sees it at once; what the other was typing stays.
      const act = (page: Page, event: string) => page.locator(".actions").getByRole("button", { name: event }).first().click();
      const submit = (page: Page) => page.getByRole("dialog").getByRole("button", { name: words.form.submit }).click();
      await act(secretary, words.event.commented);
      const remark = secretary.getByRole("dialog").getByLabel(words.field.text);
      await remark.fill("已通知电工");
      await act(officer, words.event.graded);
      await officer.getByRole("dialog").getByLabel(words.field.reason).fill("现场核实");
      await submit(officer);
      await expect(secretary.locator(".hazard-head .tags")).toContainText(words.hazard_status.graded);
      await expect(remark).toHaveValue("已通知电工");

      // The relay is away: nothing is lost at either end.
      const liveness = (page: Page) => page.getByRole("banner").getByRole("status");
      await relay.stop();
      await expect(liveness(secretary)).toHaveText(words.live.off);
      await submit(secretary);
      await expect(secretary.getByRole("dialog").getByRole("alert")).toContainText(words.problem.unreachable);
      await worker.tell("report 五号槽护栏缺失");
      expect(await worker.tell("sync")).toBe("offline");
      await relay.restart();
      for (const page of [officer, secretary]) await expect(liveness(page)).toHaveText(words.live.on, { timeout: 30_000 });
      await submit(secretary);
      await expect(secretary.getByRole("dialog")).toHaveCount(0);
      await expect(officer.locator(".timeline")).toContainText("已通知电工");
      expect(reported).toContain(new URL(officer.url()).pathname.split("/").pop());
      await officer.goto(`${url}/hazards`);
      await expect(officer.locator("tbody tr")).toHaveCount(1);
      expect(await worker.tell("sync")).toBe("synced");
      await expect(officer.getByRole("link", { name: "五号槽护栏缺失" })).toBeVisible();
    } finally {
      await field.stop?.();
      await relay.end();
    }
  });
}
