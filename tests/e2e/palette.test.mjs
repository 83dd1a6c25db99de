// What is done with few keys: the palette, and what is taken back.
/* global document */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { becomes, close, make, ownPages, row, until } from "../lib/tasks-page.mjs";
import { settle } from "../lib/world.mjs";

const { world, open } = ownPages();

describe("the palette", () => {
  test("opens on a key, finds by a few letters and by number, and never decides", async () => {
    const { room, workspace } = await settle(world);
    const ask = await make(room, "Approve: delete the old sessions", { assignee: "human" });
    const other = await make(room, "Write the release notes");
    const page = await open(`/w/${workspace.id}/tasks`);
    const field = page.getByRole("combobox");
    const chosen = () => page.getByRole("option", { selected: true }).innerText();
    await page.keyboard.press("Control+k");
    await field.waitFor();
    await page.keyboard.type("rel not");
    await until(async () => /Write the release notes/.test(await chosen()), true);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname.endsWith(other.id));

    await page.keyboard.press("Control+k");
    assert.match(await chosen(), /Write the release notes/, "what was looked at last comes first");
    await page.keyboard.type("#1");
    await until(async () => /delete the old sessions/.test(await chosen()), true);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname.endsWith(ask.id));
    await page.keyboard.press("Control+k");
    await page.keyboard.type("approve");
    await until(async () => (await page.getByRole("option", { name: /Go and decide/ }).count()) > 0, true);
    await page.getByRole("option", { name: /Go and decide/ }).click();
    await until(() => page.evaluate(() => document.activeElement?.getAttribute("data-key")), "approve");
    assert.equal((await room.get(`/tasks/${ask.id}`)).verdict, null);
    await close(page);
  });

  test("leads on to where more than titles is searched, also if nothing here fits", async () => {
    const { room, workspace } = await settle(world);
    await make(room, "Plan the party", { body: "With a piñata" });
    const page = await open(`/w/${workspace.id}/agents`, { heading: "Agents" });
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("pinata");
    await page.getByText("Nothing here matches.").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/w/${workspace.id}/tasks?q=pinata`);
    await row(page, "Plan the party").waitFor();
    await close(page);
  });

  test("does with the task at hand what can be done, and goes to places", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Write the release notes");
    const page = await open(`/w/${workspace.id}/tasks`);
    await row(page, "release notes").focus();
    await page.keyboard.press("s");
    await page.getByRole("dialog", { name: /Write the release notes/ }).waitFor();
    await page.keyboard.type("ongoing");
    await page.keyboard.press("Enter");
    await becomes(room, task.id, "ongoing");
    await page.keyboard.press("Control+k");
    const options = page.getByRole("option");
    const last = await options.count();
    await page.keyboard.press("End");
    await until(() => options.nth(last - 1).getAttribute("aria-selected"), "true");
    await page.keyboard.press("ArrowDown");
    await until(() => options.first().getAttribute("aria-selected"), "true");
    await page.keyboard.type("agents");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/w/${workspace.id}/agents`);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("theme dark");
    await page.keyboard.press("Enter");
    await until(() => page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.keyboard.press("Control+k");
    await page.keyboard.press("Escape");
    await page.getByRole("combobox").waitFor({ state: "detached" });
    await close(page);
  });
});

describe("undo", () => {
  test("of a deletion keeps the task: nothing was sent yet", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Keep me");
    const page = await open(`/w/${workspace.id}/tasks/${task.id}`);
    await page.getByRole("button", { name: "Task actions" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText(`Deleting #${task.number}`, { exact: true }).waitFor();
    await row(page, "Keep me").waitFor({ state: "detached" });
    await page.keyboard.press("u");
    await row(page, "Keep me").waitFor();
    assert.equal((await room.get(`/tasks/${task.id}`)).status, "notstarted");
    await close(page);
  });

  test("of a deletion is over when its notice goes", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Lose me");
    const page = await open(`/w/${workspace.id}/tasks/${task.id}`);
    await page.getByRole("button", { name: "Task actions" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await until(async () => (await room.ask("GET", `/tasks/${task.id}`)).status, 404);
    await close(page);
  });

  test("of a deletion is over when the page is hidden", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Lose me too");
    const page = await open(`/w/${workspace.id}/tasks/${task.id}`);
    await page.getByRole("button", { name: "Task actions" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByText(`Deleting #${task.number}`, { exact: true }).waitFor();
    await page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await until(async () => (await room.ask("GET", `/tasks/${task.id}`)).status, 404);
    await close(page);
  });

  test("of an edit puts back what stood there", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Old title", { body: "Old words" });
    const page = await open(`/w/${workspace.id}/tasks/${task.id}`);
    await page.getByText("Old words").first().waitFor();
    await page.keyboard.press("e");
    await page.getByRole("textbox", { name: "Title" }).fill("New title");
    await page.getByRole("textbox", { name: /^Details/ }).fill("New words");
    await page.getByRole("button", { name: "Save" }).click();
    await until(async () => (await room.get(`/tasks/${task.id}`)).title, "New title");
    await page.keyboard.press("Control+z");
    await until(async () => (await room.get(`/tasks/${task.id}`)).title, "Old title");
    const { messages } = await room.get(`/tasks/${task.id}/messages`);
    assert.equal(messages[0].text, "Old words");
    await close(page);
  });
});
