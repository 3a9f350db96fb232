import { address, expect, test } from "./desk";

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
