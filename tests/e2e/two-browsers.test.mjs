// Two browsers and an agent: the network is cut and comes back, the server is killed and starts again, and a yes that was given without a
// network is only worth what it was given on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isKept, syncs } from "../lib/page.mjs";
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

const reply = async (page, text) => {
  await page.getByRole("textbox", { name: /reply|answer|comment/i }).fill(text);
  await page.getByRole("button", { name: "Send reply" }).click();
};
const texts = async (room, task) => (await room.get(`/tasks/${task}/messages`)).messages.map(({ text }) => text);

/** Two browsers, each with a profile of its own, at the same task; each could go on without a network. */
async function both(path) {
  const pages = [await signedInPage(browser, world, path), await signedInPage(browser, world, path)];
  for (const page of pages) {
    await syncs(page, /^All saved$/);
    await isKept(page);
  }
  return pages;
}

test("what each says without a network and while the server is away arrives once, in the other browser and at the agent", async (t) => {
  const { workspace, room, token } = await settle(world, { name: "Two" });
  let agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
  t.after(() => agent.close());
  const { task_id: task } = await agent.call("createTask", { title: "Question: both?", assignee: "human" });
  const [one, two] = await both(`/w/${workspace.id}/tasks/${task}`);

  await one.context().setOffline(true);
  await reply(one, "One, offline");
  await reply(two, "Two, online");
  await agent.hears(({ content }) => content.includes("Two, online"));
  await one.context().setOffline(false);
  await two.getByText("One, offline").waitFor();
  await one.getByText("Two, online").waitFor();

  await world.server.stop();
  await reply(one, "One, with the server away");
  await reply(two, "Two, with the server away");
  await syncs(one, /1 change waits|1 change not sent/);
  await world.restart();
  for (const page of [one, two]) {
    await page.getByText("One, with the server away").waitFor();
    await page.getByText("Two, with the server away").waitFor();
    await syncs(page, /^All saved$/);
  }
  const said = (await texts(room, task)).slice(1);
  assert.deepEqual([...said].sort(), [
    "One, offline",
    "One, with the server away",
    "Two, online",
    "Two, with the server away",
  ]);
  await agent.close().catch(() => {});
  agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
  await agent.hears(({ content }) => content.includes("One, with the server away"), 20_000);
  for (const page of [one, two]) await page.context().close();
});

test("a task that is edited without a network is edited in the other browser when the network is back", async () => {
  const { workspace, room } = await settle(world, { name: "Edited" });
  const task = await room.make("/tasks", { title: "As it was", body: "Old words.", assignee: "human" });
  const [one, two] = await both(`/w/${workspace.id}/tasks/${task.id}`);
  await one.context().setOffline(true);
  await one.getByRole("button", { name: "Task actions" }).click();
  await one.getByRole("menuitem", { name: "Edit" }).click();
  const dialog = one.getByRole("dialog");
  await dialog.getByLabel("Title").fill("As it is");
  await dialog.getByLabel("Details").fill("New words.");
  await dialog.getByRole("button", { name: "Save" }).click();
  await one.getByRole("heading", { name: "As it is" }).waitFor();
  await syncs(one, /^Offline · 1 change waits$/);
  assert.equal(await two.getByRole("heading", { name: "As it was" }).count(), 1);
  await one.context().setOffline(false);
  await two.getByRole("heading", { name: "As it is" }).waitFor();
  for (const page of [one, two]) {
    await page.getByText("New words.").first().waitFor();
    await syncs(page, /^All saved$/);
  }
  for (const page of [one, two]) await page.context().close();
});

test("of two who decide the same, the first one's answer stands, and the second is told so in both browsers", async (t) => {
  const { workspace, room, token } = await settle(world, { name: "First" });
  const agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
  t.after(() => agent.close());
  const { task_id: task } = await agent.call("createTask", { title: "Approve: once", assignee: "human" });
  const [one, two] = await both(`/w/${workspace.id}/tasks/${task}`);
  const button = (page, name) => page.getByRole("button", { name, exact: true });
  await one.context().setOffline(true);
  await one.locator("[data-key=approve][aria-disabled=false]").click();
  await one.getByText("Your approval waits for the network.").waitFor();
  await two.locator("[data-key=reject][aria-disabled=false]").click();
  await two.getByText(/Denied by you/).waitFor();
  await one.context().setOffline(false);
  await one.getByText(/You were first, elsewhere: denied at \d\d:\d\d:\d\d\./).waitFor();
  await one.getByText("Your approval was not taken.").waitFor();
  await button(one, "Dismiss").click();
  await one.getByText(/Denied by you/).waitFor();
  assert.equal((await room.get(`/tasks/${task}`)).verdict.kind, "rejected");
  const heard = await agent.hears(({ meta }) => meta.verdict !== undefined);
  assert.equal(heard.meta.verdict, "rejected");
  for (const page of [one, two]) await page.context().close();
});

test("an approval given without a network is refused when the task has changed meanwhile, and nothing is lost without a word", async (t) => {
  const { workspace, room, token } = await settle(world, { name: "Changed" });
  const agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
  t.after(() => agent.close());
  const task = await room.make("/tasks", { title: "Approve: the first text", body: "First.", assignee: "human" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${task.id}`);
  await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
  await isKept(page);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await syncs(page, /^Offline · 1 change waits$/);
  assert.equal(await page.getByText("Approved by you").count(), 0);
  await room.change(`/tasks/${task.id}`, { body: "Second, and quite different." });
  await page.context().setOffline(false);
  await page.getByText("Second, and quite different.").first().waitFor();
  await page.getByRole("button", { name: "1 change refused" }).waitFor();
  assert.equal((await room.get(`/tasks/${task.id}`)).verdict, null);
  assert.equal(await page.getByText("Approved by you").count(), 0);

  // It waits with its reason, also after a reload, until it is dealt with.
  await page.reload();
  await page.getByRole("button", { name: "1 change refused" }).click();
  const dialog = page.getByRole("dialog", { name: "Not done" });
  await dialog.getByText(/^Approval of/).waitFor();
  await dialog.getByRole("button", { name: "Discard" }).click();
  await dialog.getByText("Nothing is left here.").waitFor();
  await page.context().close();
});
