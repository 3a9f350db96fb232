// Starts the demo with the program under test, signs its three guides in by their links, and ends
// it when the tests are over.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type FullConfig } from "@playwright/test";
import { GUIDES, stateOf } from "./guides";
import { start } from "./program";

/** Any seed will do: a test makes for itself what a week of shifts may lack. */
const SEED = process.env.VANGUARD_SEED ?? "1";
const DEMO = ["demo", "--members", "60", "--days", "7", "--seed", SEED];

export default async function setUp(config: FullConfig): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), "vanguard-web-"));
  console.log(`the demo's seed: ${SEED}`);
  const relay = await start([...DEMO, "--data", data], "Ctrl-C");
  const found = (pattern: RegExp) => [...relay.said.matchAll(pattern)].map((match) => String(match[1]));
  const url = String(found(/open: (\S+)/g)[0]);
  const tokens = found(/signin\?token=([0-9a-f]+)/g);
  process.env.RELAY_URL = url;
  process.env.STATES = data;
  const browser = await chromium.launch(config.projects[0]?.use.launchOptions);
  for (const [at, guide] of GUIDES.entries()) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${url}/signin?token=${tokens[at]}`);
    await page.waitForURL((address) => address.pathname === "/");
    await context.storageState({ path: stateOf(guide) });
    await context.close();
  }
  process.env.USED_TOKEN = tokens[0];
  await browser.close();
  return async () => {
    await relay.stop();
    rmSync(data, { recursive: true, force: true });
  };
}
