// Starts the demo with the program under test, signs its three guides in by their links, and ends
// it when the tests are over.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type FullConfig } from "@playwright/test";
import { GUIDES, stateOf } from "./guides";

const PROGRAM = process.env.VANGUARD ?? "../../target/release/vanguard";
const DEMO = ["demo", "--members", "60", "--days", "7", "--seed", "7"];

interface Started {
  url: string;
  tokens: string[];
  setup: string;
  stop: () => Promise<void>;
}

async function start(data: string): Promise<Started> {
  const relay = spawn(PROGRAM, [...DEMO, "--data", data], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => relay.once("exit", () => resolve()));
  let said = "";
  const isReady = () => said.includes("Ctrl-C");
  await new Promise<void>((resolve, reject) => {
    relay.once("error", reject);
    relay.once("exit", (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)));
    relay.stdout.on("data", (piece: Buffer) => {
      said += piece.toString();
      if (isReady()) resolve();
    });
  });
  const found = (pattern: RegExp) => [...said.matchAll(pattern)].map((match) => String(match[1]));
  return {
    url: String(found(/open: (\S+)/g)[0]),
    tokens: found(/signin\?token=([0-9a-f]+)/g),
    setup: String(found(/administrator: (\S+)/g)[0]),
    stop: async () => {
      relay.kill("SIGINT");
      await ended;
    },
  };
}

export default async function setUp(config: FullConfig): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), "vanguard-web-"));
  const relay = await start(data);
  process.env.RELAY_URL = relay.url;
  process.env.SETUP_URL = relay.setup;
  process.env.STATES = data;
  const browser = await chromium.launch(config.projects[0]?.use.launchOptions);
  for (const [at, guide] of GUIDES.entries()) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${relay.url}/signin?token=${relay.tokens[at]}`);
    await page.waitForURL((url) => url.pathname === "/");
    await context.storageState({ path: stateOf(guide) });
    await context.close();
  }
  process.env.USED_TOKEN = relay.tokens[0];
  await browser.close();
  return async () => {
    await relay.stop();
    rmSync(data, { recursive: true, force: true });
  };
}
