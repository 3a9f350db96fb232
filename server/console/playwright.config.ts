import { defineConfig } from "@playwright/test";

/** Looks at the console in a real browser. One relay with the demo's data for all tests. */
export default defineConfig({
  testDir: "tests",
  outputDir: "../../target/web-test",
  workers: 1,
  retries: 0,
  timeout: 120_000,
  // No limit of a test: a machine that does other things as well may take its time.
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  globalSetup: "./tests/relay.ts",
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" },
    ignoreHTTPSErrors: true, // the demo's relay has a certificate of its own
    viewport: { width: 1366, height: 768 },
    locale: "zh-CN",
    screenshot: "only-on-failure",
  },
});
