import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { address, ask, expect, test, type Rows } from "./desk";
import { LANGUAGES, words as texts } from "./words";

const PICTURES = process.env.SCREENSHOTS ?? "../../target/screenshots";

interface Named {
  photos_before: { hash: string; thumbnail: { hash: string } }[];
  photos_after: { hash: string; thumbnail: { hash: string } }[];
}

/** Sends a file as a phone does. */
async function upload(page: Page, file: Buffer): Promise<void> {
  const tus = { "Tus-Resumable": "1.0.0" };
  const sha256 = Buffer.from(hashOf(file)).toString("base64");
  const begun = await page.request.post(address("/v1/blobs"), { headers: { ...tus, "Upload-Length": String(file.length), "Upload-Metadata": `sha256 ${sha256}` } });
  expect(begun.status(), await begun.text()).toBe(201);
  const headers = { ...tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream" };
  const sent = await page.request.patch(address(String(begun.headers().location)), { headers, data: file });
  expect(sent.status(), await sent.text()).toBe(204);
}
const hashOf = (file: Buffer) => createHash("sha256").update(file).digest("hex");

for (const language of LANGUAGES) {
  const words = texts(language);

  test(`${language}: a photo that comes after its record appears on the open page`, async ({ desk }) => {
    const page = await desk("officer", { language });
    const { rows: orgs } = await ask<Rows>(page, "/organisations?category=branch&limit=1");
    await page.goto(address("/"));
    // Of two pages that have not drawn anything yet the pictures would be the same: of each there is one.
    const drawn = async (clip?: { x: number; y: number; width: number; height: number }) =>
      Buffer.concat([await page.screenshot({ type: "jpeg", clip }), randomBytes(16)]);
    const original = await drawn();
    const small = await drawn({ x: 0, y: 0, width: 320, height: 180 });
    const thumbnail = { hash: hashOf(small), bytes: small.length };
    const photo = { hash: hashOf(original), bytes: original.length, width_px: 1366, height_px: 768, thumbnail };
    const data = { description: "冷却水管渗漏", nature: "unsafe_condition", photos: [photo] };
    const made = await page.request.post(address(`/api/hazards?space=${orgs[0]?.id}`), { data });
    expect(made.ok(), await made.text()).toBe(true);
    const { document: id } = (await made.json()) as { document: string };

    await page.goto(address(`/hazards/${id}`));
    const strip = page.locator(".photos .photo-strip").first();
    await expect(strip).toHaveText(words.photos.notHere);
    await strip.getByRole("button").click();
    const pane = page.locator(".photo-pair .pane").first();
    await expect(pane).toHaveText(words.photos.notHere);
    await upload(page, small);
    await upload(page, original);
    const isDrawn = (image: Locator) => expect.poll(() => image.evaluate((it: HTMLImageElement) => it.naturalWidth)).toBeGreaterThan(0);
    await isDrawn(pane.locator("img"));
    await isDrawn(strip.locator("img"));
  });

  test(`${language}: a notice's signed reply is entered with a photo, and stands beside the one from before`, async ({ desk }) => {
    const page = await desk("officer", { language });
    const { rows: orgs } = await ask<Rows>(page, "/organisations?category=branch&limit=1");
    const { rows: units } = await ask<Rows>(page, "/units?limit=1");
    const { rows: members } = await ask<Rows>(page, "/members?limit=1");
    const picture = (name: string) => ({ name, mimeType: "image/png", buffer: shot });
    await page.goto(address("/hazards"));
    const shot = await page.screenshot();
    const dialog = page.getByRole("dialog").first();
    const submit = async () => {
      await dialog.getByRole("button", { name: words.form.submit, exact: true }).click();
      await expect(dialog).toHaveCount(0);
    };

    // Reported from the desk, with a photo.
    await page.getByRole("button", { name: words.hazards.report }).click();
    await dialog.getByLabel(words.field.space).click();
    await page.locator(".el-select-dropdown:visible .el-select-dropdown__item").filter({ hasText: String(orgs[0]?.fields.name) }).first().click();
    await dialog.getByLabel(words.field.description).fill("天车限位失灵");
    await dialog.getByText(words.hazard_nature.unsafe_condition, { exact: true }).click();
    await dialog.getByLabel(words.field.photos).setInputFiles(picture("before.png"));
    await expect(dialog.locator(".photo-strip img")).toHaveCount(1);
    await submit();
    await expect(page.locator("h1")).toHaveText("天车限位失灵");
    const id = new URL(page.url()).pathname.split("/").pop();
    const seen = page.locator(".photos .photo-strip img");
    const isDrawn = () => seen.evaluateAll((images) => images.every((image) => (image as HTMLImageElement).naturalWidth > 0));
    await expect(seen).toHaveCount(1);
    await expect.poll(isDrawn).toBe(true);

    for (const event of [
      { event: "graded", grade: "general", nature: "unsafe_condition", reason: "核实" },
      { event: "assigned", unit: units[0]?.id, person: { member: members[0]?.id }, mode: "deadline", deadline_ms: Date.now() + 86_400_000 },
    ]) {
      const done = await page.request.post(address(`/api/documents/${id}/events`), { data: event });
      expect(done.ok(), await done.text()).toBe(true);
    }
    await page.locator(".actions").getByRole("button", { name: words.event.rectified_on_behalf }).click();
    await dialog.getByLabel(words.field.what).fill("已更换限位开关，详见签字回复");
    await dialog.getByLabel(words.field.reply_photos).setInputFiles(picture("reply.png"));
    await expect(dialog.locator(".photo-strip img")).toHaveCount(1);
    // The connection is cut in the middle of the upload: it goes on by itself.
    await page.route("**/v1/blobs/uploads/*", (route) => route.abort("connectionreset"), { times: 1 });
    await submit();
    await expect(seen).toHaveCount(2);
    await expect.poll(isDrawn).toBe(true);

    const row = await ask<Named>(page, `/ledger/${id}`);
    for (const photo of [...row.photos_before, ...row.photos_after]) {
      for (const hash of [photo.hash, photo.thumbnail.hash]) {
        const file = await page.request.get(address(`/api/photos/${hash}`));
        expect(file.headers()["content-type"], hash).toBe("image/jpeg");
      }
    }

    await seen.first().click();
    const panes = page.locator(".photo-pair .pane img");
    await expect(panes).toHaveCount(2);
    const width = async () => (await panes.first().boundingBox())?.width ?? 0;
    const before = await width();
    await page.getByRole("button", { name: words.photos.larger }).click();
    await expect.poll(width).toBeGreaterThan(before * 1.4);
    await page.screenshot({ path: join(PICTURES, language, "photos.png") });
    // Where one is moved to, the other goes too.
    await page.locator(".photo-pair .pane").first().evaluate((pane) => pane.scrollTo(pane.scrollWidth, 0));
    await expect.poll(() => page.locator(".photo-pair .pane").nth(1).evaluate((pane) => pane.scrollLeft)).toBeGreaterThan(0);

    await page.goto(address("/ledger?q=天车限位失灵"));
    await expect(page.locator("tbody tr").first().locator(".photo-strip img").first()).toBeVisible();
  });
}
