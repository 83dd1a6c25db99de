// Another build is served than the page is of: the page offers it, and takes it by itself while nobody looks and nothing waits.
/* global document */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { startHttpProxy } from "../lib/http-proxy.mjs";
import { syncs } from "../lib/page.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await world?.end();
});

/** A page that takes itself for another build than the server's, from the next time it hears of that. */
async function older() {
  const { workspace, room } = await settle(world, { name: "Versions" });
  const task = await room.make("/tasks", { title: "Seen by both builds", assignee: "human" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${task.id}`);
  await page.addInitScript(() => {
    let state = "visible";
    Object.defineProperty(document, "visibilityState", { get: () => state });
    globalThis.hide = () => {
      state = "hidden";
      document.dispatchEvent(new Event("visibilitychange"));
    };
  });
  await page.reload();
  await syncs(page, /^All saved$/);
  await page.evaluate(() => {
    document.querySelector('meta[name="agentrq-build"]').content = "of yesterday";
    globalThis.isOfYesterday = true;
  });
  await page.context().setOffline(true);
  await syncs(page, /^Offline/);
  await page.context().setOffline(false);
  await page.getByText("A new version is ready").waitFor();
  return page;
}
const isAnew = (page) => page.waitForFunction(() => globalThis.isOfYesterday !== true);

test("it is offered, and one press takes it", async () => {
  const page = await older();
  await page.getByRole("button", { name: "Reload" }).click();
  await isAnew(page);
  await page.getByRole("heading", { name: "Seen by both builds" }).waitFor();
  await syncs(page, /^All saved$/);
  assert.equal(await page.getByText("A new version is ready").count(), 0);
  await page.context().close();
});

test("it is taken by itself while nobody looks, but not before the last word is sent", async () => {
  const page = await older();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/commands", async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("textbox", { name: /reply|answer|comment/i }).fill("Not without this");
  await page.getByRole("button", { name: "Send reply" }).click();
  await syncs(page, /^Syncing 1 change$/);
  await page.evaluate(() => globalThis.hide());
  assert.equal(await page.evaluate(() => globalThis.isOfYesterday), true);
  release();
  await isAnew(page);
  await page.getByText("Not without this").first().waitFor();
  await syncs(page, /^All saved$/);
  await page.context().close();
});

test("where the two do not understand each other the page stops and says so, and what waits goes out from the page that fits", async (t) => {
  const { workspace, room } = await settle(world, { name: "Another protocol" });
  const task = await room.make("/tasks", { title: "Still readable", assignee: "human" });
  let protocol = null;
  const ofTomorrow = (text) => text.replace(/"protocol":\d+/, (own) => (protocol ? `"protocol":${protocol}` : own));
  const proxy = await startHttpProxy(world.server.port, { says: ofTomorrow });
  t.after(() => proxy.stop());
  const page = await signedInPage(browser, { ...world, url: proxy.url }, `/w/${workspace.id}/tasks/${task.id}`);
  await syncs(page, /^All saved$/);
  protocol = 99;
  proxy.cut();
  await page.getByText("This page is too old for the server").waitFor();
  await page.getByRole("textbox", { name: /reply|answer|comment/i }).fill("Said meanwhile");
  await page.getByRole("button", { name: "Send reply" }).click();
  await syncs(page, /^Stopped · 1 change waits$/);
  assert.equal((await room.get(`/tasks/${task.id}/messages`)).messages.length, 1);

  protocol = null;
  await page.getByRole("button", { name: "Reload" }).click();
  await syncs(page, /^All saved$/);
  const { messages } = await room.get(`/tasks/${task.id}/messages`);
  assert.equal(messages.at(-1).text, "Said meanwhile");
  await page.context().close();
});
