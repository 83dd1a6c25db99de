// Two tabs of one person: one stream for both, what is done in one is seen in the other at once, and the one that led may close.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isForgotten, syncs } from "../lib/page.mjs";
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

test("two tabs hold one stream, both are live, and the follower goes on when the leader closes", async (t) => {
  const { workspace, room, token } = await settle(world, { name: "Tabs" });
  const agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
  t.after(() => agent.close());
  const { task_id: task } = await agent.call("createTask", { title: "Question: tabs?", assignee: "human" });
  const path = `/w/${workspace.id}/tasks/${task}`;
  const first = await signedInPage(browser, world, path);
  await syncs(first, /^All saved$/);
  const second = await first.context().newPage();
  const streams = [];
  second.on("request", (request) => request.url().includes("/api/events") && streams.push(request.url()));
  await second.goto(world.url + path);
  await syncs(second, /^All saved$/);
  await second.getByRole("heading", { name: /tabs\?/ }).waitFor();
  assert.deepEqual(streams, []);

  // From either tab to the other, and from the agent to both.
  await reply(second, "From the second tab");
  await first.getByText("From the second tab").waitFor();
  await agent.hears(({ content }) => content.includes("From the second tab"));
  await agent.call("reply", { chat_id: task, text: "To both tabs" });
  await first.getByText("To both tabs").waitFor();
  await second.getByText("To both tabs").waitFor();

  // A page that is closing may still hear the next word and pass it on: it is there before the other tab has a stream of its own.
  const takesOver = second.waitForRequest((request) => request.url().includes("/api/events"));
  await first.close();
  await agent.call("reply", { chat_id: task, text: "After the first has closed" });
  await second.getByText("After the first has closed").waitFor();
  await takesOver;
  await reply(second, "The second goes on");
  await agent.hears(({ content }) => content.includes("The second goes on"));
  await syncs(second, /^All saved$/);
  const { messages } = await room.get(`/tasks/${task}/messages`);
  assert.deepEqual(
    messages.slice(-4).map(({ text }) => text),
    ["From the second tab", "To both tabs", "After the first has closed", "The second goes on"],
  );
  assert.equal(streams.length, 1);
  await second.context().close();
});

test("signing out in one tab leaves nothing of the person in the other", async () => {
  const { workspace, room } = await settle(world, { name: "Both go" });
  const task = await room.make("/tasks", { title: "Secret of the first", assignee: "human" });
  const first = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${task.id}`);
  await syncs(first, /^All saved$/);
  const second = await first.context().newPage();
  await second.goto(`${world.url}/w/${workspace.id}/tasks/${task.id}`);
  await second.getByRole("heading", { name: "Secret of the first" }).waitFor();
  await first.goto(`${world.url}/workspaces`);
  await first.getByRole("button", { name: "Sign out" }).click();
  await second.getByRole("heading", { name: /Sign in/ }).waitFor();
  assert.equal(await second.getByText("Secret of the first").count(), 0);
  await isForgotten(second);
  await first.context().close();
});
