// The home over all workspaces: what needs the person in any of them, live, decided where it stands.
/* global document */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { startWorld } from "../lib/world.mjs";

let world;
let browser;
let person;
const rooms = {};

before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
  person = await world.signIn();
});

after(async () => {
  for (const { agent } of Object.values(rooms)) await agent.close();
  await browser?.close();
  await world?.end();
});

async function workspace(name) {
  const { id } = await person.make("/api/workspaces", { name });
  const room = person.room(id);
  const { mcpUrl } = await room.make("/tokens", { label: `agent of ${name}` });
  rooms[name] = { id, room, agent: await Agent.connect(mcpUrl, { name: "test" }) };
}

const asks = (name, title) => rooms[name].agent.call("createTask", { title, assignee: "human", body: "Please." });
const rows = (page) => page.getByRole("list", { name: "Waiting for you" }).getByRole("link");
const names = async (page) =>
  (await rows(page).locator(".title").allTextContents()).map((title) => title.replaceAll(/\s+/g, " ").trim());

test("with one workspace the root address leads into it", async () => {
  await workspace("api");
  const page = await signedInPage(browser, world, "/");
  await page.waitForURL(`**/w/${rooms.api.id}`);
  await page.context().close();
});

test("with several it shows what waits in any of them, the gravest first, and says where", async () => {
  await workspace("site");
  await asks("api", "Question: Which region?");
  await asks("site", "Approve: delete the old pages irreversibly");
  const page = await signedInPage(browser, world, "/");
  await rows(page).nth(1).waitFor();
  assert.deepEqual(await names(page), ["Approve: delete the old pages irreversibly", "Question: Which region?"]);
  assert.match(await rows(page).first().textContent(), /site/);
  await page.waitForFunction(() => document.title.startsWith("(2) "));
  // At a desk the first of them is open, at an address of its own.
  assert.match(new URL(page.url()).pathname, new RegExp(`^/needs-you/${rooms.site.id}/`));
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("an ask of a workspace that is not open arrives live, and is answered on the same page", async () => {
  const page = await signedInPage(browser, world, "/");
  await rows(page).nth(1).waitFor();
  const { task_id: task } = await asks("api", "Approve: restart the queue");
  await page.getByRole("link", { name: "Approve: restart the queue" }).click();
  await page.waitForURL(`**/needs-you/${rooms.api.id}/${task}`);
  await page.getByRole("textbox", { name: /reply|answer|comment/i }).fill("Go ahead.");
  await page.getByRole("button", { name: "Send reply" }).click();
  const told = await rooms.api.agent.hears(({ meta }) => meta.chat_id === task);
  assert.match(told.content, /Go ahead\./);
  await page.getByRole("link", { name: "Approve: restart the queue" }).waitFor({ state: "detached" });
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the switcher narrows it to one workspace and widens it again", async () => {
  const page = await signedInPage(browser, world, "/");
  await rows(page).nth(1).waitFor();
  await page.getByRole("button", { name: "Workspace: All workspaces" }).click();
  await page.getByRole("menuitem", { name: /^site/ }).click();
  await page.waitForURL(`**/w/${rooms.site.id}**`);
  await page.getByRole("link", { name: "Question: Which region?" }).waitFor({ state: "detached" });
  assert.deepEqual(await names(page), ["Approve: delete the old pages irreversibly"]);
  await page.getByRole("button", { name: "Workspace: site" }).click();
  await page.getByRole("menuitem", { name: /^All workspaces/ }).click();
  await rows(page).nth(1).waitFor();
  await page.context().close();
});

test("an address that names no workspace of theirs does not stand in the way of the others", async () => {
  const id = rooms.api.id;
  const page = await signedInPage(browser, world, `/w/${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`);
  await page.getByRole("heading", { name: "There is no such workspace." }).waitFor();
  await page.getByRole("button", { name: /^Workspace:/ }).click();
  await page.getByRole("menuitem", { name: /^All workspaces/ }).click();
  await rows(page).first().waitFor();
  await page.context().close();
});
