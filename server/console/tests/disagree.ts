// What only several people at once can make: values that contradict each other, and a deed that
// came too late. A phone writes without a network while the desk writes, too.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";
import { address, ask, type Rows } from "./desk";
import { phone } from "./program";

/** Asks the relay to do something, as the page does. */
export async function tell(page: Page, method: "post" | "patch", path: string, data: object): Promise<void> {
  const response = await page.request[method](address(`/api${path}`), { data });
  expect(response.ok(), `${path}: ${response.status()} ${await response.text()}`).toBe(true);
}

/** A member who is nothing else, so that a secretary may manage their phones. */
export async function worker(page: Page): Promise<{ name: string; number: string }> {
  const { rows: members } = await ask<Rows>(page, "/members?limit=200");
  const { rows: grants } = await ask<Rows>(page, "/grants?limit=200");
  const heldBy = (id: string) => grants.filter(({ fields, state }) => fields.member === id && !state.is_ended).map(({ fields }) => fields.role);
  const found = members.find(({ id }) => heldBy(id).join() === "member");
  return { name: String(found?.fields.name), number: String(found?.fields.number) };
}

/** A hazard that a phone reports, and whose place both write before they hear of each other; the
 * phone's owner puts it right on the spot without knowing that the desk has graded it Major. */
export async function contested(secretary: Page, officer: Page): Promise<{ id: string; places: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "vanguard-contested-"));
  const { number } = await worker(secretary);
  const made = await secretary.request.post(address("/api/invites"), { data: { number } });
  const { text } = (await made.json()) as { text: string };
  const field = await phone(text, join(folder, "phone.db"));
  try {
    const devices = await ask<{ id: string; code: string | null }[]>(secretary, "/devices");
    const own = devices.find(({ code }) => code && code === field.digits);
    if (own) await tell(secretary, "post", `/devices/${own.id}/confirm`, { code: field.digits });
    expect(await field.tell("sync")).toBe("synced");
    const id = (await field.tell("report 二号槽母线绝缘板开裂")).split(" ")[1] ?? "";
    expect(await field.tell("sync")).toBe("synced");

    const places = ["二号槽北侧", "二号槽南侧，靠立柱"];
    await tell(secretary, "patch", `/documents/${id}/fields`, { place: places[0] });
    await tell(officer, "post", `/documents/${id}/events`, {
      event: "graded",
      grade: "major",
      nature: "unsafe_condition",
      criterion: "工贸企业重大事故隐患判定标准",
      reason: "现场核实",
    });
    expect(await field.tell(`edit ${id} ${JSON.stringify({ place: places[1] })}`)).toBe("done");
    const rectified = { event: "rectified", what: "已更换绝缘板", on_the_spot: true };
    expect(await field.tell(`act ${id} ${JSON.stringify(rectified)}`)).toBe("done");
    expect(await field.tell("sync")).toBe("synced");
    // The log has it at once; what people read follows.
    const isThere = async () => (await ask<Rows["rows"][number]>(secretary, `/hazards/${id}`)).conflicts.length;
    await expect.poll(isThere).toBe(1);
    return { id, places };
  } finally {
    await field.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
