// The tasks' page as its tests use it: opened and left, what stands in its rows, and what becomes of a task.
/* global document */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openBrowser, signedInPage } from "./browser.mjs";
import { ownWorld } from "./own-world.mjs";

/** Makes a task for an agent, if it is not said to be another's. */
export const make = (room, title, more = {}) => room.make("/tasks", { title, assignee: "agent", ...more });

export const row = (page, title) => page.locator("a[data-task]", { hasText: title });

/** The titles that stand in the page, from its top. */
export const titles = (page) =>
  page
    .locator("a[data-task] .title")
    .evaluateAll((found) => found.map((one) => one.textContent.replace(/\s+/g, " ").trim()));

/** The title of the row or card that has the focus. */
export const focusedTitle = (page) =>
  page.evaluate(() => document.activeElement?.querySelector(".title")?.textContent.trim());

/** Asks again until it is so. */
export async function until(ask, wanted, what) {
  const end = performance.now() + 20_000;
  for (;;) {
    const found = await ask();
    if (found === wanted) return;
    if (performance.now() > end) assert.equal(found, wanted, what);
    await sleep(25);
  }
}

export const becomes = (room, task, status) => until(async () => (await room.get(`/tasks/${task}`)).status, status);

/** A world of a test file, and a browser of its own. `open` opens a page of a signed-in person at a path, once it has this heading. */
export function ownPages() {
  let browser;
  before(async () => (browser = await openBrowser()));
  after(() => browser?.close());
  const world = ownWorld();
  const open = async (path, { heading = "Tasks", ...options } = {}) => {
    const page = await signedInPage(browser, world, path, options);
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    return page;
  };
  return { world, open };
}

/** Leaves a page: nothing but these went wrong in it. */
export async function close(page, troubles = []) {
  assert.deepEqual(page.troubles, troubles);
  await page.context().close();
}
