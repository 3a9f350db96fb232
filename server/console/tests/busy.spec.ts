// A large enterprise brings news at every moment.
import { address, ask, expect, test, type Rows } from "./desk";
import { tell } from "./disagree";

test("news are shown while more of them come in all the time", async ({ desk }) => {
  const page = await desk("supervisor");
  const { rows } = await ask<Rows>(page, "/hazards?status=closed&limit=2");
  const [watched, busy] = rows.map(({ id }) => `/documents/${id}/events`);
  await page.goto(address(`/hazards/${rows[0]?.id}`));
  await expect(page.locator(".hazard-head")).toBeVisible();

  let isOver = false;
  const others = (async () => {
    while (!isOver) await tell(page, "post", String(busy), { event: "commented", text: "巡查经过" });
  })();
  try {
    await tell(page, "post", String(watched), { event: "commented", text: "会后到场核实" });
    await expect(page.getByText("会后到场核实")).toBeVisible();
  } finally {
    isOver = true;
    await others;
  }
});
