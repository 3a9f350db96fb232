import { tell } from "./disagree";
import { address, ask, expect, test, type Rows } from "./desk";

test("a boundary that is no GeoJSON stops nobody's overview", async ({ desk }) => {
  const page = await desk("secretary");
  const { rows } = await ask<Rows>(page, "/zones?limit=1");
  const [zone] = rows;
  const bounds = (boundary: unknown) => tell(page, "patch", `/documents/${zone?.id}/fields`, { boundary });
  for (const boundary of ['{"type":"Polygon"}', '{"type":"Polygon","coordinates":[[1,2]]}', '{"type":"MultiPolygon","coordinates":[null]}', "[", "7"]) {
    await bounds(boundary);
    await page.goto(address("/"));
    await expect(page.locator(".plan svg").first()).toBeVisible();
  }
  if (zone?.fields.boundary) await bounds(zone.fields.boundary);
});
