// How smoothly the long lists scroll: `node scroll.mjs URL SESSION` prints the milliseconds between
// frames, list by list, as JSON. `cargo xtask bench desk` starts it while news come in.
import { chromium } from "@playwright/test";

const LISTS = ["ledger", "hazards", "inspections"];
/** So many rows are there when the wheel begins to turn. */
const ROWS = 300;
const SECONDS = 5;
/** What one turn of a wheel scrolls, in pixels. */
const TURN = 120;

const [url, session] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking"],
});
const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
await context.addCookies([{ name: "vanguard_session", value: session, url }]);
const page = await context.newPage();
const lists = {};
for (const list of LISTS) {
  await page.goto(`${url}/${list}`);
  const rows = page.locator("tbody tr");
  await rows.first().waitFor();
  while ((await rows.count()) < ROWS) {
    const shown = await rows.count();
    await page.locator(".more-rows button").click();
    await page.waitForFunction((before) => document.querySelectorAll("tbody tr").length > before, shown);
  }
  await page.evaluate(() => {
    scrollTo(0, 0);
    window.frames = [];
    let last;
    const tick = (now) => {
      if (last !== undefined) window.frames.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.mouse.move(683, 600);
  const end = Date.now() + SECONDS * 1_000;
  for (let way = TURN; Date.now() < end; ) {
    await page.mouse.wheel(0, way);
    const isAtEnd = await page.evaluate(() => {
      const own = document.querySelector(".scroll:not(.page-list)");
      const { scrollTop, scrollHeight, clientHeight } = own && own.scrollHeight > own.clientHeight ? own : document.scrollingElement;
      return scrollTop + clientHeight >= scrollHeight - 1;
    });
    if (isAtEnd) way = -TURN;
  }
  lists[list] = await page.evaluate(() => window.frames);
}
await browser.close();
console.log(JSON.stringify(lists));
