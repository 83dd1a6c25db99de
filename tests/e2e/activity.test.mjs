// What has happened, as people read it: live, with how long an agent's news took, from before the page was opened, and over all workspaces.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
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

const entries = (page) => page.getByRole("listitem").filter({ has: page.locator("time") });

test("each thing appears as it happens, with its task and how quickly the agent had the answer", async () => {
  const { workspace, room, token } = await settle(world, { name: "Live", label: "claude" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/activity`);
  await page.getByText("Nothing has happened yet.").waitFor();
  const agent = await Agent.connect(token.mcpUrl);
  try {
    await entries(page).filter({ hasText: "claude connected" }).waitFor();
    const { task_id: task } = await agent.call("createTask", {
      title: "Approve: Delete stale sessions",
      assignee: "human",
    });
    await entries(page)
      .filter({ hasText: /claude asked Delete stale sessions #1/ })
      .waitFor();
    await room.decide(task, "approved", "Mind the UUIDs.");
    const approved = entries(page).filter({ hasText: "You approved" });
    await approved.getByText(/^· delivered in \d+ ms$|^· delivered in [\d.]+ s$/).waitFor();
    await approved.getByText("Mind the UUIDs.").waitFor();
    await approved.getByRole("link", { name: "Delete stale sessions" }).click();
    await page.waitForURL(new RegExp(`/tasks/${task}$`));
  } finally {
    await agent.close();
  }
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("what happened before is there too, a page at a time down to the beginning, each thing once", async () => {
  const { workspace, room } = await settle(world, { name: "Past" });
  for (let n = 1; n <= 130; n++) await room.make("/tasks", { title: `Thing ${n}`, assignee: "agent" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/activity`);
  await entries(page)
    .filter({ hasText: /Thing 130/ })
    .waitFor();
  assert.ok((await entries(page).count()) <= 100);
  // Something new while the past is read: pages may overlap with it.
  await room.make("/tasks", { title: "Thing 131", assignee: "agent" });
  await entries(page)
    .filter({ hasText: /Thing 131/ })
    .waitFor();
  const foot = page.getByText("This is where it began.");
  await entries(page).last().scrollIntoViewIfNeeded();
  await foot.waitFor();
  const titles = await entries(page).getByRole("link").allTextContents();
  assert.deepEqual(
    titles,
    Array.from({ length: 131 }, (_, n) => `Thing ${131 - n}`),
  );
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("it is filtered by kind and agent, in the address, and a deleted task keeps its name", async () => {
  const { workspace, room, token } = await settle(world, { name: "Filtered", label: "claude" });
  const other = await room.make("/tokens", { label: "codex" });
  const [claude, codex] = [await Agent.connect(token.mcpUrl), await Agent.connect(other.mcpUrl)];
  try {
    await claude.call("createTask", { title: "Question: of claude", assignee: "human" });
    const { task_id: gone } = await codex.call("createTask", { title: "Question: of codex", assignee: "human" });
    await room.decide(gone, "rejected", "No.");
    await room.remove(`/tasks/${gone}`);
    const page = await signedInPage(browser, world, `/w/${workspace.id}/activity`);
    await entries(page)
      .filter({ hasText: /You deleted of codex/ })
      .waitFor();
    await page.getByLabel("Agent").selectOption("codex");
    await entries(page).filter({ hasText: "of claude" }).waitFor({ state: "detached" });
    await page.getByLabel("Kind").selectOption("Decisions");
    await entries(page).filter({ hasText: "asked" }).first().waitFor({ state: "detached" });
    assert.deepEqual(new URL(page.url()).searchParams.toString(), "agent=codex&kind=decision");
    await page.reload();
    await entries(page)
      .filter({ hasText: /You rejected of codex/ })
      .waitFor();
    assert.equal(await entries(page).count(), 1);
    assert.equal(await entries(page).getByRole("link").count(), 0);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  } finally {
    await Promise.all([claude.close(), codex.close()]);
  }
});

test("over all workspaces it is one list, and says where each thing was", async () => {
  const one = await settle(world, { name: "First room" });
  const another = await settle(world, { name: "Second room" });
  await one.room.make("/tasks", { title: "Here", assignee: "agent" });
  await another.room.make("/tasks", { title: "There", assignee: "agent" });
  const page = await signedInPage(browser, world, "/activity");
  await entries(page)
    .filter({ hasText: /You gave agents Here.*First room/ })
    .waitFor();
  await entries(page)
    .filter({ hasText: /You gave agents There.*Second room/ })
    .waitFor();
  await one.room.make("/tasks", { title: "Here again", assignee: "agent" });
  await entries(page).filter({ hasText: "Here again" }).waitFor();
  const [first] = await entries(page).allTextContents();
  assert.match(first, /Here again/);
  const times = await entries(page)
    .locator("time")
    .evaluateAll((all) => all.map((it) => it.dateTime));
  assert.deepEqual(times, times.toSorted().reverse());
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
