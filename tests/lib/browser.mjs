// A Chromium of its own for a test file, and a person who has signed in with it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium as find } from "../../scripts/setup/chromium.mjs";
import { chromium } from "playwright-core";

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** So long a page is waited for: what will not come is told by then, and on a busy machine what will may take its time. */
export const patienceMs = 45_000;

/** Starts Chromium, with `more` arguments; `close()` ends it. It reaches nothing but this machine. */
export async function openBrowser({ more = [] } = {}) {
  return chromium.launch({ executablePath: process.env.AGENTRQ_CHROMIUM ?? (await find()), args: [...args, ...more] });
}

/** The same with one lasting profile (its only context), and a `port` at which other tools reach it. */
export async function openBrowserAt() {
  const profile = mkdtempSync(join(tmpdir(), "agentrq-profile-"));
  const executablePath = process.env.AGENTRQ_CHROMIUM ?? (await find());
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...args, "--remote-debugging-port=0"],
    viewport: null,
  });
  const [port] = readFileSync(join(profile, "DevToolsActivePort"), "utf8").split("\n");
  return {
    port: Number(port),
    contexts: () => [context],
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/**
 * A page in a fresh profile, signed in by the link that `npm start` prints, at `path`. Everything that went wrong in it stands in
 * `page.troubles`: errors, refusals by the policy, failed scripts.
 */
export async function signedInPage(browser, world, path = "/", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  page.troubles = [];
  page.on("pageerror", (error) => page.troubles.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && page.troubles.push(`console: ${message.text()}`));
  await page.goto(`${world.url}/sign-in#key=${world.server.key}`);
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  await page.goto(world.url + path);
  return page;
}
