// Two supervisors at their desks and somebody in the field, at once, on an organisation that came in
// from its spreadsheets; and the relay restarted meanwhile.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test as plain, type Browser, type Page } from "@playwright/test";
import { PASSWORD, setUp, signIn } from "./accounts";
import { freePort, phone, start } from "./program";

const SAMPLES = join(import.meta.dirname, "../../samples");
/** The organisation of the samples; its first administrator is made before it is imported. */
const ORGANISATION = "中共远山铝业公司委员会";

async function signedIn(browser: Browser, url: string, number: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1366, height: 768 } });
  const page = await context.newPage();
  await page.goto(`${url}/signin`);
  await signIn(page, number);
  await expect(page).toHaveURL(`${url}/`);
  return page;
}

plain("two desks and a phone see each other's work at once, also across a restart", async ({ browser }) => {
  plain.setTimeout(180_000);
  const data = mkdtempSync(join(tmpdir(), "vanguard-together-"));
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const args = ["serve", "--data", join(data, "relay"), "--listen", `127.0.0.1:${port}`];
  let relay = await start(args, "token=");
  const field: { stop?: () => Promise<void> } = {};
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const admin = await context.newPage();
    await setUp(admin, String(relay.said.match(/https:\S+token=\S+/)?.[0]), { organisation: ORGANISATION, name: "赵管", number: "A-1" });

    // The organisation comes in from its spreadsheets; a bad row is named first.
    await admin.getByRole("link", { name: "导入" }).click();
    const files = readdirSync(SAMPLES).map((name) => ({ name, mimeType: "text/csv", buffer: readFileSync(join(SAMPLES, name)) }));
    const choice = admin.locator('input[type="file"]');
    const spoilt = files.map((file) =>
      file.name === "党员.csv" ? { ...file, buffer: Buffer.from(file.buffer.toString("utf8").replace("铸造党支部", "铸造的党支部")) } : file,
    );
    await choice.setInputFiles(spoilt);
    await expect(admin.getByRole("alert")).toContainText("有 1 处错误");
    await expect(admin.locator(".bad-rows li")).toContainText("党员.csv · 第 8 行 · 所属党组织");
    await expect(admin.locator("td.wrong")).toHaveText("铸造的党支部");
    if (process.env.SCREENSHOTS) await admin.screenshot({ path: join(process.env.SCREENSHOTS, "zh-CN", "import-bad.png") });
    await expect(admin.getByRole("button", { name: /^导入/ })).toHaveCount(0);
    await choice.setInputFiles(files);
    await admin.getByRole("button", { name: /^导入/ }).click();
    await expect(admin.getByRole("status").filter({ hasText: "已全部导入" })).toBeVisible();

    const asked = async (path: string, body: object) => {
      const response = await admin.request.post(`${url}/api${path}`, { data: body });
      expect(response.ok(), `${path}: ${response.status()} ${await response.text()}`).toBe(true);
      return response;
    };
    for (const number of ["1002", "1003"]) await asked("/accounts", { number, password: PASSWORD });
    const invite = (await (await asked("/invites", { number: "1004" })).json()) as { text: string };
    const worker = await phone(invite.text, join(data, "phone.db"));
    field.stop = worker.stop;
    const devices = (await (await admin.request.get(`${url}/api/devices`)).json()) as { id: string }[];
    await asked(`/devices/${devices[0]?.id}/confirm`, { code: worker.digits });
    expect(await worker.tell("sync")).toBe("synced");

    const officer = await signedIn(browser, url, "1002");
    const secretary = await signedIn(browser, url, "1003");
    for (const page of [officer, secretary]) {
      await page.goto(`${url}/hazards`);
      await expect(page.getByText("没有符合条件的隐患")).toBeVisible();
    }
    const reported = await worker.tell("report 三号槽控箱接线松动");
    expect(await worker.tell("sync")).toBe("synced");
    for (const page of [officer, secretary]) {
      await page.getByRole("link", { name: "三号槽控箱接线松动" }).click();
      await expect(page.locator(".hazard-head .tags")).toContainText("已上报");
    }

    // One decides, the other sees it at once; what the other was typing stays.
    await secretary.getByRole("button", { name: "备注" }).click();
    const remark = secretary.getByRole("dialog").getByLabel("内容");
    await remark.fill("已通知电工");
    await officer.getByRole("button", { name: "定级" }).click();
    await officer.getByRole("dialog").getByLabel("原因").fill("现场核实");
    await officer.getByRole("dialog").getByRole("button", { name: "提交" }).click();
    await expect(secretary.locator(".hazard-head .tags")).toContainText("已定级");
    await expect(remark).toHaveValue("已通知电工");

    // The relay is away: nothing is lost at either end.
    await relay.stop();
    await expect(secretary.getByRole("banner").getByRole("status")).toHaveText("连接中断，正在重连");
    await secretary.getByRole("dialog").getByRole("button", { name: "提交" }).click();
    await expect(secretary.getByRole("dialog").getByRole("alert")).toContainText("无法连接");
    await worker.tell("report 五号槽护栏缺失");
    expect(await worker.tell("sync")).toBe("offline");
    relay = await start(args, "address for phones");
    for (const page of [officer, secretary]) {
      await expect(page.getByRole("banner").getByRole("status")).toHaveText("实时", { timeout: 30_000 });
    }
    await secretary.getByRole("dialog").getByRole("button", { name: "提交" }).click();
    await expect(secretary.getByRole("dialog")).toHaveCount(0);
    await expect(officer.locator(".timeline")).toContainText("已通知电工");
    expect(reported).toContain(new URL(officer.url()).pathname.split("/").pop());
    await officer.goto(`${url}/hazards`);
    await expect(officer.locator("tbody tr")).toHaveCount(1);
    expect(await worker.tell("sync")).toBe("synced");
    await expect(officer.getByRole("link", { name: "五号槽护栏缺失" })).toBeVisible();
  } finally {
    await field.stop?.();
    await relay.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
