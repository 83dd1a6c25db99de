// The tasks as a person works through them: a list that is found, filtered and walked, a board whose cards move, the palette, undo.
/* global document */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fill, freshId, newTask } from "../bench/lib/fill.mjs";
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

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const make = (room, title, more = {}) => room.make("/tasks", { title, assignee: "agent", ...more });
const row = (page, title) => page.locator("a[data-task]", { hasText: title });
const titles = (page) =>
  page
    .locator("a[data-task] .title")
    .evaluateAll((found) => found.map((one) => one.textContent.replace(/\s+/g, " ").trim()));
const search = (page) => new URL(page.url()).search;
const focusedTitle = (page) => page.evaluate(() => document.activeElement?.querySelector(".title")?.textContent.trim());
/** Asks again until it is so. */
async function until(ask, wanted, what) {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = await ask();
    if (found === wanted) return;
    if (Date.now() > end) assert.equal(found, wanted, what);
    await new Promise((done) => setTimeout(done, 25));
  }
}
const becomes = (room, task, status) => until(async () => (await room.get(`/tasks/${task}`)).status, status);
async function open(path, options, heading = "Tasks") {
  const page = await signedInPage(browser, world, path, options);
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  return page;
}
async function close(page, troubles = []) {
  assert.deepEqual(page.troubles, troubles);
  await page.context().close();
}

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
    const page = await signedInPage(browser, world, `/w/${workspace.id}/settings`);
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

describe("the board", () => {
  const column = (page, name) =>
    page.locator("section[data-column]").filter({ has: page.getByRole("heading", { name }) });
  const middle = async (locator) => {
    const { x, y, width, height } = await locator.boundingBox();
    return { x: x + width / 2, y: y + height / 2 };
  };
  async function carry(page, title, to) {
    const from = await middle(row(page, title));
    const goal = await middle(column(page, to));
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + 20, from.y + 10);
    await page.mouse.move(goal.x, goal.y, { steps: 5 });
  }

  test("takes a card that is carried by mouse, and gives it back on undo", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Fix the build");
    const page = await open(`/w/${workspace.id}/tasks?layout=board`);
    await carry(page, "Fix the build", "Ongoing");
    await page.mouse.up();
    await column(page, "Ongoing").locator("a[data-task]").waitFor();
    await becomes(room, task.id, "ongoing");
    assert.match(page.url(), /layout=board/, "carrying is not opening");
    await page.getByRole("button", { name: "Undo" }).click();
    await column(page, "Not started").locator("a[data-task]").waitFor();
    await becomes(room, task.id, "notstarted");
    await close(page);
  });

  test("leaves a card where it was on Escape, and asks why before it rejects one", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Fix the build");
    const page = await open(`/w/${workspace.id}/tasks?layout=board`);
    await carry(page, "Fix the build", "Completed");
    await page.keyboard.press("Escape");
    await page.mouse.up();
    assert.equal(await column(page, "Not started").locator("a[data-task]").count(), 1);
    await carry(page, "Fix the build", "Rejected or failed");
    await page.mouse.up();
    await page.getByLabel("Reason (optional)").fill("not this week");
    await page.getByRole("button", { name: "Call it off" }).click();
    await becomes(room, task.id, "rejected");
    assert.equal((await room.get(`/tasks/${task.id}`)).reason, "not this week");
    await close(page);
  });

  test("is worked by keyboard alone: Space lifts, arrows choose, Enter puts down, and each step is said", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Fix the build");
    const page = await open(`/w/${workspace.id}/tasks?layout=board`);
    const said = (words) => page.locator("[aria-live]", { hasText: words }).waitFor({ state: "attached" });
    await row(page, "Fix the build").focus();
    await page.keyboard.press("Space");
    await said("Lifted Fix the build.");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await said("Completed");
    await page.keyboard.press("Enter");
    await becomes(room, task.id, "completed");
    await column(page, "Completed").locator("a[data-task]").waitFor();
    await until(() => focusedTitle(page), "Fix the build", "the focus goes along");
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Escape");
    await said("It stays where it was.");
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await becomes(room, task.id, "notstarted");
    await close(page);
  });

  test("dims the columns where core lets no card go, and says why", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Fix the build");
    await room.change(`/tasks/${task.id}`, { status: "completed" });
    const page = await open(`/w/${workspace.id}/tasks?layout=board`);
    await carry(page, "Fix the build", "Ongoing");
    await column(page, "Ongoing").getByText("unless a person reopens it").waitFor();
    assert.equal(await column(page, "Not started").getByText("unless a person reopens it").count(), 0);
    await page.mouse.up();
    await page.locator(".ghost").waitFor({ state: "detached" });
    assert.equal((await room.get(`/tasks/${task.id}`)).status, "completed");
    await carry(page, "Fix the build", "Not started");
    await page.mouse.up();
    await becomes(room, task.id, "notstarted");
    await close(page);
  });

  test("takes a card from a resting finger, and leaves a moving one to scroll", async () => {
    const { room, workspace } = await settle(world);
    const task = await make(room, "Fix the build");
    const page = await open(`/w/${workspace.id}/tasks?layout=board`, phone);
    const touch = await page.context().newCDPSession(page);
    const at = async (type, point) =>
      touch.send("Input.dispatchTouchEvent", { type, touchPoints: point ? [{ x: point.x, y: point.y }] : [] });
    const from = await middle(row(page, "Fix the build"));
    // A finger that moves at once lifts nothing.
    await at("touchStart", from);
    await at("touchMove", { x: from.x, y: from.y + 60 });
    await at("touchEnd");
    assert.equal(await page.locator(".ghost").count(), 0);
    // What it set in motion comes to rest: until then the browser scrolls with whatever touches.
    await page.waitForTimeout(500);
    await at("touchStart", from);
    await page.locator(".ghost").waitFor();
    const goal = await middle(page.getByRole("button", { name: /^Ongoing/ }));
    await at("touchMove", { x: from.x, y: from.y - 20 });
    await at("touchMove", goal);
    await at("touchEnd");
    await becomes(room, task.id, "ongoing");
    await page.getByRole("button", { name: "Ongoing 1" }).waitFor();
    await close(page);
  });
});

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
    const page = await open(`/w/${workspace.id}/agents`, {}, "Agents");
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
