// Being told by the browser while the page is hidden: once an ask, from one page, taken back when it is settled; and the badge of the tab.
/* global ExtendableEvent, ServiceWorkerRegistration, WindowClient, self */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isKept, syncs } from "../lib/page.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
before(async () => {
  world = await startWorld();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await world?.end();
});

/**
 * Watches what the page shows: Chromium without a screen shows none of it. The page's own calls stay as they are; `hide` makes it a page in the
 * background, as a browser that can only open tabs in front cannot.
 */
function watched() {
  const notes = (globalThis.notes = []);
  globalThis.Notification = class extends EventTarget {
    // As a browser keeps it: over a reload too.
    static get permission() {
      return sessionStorage.getItem("test.permission") ?? "default";
    }
    static async requestPermission() {
      sessionStorage.setItem("test.permission", "granted");
      return this.permission;
    }
  };
  Object.assign(ServiceWorkerRegistration.prototype, {
    async showNotification(title, options) {
      const note = { title, ...options, open: true, close: () => (note.open = false) };
      notes.push(note);
    },
    async getNotifications({ tag }) {
      return notes.filter((note) => note.open && note.tag === tag);
    },
  });
  let state = "visible";
  Object.defineProperty(globalThis.document, "visibilityState", { get: () => state });
  globalThis.hide = (hidden) => {
    state = hidden ? "hidden" : "visible";
    globalThis.document.dispatchEvent(new Event("visibilitychange"));
  };
}

const shown = (page) =>
  page.evaluate(() => globalThis.notes.map(({ title, body, tag, open }) => ({ title, body, tag, open })));
/** As if somebody had clicked on what was shown; with `pages: "none"` after the last page was closed. Returns the address that was opened. */
const clicked = (page, url, pages = "open") =>
  page
    .context()
    .serviceWorkers()[0]
    .evaluate(
      async ([url, pages]) => {
        const click = new ExtendableEvent("notificationclick");
        const opened = [];
        // Only a real click may open a window, or bring one to the front.
        self.clients.openWindow = async (address) => opened.push(address);
        WindowClient.prototype.focus = async () => opened.push("focused");
        if (pages === "none") self.clients.matchAll = async () => [];
        let done;
        Object.assign(click, { notification: { data: { url }, close() {} }, waitUntil: (work) => (done = work) });
        self.dispatchEvent(click);
        await done;
        return opened;
      },
      [url, pages],
    );
const told = (page, count) => page.waitForFunction((count) => globalThis.notes.length === count, count);

test("notifications are asked for by a click in the settings, and then tell of each ask once while the page is hidden", async () => {
  const { workspace, room, token } = await settle(world, { name: "my-api", label: "claude" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}`);
  await page.addInitScript(watched);
  await page.goto(`${world.url}/w/${workspace.id}/settings`);
  const agent = await Agent.connect(token.mcpUrl);
  try {
    const box = page.getByRole("switch", { name: /^Notify me/ });
    assert.equal(await box.isChecked(), false);
    const listening = page.waitForResponse(/\/notifier-/);
    await box.click();
    await page.waitForFunction(() => globalThis.Notification.permission === "granted");
    await page.getByText("Once for each ask, when this page is in the background.", { exact: true }).waitFor();
    assert.equal(await box.isChecked(), true);
    await listening;
    await isKept(page);

    // Looked at, it says nothing: what is new is there to be seen.
    const first = await agent.call("createTask", { title: "Question: seen?", assignee: "human" });
    await page.waitForFunction(() => globalThis.document.title.startsWith("(1)"));
    assert.deepEqual(await shown(page), []);
    assert.equal(await page.locator('link[rel="icon"]').getAttribute("href"), "/icon.svg");

    await page.evaluate(() => globalThis.hide(true));
    const second = await agent.call("createTask", { title: "Approve: deploy", assignee: "human", body: "Now." });
    await told(page, 1);
    const tag = `${workspace.id}/${second.task_id}`;
    assert.deepEqual(await shown(page), [{ title: "Approve: deploy", body: "claude · my-api", tag, open: true }]);

    // More words on an ask that waits already are no other ask.
    await agent.call("reply", { chat_id: second.task_id, text: "It is urgent.", needs_answer: true });
    // Another's answer settles it.
    await room.decide(second.task_id, "approved");
    await page.waitForFunction(() => globalThis.notes.every(({ open }) => !open));
    assert.equal((await shown(page)).length, 1);

    // It asks again: that is news, under the same tag.
    await agent.call("reply", { chat_id: second.task_id, text: "Which host?", needs_answer: true });
    await told(page, 2);
    assert.equal((await shown(page))[1].tag, tag);
    const { url } = await page.evaluate(() => globalThis.notes.at(-1).data);
    assert.deepEqual(await clicked(page, url), ["focused"]);
    await page.waitForURL(new RegExp(`/needs-you/${second.task_id}$`));

    // A new connection tells nothing again.
    const before = (await shown(page)).length;
    await page.context().setOffline(true);
    await syncs(page, /^Offline/);
    await page.context().setOffline(false);
    await syncs(page, /^All saved$/);
    const last = await agent.call("createTask", { title: "Question: and now?", assignee: "human" });
    await told(page, before + 1);
    assert.equal((await shown(page)).at(-1).tag, `${workspace.id}/${last.task_id}`);
    await room.remove(`/tasks/${last.task_id}`);

    // Neither does a reload tell of what was told.
    const again = page.waitForResponse(/\/notifier-/);
    await page.reload();
    await again;
    await page.waitForFunction(() => globalThis.document.title.startsWith("(2)"));
    await page.evaluate(() => globalThis.hide(true));
    const third = await agent.call("createTask", { title: "Question: after the reload?", assignee: "human" });
    await told(page, 1);
    assert.equal((await shown(page))[0].tag, `${workspace.id}/${third.task_id}`);

    for (const { task_id: task } of [first, second, third]) await room.remove(`/tasks/${task}`);
    await page.waitForFunction(() => !globalThis.document.title.startsWith("("));
    await page.locator('link[rel="icon"][href="/icon-quiet.svg"]').waitFor({ state: "attached" });
    const at = "/w/a/needs-you/b";
    assert.deepEqual(await clicked(page, at, "none"), [at], "with no page there, one is opened at the task");
    assert.deepEqual(
      page.troubles.filter((trouble) => !trouble.includes("ERR_INTERNET_DISCONNECTED")),
      [],
    );
  } finally {
    await agent.close();
  }
  await page.context().close();
});

test("what came just before the page was hidden is counted in its title, though no frame is made for it any more", async () => {
  const { workspace, token } = await settle(world, { name: "my-api", label: "claude" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}`);
  const agent = await Agent.connect(token.mcpUrl);
  try {
    await page.evaluate(watched);
    await syncs(page, /^All saved$/);
    await page.evaluate(() => (globalThis.requestAnimationFrame = () => 0));
    await agent.call("createTask", { title: "Question: seen?", assignee: "human" });
    // It has come: a screen reader is told at once, whatever is drawn.
    const heard = () =>
      [...globalThis.document.querySelectorAll("[aria-live]")].some((it) => it.textContent.includes("Question: seen?"));
    await page.waitForFunction(heard, null, { polling: 50 });
    assert.ok(!(await page.title()).startsWith("(1)"), "no frame was made");
    await page.evaluate(() => globalThis.hide(true));
    await page.waitForFunction(() => globalThis.document.title.startsWith("(1)"), null, { polling: 50 });
  } finally {
    await agent.close();
    await page.context().close();
  }
});
