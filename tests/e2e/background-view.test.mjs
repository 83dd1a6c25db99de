// Background work as a person sees it: output as it comes, how it ended, and a stop that goes out when the network is back.
/* global document, getComputedStyle */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isKept, syncs } from "../lib/page.mjs";
import { Runner } from "../lib/runner.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
const runners = [];
before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
});
after(async () => {
  for (const runner of runners) await runner.close();
  await browser?.close();
  await world?.end();
});

async function place() {
  const here = await settle(world, { name: "Builds" });
  const runner = await Runner.connect(here.room, here.token);
  runners.push(runner);
  return { ...here, runner };
}
const at = ({ id }, task) => `/w/${id}/tasks/${task.taskId}`;

test("what is printed is there as it comes, with its colours, and then how it ended", async () => {
  const { workspace, runner } = await place();
  const task = await runner.begins("npm test");
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  await page.getByText("1 running").waitFor();
  await page
    .getByRole("link", { name: /Run it/ })
    .first()
    .click();
  await page.waitForURL(`**${at(workspace, task)}`);
  await page.getByText("No output yet.").waitFor();
  const log = page.getByRole("log");
  const length = await runner.prints(task, 0, "\u001b[32m✓\u001b[0m one passed\n10%");
  await log.getByText("one passed").waitFor();
  const [tick, words] = await log.evaluate((log) => {
    const colourOf = (text) => {
      const walker = document.createTreeWalker(log, 4);
      while (walker.nextNode())
        if (walker.currentNode.data.includes(text)) return getComputedStyle(walker.currentNode.parentElement).color;
    };
    return [colourOf("✓"), colourOf("one passed")];
  });
  assert.notEqual(tick, words);
  const all = await runner.prints(task, length, "\r20%\r30%\n<b>bold</b>\n");
  await log.getByText("<b>bold</b>").waitFor();
  assert.equal(await log.getByText("20%").count(), 0, "what was written over is gone");
  // In the list of what runs stands its last line.
  await page.goto(`${world.url}/w/${workspace.id}/work`);
  await page.locator("samp").getByText("<b>bold</b>").waitFor();
  await runner.prints(task, all, "31 failed\n");
  await page.locator("samp").getByText("31 failed").waitFor();
  await page.getByRole("link", { name: "Timeline" }).first().click();
  await page
    .getByRole("list", { name: "Runs" })
    .getByRole("link", { name: /Run it Running since/ })
    .click();
  await runner.ends(task, "failed", 2);
  await page.getByText("Failed with exit code 2").first().waitFor();
  assert.equal(await page.getByRole("button", { name: /^Stop/ }).count(), 0);
  await page.goto(`${world.url}/w/${workspace.id}/work`);
  await page.getByText("0 running, 1 failed").or(page.getByText("1 failed")).first().waitFor();
  await page.context().close();
});

test("a stop reaches who runs it, is shown as a wish until that one says so, and says then whose it was", async () => {
  const { workspace, runner } = await place();
  const task = await runner.begins("npm run watch");
  const page = await signedInPage(browser, world, at(workspace, task));
  await page.getByRole("button", { name: /^Stop/ }).click();
  await page.getByText("Stop requested…").first().waitFor();
  const { content } = await runner.client.hears(({ meta }) => meta.kind === "stop" && meta.chat_id === task.taskId);
  assert.match(content, /Stop it: .* wants it/);
  await runner.ends(task, "killed", 143);
  await page.getByText("Stopped by you").first().waitFor();
  await page.context().close();
});

test("a stop that is asked for without a network is kept, and goes out once there is one", async () => {
  const { workspace, runner } = await place();
  const task = await runner.begins("npm run watch");
  const page = await signedInPage(browser, world, at(workspace, task));
  await page.getByRole("button", { name: /^Stop/ }).waitFor();
  await syncs(page, /^All saved$/);
  await isKept(page);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: /^Stop/ }).click();
  await page
    .getByText(/Stop requested, waits for the network/)
    .first()
    .waitFor();
  assert.equal(runner.client.heard.length, 0);
  await page.context().setOffline(false);
  await runner.client.hears(({ meta }) => meta.kind === "stop" && meta.chat_id === task.taskId);
  await page.context().close();
});
