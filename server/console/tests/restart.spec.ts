import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as plain, expect } from "@playwright/test";
import { setUp } from "./accounts";
import { freePort, start } from "./program";

plain("a relay that is restarted finds the page as it was, and the page finds the relay", async ({ page }) => {
  const data = mkdtempSync(join(tmpdir(), "vanguard-restart-"));
  const args = ["serve", "--data", data, "--listen", `127.0.0.1:${await freePort()}`];
  let relay = await start(args, "token=");
  try {
    await setUp(page, String(relay.said.match(/https:\S+token=\S+/)?.[0]), { organisation: "厂党委", name: "陈安", number: "1" });
    // Nothing is due and nothing reported: the rates are unknown, not 100%.
    await expect(page.locator(".figures .unknown")).toHaveCount(3);
    await page.getByRole("link", { name: "党组织" }).click();
    await page.getByRole("button", { name: "新建" }).click();
    const name = page.getByRole("dialog").getByLabel("名称");
    await name.fill("电解党支部");
    await expect(page.getByRole("status")).toHaveText("实时");

    await relay.stop();
    await expect(page.getByRole("status")).toHaveText("连接中断，正在重连");
    relay = await start(args, "address for phones");
    await expect(page.getByRole("status")).toHaveText("实时", { timeout: 30_000 });
    await expect(name).toHaveValue("电解党支部");
    // Also where the page was reloaded.
    await page.reload();
    await page.getByRole("button", { name: "新建" }).click();
    await expect(name).toHaveValue("电解党支部");
  } finally {
    await relay.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
