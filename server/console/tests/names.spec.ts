// Whose names stand in violations, and who is shown them.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PASSWORD, setUp, signIn } from "./accounts";
import { expect, test } from "./desk";
import { emptyRelay, phone } from "./program";
import { LANGUAGES, words as texts } from "./words";

const SAMPLES = join(import.meta.dirname, "../../samples");
const OFFICER = "1002";
const RECORDER = "1004";
const COLLEAGUE = "1005";
const NAME = "欧阳不具名";
const VIOLATION = {
  violation_kind: "operation_violation",
  description: "未系安全带",
  place: "脱硫塔",
  rule_broken: "第八条",
  stopped_at_once: true,
  person: NAME,
};

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: a name in a violation is shown to those who handle it, and on its own page alone`, async ({ stranger }) => {
    test.setTimeout(180_000);
    const relay = await emptyRelay();
    const { url } = relay;
    try {
      const admin = await stranger(language);
      await setUp(admin, relay.setupLink, { organisation: "中共远山铝业公司委员会", name: "赵管", number: "A-1" }, language);
      await admin.getByRole("link", { name: words.nav.import }).click();
      const files = readdirSync(SAMPLES).map((name) => ({ name, mimeType: "text/csv", buffer: readFileSync(join(SAMPLES, name)) }));
      await admin.locator('input[type="file"]').setInputFiles(files);
      await admin.locator("#main .el-button").click();
      await expect(admin.getByRole("status").filter({ hasText: words.imports.done })).toBeVisible();
      const asked = async (path: string, body: object) => {
        const response = await admin.request.post(`${url}/api${path}`, { data: body });
        expect(response.ok(), `${path}: ${response.status()} ${await response.text()}`).toBe(true);
        return response;
      };
      for (const number of [OFFICER, RECORDER, COLLEAGUE]) await asked("/accounts", { number, password: PASSWORD });
      const invite = (await (await asked("/invites", { number: RECORDER })).json()) as { text: string };
      const field = await phone(invite.text, join(relay.folder, "phone.db"));
      let id = "";
      try {
        const devices = (await (await admin.request.get(`${url}/api/devices`)).json()) as { id: string }[];
        await asked(`/devices/${devices[0]?.id}/confirm`, { code: field.digits });
        expect(await field.tell("sync")).toBe("synced");
        id = (await field.tell(`stop ${JSON.stringify(VIOLATION)}`)).split(" ")[1] ?? "";
        expect(await field.tell("sync")).toBe("synced");
      } finally {
        await field.stop();
      }

      const signedIn = async (number: string) => {
        const page = await stranger(language);
        await page.goto(`${url}/violations`);
        await signIn(page, number, language);
        await expect(page.locator("h1")).toHaveText(words.nav.violations);
        return page;
      };
      const [officer, recorder, colleague] = [await signedIn(OFFICER), await signedIn(RECORDER), await signedIn(COLLEAGUE)];

      for (const page of [officer, recorder]) {
        await page.getByRole("link", { name: VIOLATION.description }).waitFor();
        await expect(page.locator("body")).not.toContainText(NAME);
        await page.goto(`${url}/violations/${id}`);
        await expect(page.locator("h1")).toHaveText(VIOLATION.description);
      }
      await expect(officer.locator("main")).toContainText(NAME);
      // Whoever recorded it does not handle it: what is done about it they see, and no name any more.
      await expect(recorder.locator("main")).toContainText(VIOLATION.rule_broken);
      await expect(recorder.locator("body")).not.toContainText(NAME);

      // Anybody else is not even told that it is there.
      for (const list of ["/violations", `/violations?q=${NAME}`, `/violations?q=${VIOLATION.description}`]) {
        await colleague.goto(`${url}${list}`);
        await expect(colleague.locator(".empty")).toBeVisible();
        await expect(colleague.locator("body")).not.toContainText(VIOLATION.description);
      }
      await colleague.goto(`${url}/violations/${id}`);
      await expect(colleague.getByRole("alert")).toBeVisible();
      await expect(colleague.locator("body")).not.toContainText(NAME);
    } finally {
      await relay.end();
    }
  });
}
