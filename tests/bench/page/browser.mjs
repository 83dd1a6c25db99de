// A browser with the page in it, over a workspace of many tasks, and a processor that is as slow as it is asked to be.
import { setTimeout as sleep } from "node:timers/promises";
import { openBrowser } from "../../lib/browser.mjs";
import { fill, newTask } from "../lib/fill.mjs";
import { startProduct } from "../lib/product.mjs";
import { tools } from "./tools.mjs";

/** The page is measured on this machine as it is, and on one that is four times as slow. */
export const speeds = [1, 4];
export const called = (what, speed) => (speed === 1 ? what : `${what}, processor ${speed}x slower`);

/** The product with a workspace of so many tasks, and a browser. `end()` ends both. */
export async function startPages(tasks) {
  const product = await startProduct();
  let browser;
  const end = async () => {
    await browser?.close();
    await product.end();
  };
  try {
    const room = await product.room();
    const bare = await product.room();
    await fill(room, tasks, newTask);
    // A frame is drawn as soon as there is one: what is measured is the work, not the wait for a screen.
    browser = await openBrowser({ more: ["--disable-frame-rate-limit", "--disable-gpu-vsync"] });
    return {
      product,
      room,
      browser,
      end,
      at: (rest = "") => addressOf(product, room, rest),
      /** The same in a workspace without tasks. */
      atBare: (rest = "") => addressOf(product, bare, rest),
    };
  } catch (error) {
    await end();
    throw error;
  }
}

const addressOf = (product, { base }, rest) => `${product.server.url}w/${base.split("/").at(-1)}${rest}`;

/** A page of the person, signed in; `page.slow(rate)` slows its processor. */
export async function openPage({ browser, product: { server } }) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(tools);
  const page = await slowable(await context.newPage());
  await page.goto(`${server.url}sign-in#key=${server.key}`);
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
}

/** Another page of the same browser with nothing in it but this. */
export async function openBare(page, content) {
  const bare = await slowable(await page.context().newPage());
  await bare.goto("about:blank");
  await bare.setContent(content);
  return bare;
}

/** So long a hand rests on what it has come to, and holds it down: what is drawn for that is not what is measured. */
const restMs = 100;
const heldMs = 80;

/** Clicks as people do, and leaves the page alone until it has shown what that did: a question to it would be answered before its frame. */
export async function press(page, target) {
  await target.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await target.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await sleep(restMs);
  await page.mouse.down();
  await sleep(heldMs);
  await page.mouse.up();
  await sleep(restMs);
}

async function slowable(page) {
  page.setDefaultTimeout(60_000);
  page.session = await page.context().newCDPSession(page);
  page.slow = (rate) => page.session.send("Emulation.setCPUThrottlingRate", { rate });
  return page;
}

/** Asks for the tasks that the first look leaves out, until all are on the page. */
export async function loadAll(page) {
  // So many come by themselves, and then there is a button for the others; or none are lacking.
  await page.getByRole("heading", { name: /^Not started/ }).waitFor();
  const still = page.locator("[data-testid=older] button, body:not(:has([data-testid=older]))");
  await still.first().waitFor({ timeout: 600_000 });
  const older = page.getByRole("button", { name: "Load older tasks" });
  while (await older.isVisible()) {
    const answer = page.waitForResponse((response) => response.url().includes("/tasks?"));
    await older.click();
    await answer;
    await page.evaluate(() => globalThis.measured.drawn());
  }
}
