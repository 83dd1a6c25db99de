// The agents of a workspace as people see them: what each is doing, and by which way a reply would reach it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
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

const reachOf = async (room, name) => (await room.get("/agents")).agents.find((agent) => agent.name === name)?.reach;

test("the server names the ways to an agent that are open: a call that waits, a stream, else its next result", async () => {
  const { room, token } = await settle(world, { label: "laptop" });
  const agent = await Agent.connect(token.mcpUrl);
  try {
    await agent.call("getWorkspace");
    assert.deepEqual(await reachOf(room, "laptop"), ["channel", "result"]);
    const waiting = agent.call("waitForMessages");
    await agent.call("getWorkspace");
    assert.deepEqual(await reachOf(room, "laptop"), ["wait", "channel", "result"]);
    const { task_id: task } = await agent.call("createTask", { title: "Question: which?", assignee: "human" });
    await room.make(`/tasks/${task}/messages`, { text: "This one." });
    await waiting;
    assert.deepEqual(await reachOf(room, "laptop"), ["channel", "result"]);
  } finally {
    await agent.close();
  }
});

test("one whose token only reads is reached by nothing but what it asks for", async () => {
  const { room } = await settle(world);
  const token = await room.make("/tokens", { label: "reader", scopes: ["read"] });
  const agent = await StreamableAgent.connect(token.mcpUrl);
  try {
    await agent.call("getWorkspace");
    assert.deepEqual(await reachOf(room, "reader"), ["result"]);
  } finally {
    await agent.close();
  }
});

test("the page says what an agent works on, that it waits for the person, and that it is gone", async () => {
  const { workspace, room, token } = await settle(world, { label: "claude" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/agents`);
  await page.getByRole("heading", { name: "No agent yet." }).waitFor();
  const agent = await Agent.connect(token.mcpUrl, { name: "claude-code" });
  try {
    const row = page.getByRole("listitem", { name: "claude" });
    await row.getByText(/^Asleep, connected for/).waitFor();
    await row.getByText("claude-code 1.0.0").waitFor();
    await row.getByText("Is pushed to its stream").waitFor();

    const work = await room.make("/tasks", { title: "Sweep the floor", body: "", assignee: "agent" });
    await agent.call("getNextTask");
    await row.getByText(/^Working,/).waitFor();
    await row.getByRole("link", { name: /Sweep the floor/ }).waitFor();

    await agent.call("updateTaskStatus", { task_id: work.id, status: "completed" });
    await agent.call("createTask", { title: "Approve: mop too", assignee: "human" });
    await row
      .getByText(/^Waiting for you,/)
      .first()
      .waitFor();

    await row.getByRole("button", { name: "Rename claude" }).click();
    await row.getByLabel("Display name").fill("Claude Sonnet");
    await row.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Claude Sonnet" }).waitFor();
  } finally {
    await agent.close();
  }
  await room.remove(`/tokens/${token.id}`);
  const row = page.getByRole("listitem", { name: "Claude Sonnet" });
  await row.getByText(/^Disconnected since/).waitFor();
  await row.getByText("Waits until it comes back").waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
