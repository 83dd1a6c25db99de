// The board: cards that are carried by mouse, keyboard and finger, and put down only where they may.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { becomes, close, focusedTitle, make, ownPages, row, until } from "../lib/tasks-page.mjs";
import { settle } from "../lib/world.mjs";

const { world, open } = ownPages();
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

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
