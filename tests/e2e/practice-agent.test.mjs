// The first minute of a new person: the practice agent asks, is approved, hears of it and goes on; and is gone with one click.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { startWorld } from "../lib/world.mjs";
import { axe } from "../page/checks/axe.mjs";
import { overflow } from "../page/checks/overflow.mjs";
import { sizes } from "../page/devices.mjs";

const APPROVAL = "Approve: Rename the branch master to main";
const QUESTION = "Question: What should I take next?";
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

/** A person with a workspace in which nothing has ever happened, looking at it. */
async function newcomer(name) {
  const person = await world.signIn();
  const workspace = await person.make("/api/workspaces", { name });
  const page = await signedInPage(browser, world, `/w/${workspace.id}`);
  const offer = page.getByRole("button", { name: "Try it with a practice agent" });
  return {
    room: person.room(workspace.id),
    workspace,
    page,
    offer,
    bar: page.getByRole("region", { name: "Practice agent" }),
  };
}

test("one click, and there is something to approve; the yes is sent and seen, and a question follows", async () => {
  const { room, page, offer, bar } = await newcomer("First minute");
  await offer.click();
  await page.getByRole("heading", { name: /Rename the branch master to main/ }).waitFor();
  await bar.getByText("runs in this page and changes nothing").waitFor();
  await page.getByText("git push -u origin main").waitFor();
  assert.deepEqual(await axe(page), []);
  for (const size of sizes) assert.deepEqual(await overflow(page, size), []);
  await page.setViewportSize({ width: 1280, height: 800 });

  const { tokens } = await room.get("/tokens");
  assert.deepEqual(
    tokens.map(({ label, scopes }) => [label, scopes]),
    [["Practice agent", ["ask"]]],
  );
  assert.ok(Date.parse(tokens[0].expiresAt) - Date.now() < 25 * 3600 * 1000, tokens[0].expiresAt);
  const { agents } = await room.get("/agents");
  assert.deepEqual(
    agents.map(({ name, client }) => [name, client.name]),
    [["Practice agent", "agentrq-practice"]],
  );

  const { tasks } = await room.get("/tasks");
  const asked = tasks.find(({ title }) => title === APPROVAL);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByText(/^Seen by Practice agent .*given while it waited$/).waitFor();
  await page.getByText("Thank you.").waitFor();
  await page.getByRole("link", { name: /What should I take next/ }).waitFor();
  const task = await room.get(`/tasks/${asked.id}`);
  assert.deepEqual([task.status, task.verdict.kind], ["completed", "approved"]);
  const { messages, deliveries } = await room.get(`/tasks/${asked.id}/messages`);
  assert.match(messages.at(-1).text, /^Thank you\./);
  const [verdict] = deliveries.filter(({ kind }) => kind === "verdict");
  assert.deepEqual([verdict.state, verdict.agent], ["seen", "Practice agent"]);
  assert.ok(verdict.sentAt && verdict.seenAt);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("it leaves when the page is loaded anew and says so; it can be brought back, and goes on where it was", async () => {
  const { room, page, offer, bar } = await newcomer("Loaded anew");
  await offer.click();
  await page.getByRole("heading", { name: /Rename the branch/ }).waitFor();
  await page.reload();
  await bar.getByText("has left").waitFor();
  await bar.getByRole("button", { name: "Bring it back" }).click();
  await bar.getByText("runs in this page").waitFor();
  const { tasks } = await room.get("/tasks");
  assert.equal(tasks.length, 1, "it did not ask twice");
  assert.equal((await room.get("/tokens")).tokens.length, 1, "it keeps one token");
  await page.getByRole("button", { name: "Deny", exact: true }).click();
  await page.getByRole("link", { name: /What should I take next/ }).waitFor();
  const after = await room.get(`/tasks/${tasks[0].id}/messages`);
  assert.match(after.messages.at(-1).text, /^Understood\./);
  await page.context().close();
});

test("one click takes it away: its token, and what it left open; what was finished stays", async () => {
  const { room, page, offer, bar } = await newcomer("Away");
  await offer.click();
  await page.getByRole("heading", { name: /Rename the branch/ }).waitFor();
  // Work of the person's own, for whichever agent comes: this one takes none.
  const mine = await room.make("/tasks", { title: "My own work", assignee: "agent" });
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.getByRole("link", { name: /What should I take next/ }).waitFor();

  await bar.getByRole("button", { name: "Remove" }).click();
  await bar.getByText("The practice agent is gone. Its token is revoked.").waitFor();
  await bar.getByText("1 open task of its own is deleted. 1 finished task stays under Tasks.").waitFor();
  await page.getByText("All saved").waitFor();
  assert.deepEqual((await room.get("/tokens")).tokens, []);
  const { tasks } = await room.get("/tasks");
  assert.deepEqual(tasks.map(({ title, status }) => [title, status]).sort(), [
    [APPROVAL, "completed"],
    ["My own work", "notstarted"],
  ]);
  assert.equal((await room.get(`/tasks/${mine.id}`)).agent, null);
  assert.ok(!tasks.some(({ title }) => title === QUESTION));
  await bar.getByRole("button", { name: "Close" }).click();
  await bar.getByText("practice agent").waitFor({ state: "detached" });
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
