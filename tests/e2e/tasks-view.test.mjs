// The tasks as a person finds them: a list that is filtered, searched and walked, and stays where it was left.
/* global document */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fill, freshId, newTask } from "../bench/lib/fill.mjs";
import { close, focusedTitle, make, ownPages, row, titles, until } from "../lib/tasks-page.mjs";
import { settle } from "../lib/world.mjs";

const { world, open } = ownPages();
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const search = (page) => new URL(page.url()).search;

describe("the list", () => {
  test("is filtered by what stands in the address, says how many, and comes back with it", async () => {
    const { room, workspace } = await settle(world);
    await make(room, "Question: which colour?", { assignee: "human" });
    const done = await make(room, "Fix the build");
    await make(room, "Write the notes");
    await room.change(`/tasks/${done.id}`, { status: "completed" });
    const page = await open(`/w/${workspace.id}/tasks`);
    assert.deepEqual(await titles(page), ["Write the notes", "Question: which colour?", "Fix the build"]);

    await page.getByRole("button", { name: "Filter" }).click();
    const filters = page.getByRole("group", { name: "Filters" });
    assert.equal(
      await filters
        .getByRole("checkbox", { name: /^Not started/ })
        .locator("..")
        .innerText(),
      "Not started\n2",
    );
    await filters.getByRole("checkbox", { name: /^Completed/ }).check();
    assert.deepEqual(await titles(page), ["Fix the build"]);
    assert.equal(search(page), "?status=completed");
    await filters.getByRole("checkbox", { name: /^Not started/ }).check();
    await filters.getByRole("checkbox", { name: /^Questions/ }).check();
    assert.deepEqual(await titles(page), ["Question: which colour?"]);

    await row(page, "which colour").click();
    await page.getByRole("heading", { name: /which colour/, level: 1 }).waitFor();
    await page.goBack();
    assert.equal(search(page), "?status=completed&status=notstarted&kind=question");
    assert.deepEqual(await titles(page), ["Question: which colour?"]);
    await page.reload();
    await row(page, "which colour").waitFor();
    await page.getByRole("button", { name: "Clear Asks for: Questions" }).click();
    assert.equal((await titles(page)).length, 3);
    await page.getByRole("button", { name: "Clear all" }).click();
    assert.equal(search(page), "");

    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByLabel("Order").selectOption("oldest");
    assert.deepEqual((await titles(page)).slice(0, 2), ["Question: which colour?", "Write the notes"]);
    assert.equal(search(page), "?sort=oldest");
    await close(page);
  });

  test("is filtered by whether there are attachments anywhere in the thread", async () => {
    const { room, workspace } = await settle(world);
    const given = await make(room, "With a file in an answer");
    await make(room, "With nothing");
    const page = await open(`/w/${workspace.id}/tasks`);
    const { id } = await room.make("/attachments?filename=a.txt", new TextEncoder().encode("a"), {
      "content-type": "text/plain",
    });
    await room.make(`/tasks/${given.id}/messages`, { text: "Here.", attachments: [id] });
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByRole("checkbox", { name: /^Has attachments/ }).check();
    assert.deepEqual(await titles(page), ["With a file in an answer"]);
    assert.equal(search(page), "?files=some");
    await close(page);
  });

  test("is searched as one types, over titles and texts, and marks what it found", async () => {
    const { room, workspace } = await settle(world);
    await make(room, "Order the résumés");
    await make(room, "Plan the party", { body: "With a RESUME of last year" });
    await make(room, "Something else");
    const page = await open(`/w/${workspace.id}/tasks`);
    await page.keyboard.press("/");
    await page.keyboard.type("resume");
    assert.deepEqual(await titles(page), ["Plan the party", "Order the résumés"]);
    assert.equal(search(page), "?q=resume");
    assert.deepEqual(await page.locator("mark").allInnerTexts(), ["RESUME", "résumé"]);
    await page.getByText("2 tasks found").waitFor({ state: "attached" });
    await page.keyboard.press("Control+a");
    await page.keyboard.type("nowhere");
    await page.getByText("Nothing matches.").waitFor();
    await close(page);
  });

  test("of 10,000 tasks makes only the rows in sight, and is walked by keyboard from end to end", async () => {
    const { room, workspace } = await settle(world);
    const total = 10_000;
    const ids = [];
    await fill({ post: room.make }, total, (index) => {
      ids[index] = freshId();
      return newTask(index, ids[index]);
    });
    const page = await open(`/w/${workspace.id}/tasks`);
    await page.locator("a[data-task]").first().waitFor();
    // The snapshot brings the current ones; the rest comes page by page.
    await page.getByTestId("older").filter({ hasText: "coming in" }).waitFor({ state: "detached", timeout: 180_000 });
    const here = Number(await page.locator("li[aria-setsize]").first().getAttribute("aria-setsize"));
    const place = () => page.evaluate(() => Number(document.activeElement?.closest("li")?.ariaPosInSet));
    const list = page.getByTestId("task-list");
    assert.ok((await page.locator("a[data-task]").count()) < 60, "only what is in sight is made");
    await page.locator("a[data-task]").first().focus();
    await page.keyboard.press("End");
    await until(async () => (await place()) >= here, true);
    const last = await place();
    assert.ok((await page.locator("a[data-task]").count()) < 60);
    await page.keyboard.press("ArrowUp");
    await until(place, last - 1);
    // The row with the focus stays in the page when the list is scrolled away from it.
    const held = await focusedTitle(page);
    await list.evaluate((node) => (node.scrollTop = 0));
    await row(page, `Task`).first().waitFor();
    await until(() => list.evaluate((node) => node.scrollTop), 0);
    assert.equal(await focusedTitle(page), held);
    await page.keyboard.press("Home");
    await until(place, 1);
    await page.keyboard.press("j");
    await until(() => page.evaluate(() => document.activeElement?.closest("li")?.ariaPosInSet), "2");
    await close(page);
  });

  test("is searched on the server as well for what is not here", async () => {
    const { room, workspace } = await settle(world);
    // Older than what a snapshot brings.
    await make(room, "A needle");
    await fill({ post: room.make }, 900, (index) => newTask(index));
    const page = await open(`/w/${workspace.id}/settings`, { heading: "Settings" });
    // What is not here stays away for the time of this test.
    await page.route(/\/tasks\?.*cursor=/, (route) => new Promise(() => void route));
    await page.goto(`${world.url}/w/${workspace.id}/tasks`);
    await row(page, "Task").first().waitFor();
    assert.notEqual(await page.locator("li[aria-setsize]").first().getAttribute("aria-setsize"), "901");
    await page.keyboard.press("/");
    await page.keyboard.type("needle");
    await page.getByText("Searched on the server as well.").waitFor();
    assert.deepEqual(await titles(page), ["A needle"]);
    await close(page);
  });

  test("is found where it was left", async () => {
    const { room, workspace } = await settle(world);
    await fill({ post: room.make }, 80, (index) => newTask(index));
    const page = await open(`/w/${workspace.id}/tasks`, phone);
    const list = page.getByTestId("task-list");
    await row(page, "Task").first().waitFor();
    await list.evaluate((node) => (node.scrollTop = 1500));
    await until(async () => Math.abs((await list.evaluate((node) => node.scrollTop)) - 1500) < 2, true);
    const sight = page.viewportSize().height / 2;
    const spot = await page.evaluate(
      (y) => document.elementFromPoint(150, y)?.closest("a")?.querySelector(".title")?.textContent.trim(),
      sight,
    );
    await page.touchscreen.tap(150, sight);
    await page.getByRole("heading", { name: spot, level: 1 }).waitFor();
    await page.goBack();
    await row(page, spot).waitFor();
    assert.ok(Math.abs((await list.evaluate((node) => node.scrollTop)) - 1500) < 2);
    await close(page);
  });

  test("does not move under the eyes when a task arrives above", async () => {
    const { room, workspace } = await settle(world);
    await fill({ post: room.make }, 60, (index) => newTask(index));
    const page = await open(`/w/${workspace.id}/tasks`);
    const list = page.getByTestId("task-list");
    await row(page, "Task").first().waitFor();
    await list.evaluate((node) => (node.scrollTop = 800));
    await until(async () => (await titles(page)).includes("Task 35: what there is to do"), true);
    const place = () => row(page, "Task 35").evaluate((node) => Math.round(node.getBoundingClientRect().top));
    const before = await place();
    await make(room, "One more");
    await page.getByRole("heading", { name: "Not started 61" }).waitFor();
    await until(place, before);
    await close(page);
  });
});
