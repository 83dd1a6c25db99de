// A workspace with more than a page begins with: what waits for people comes first, and who was away for too long begins anew.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshId } from "../bench/lib/fill.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isKept, syncs } from "../lib/page.mjs";
import { SseReader } from "../lib/sse.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

/** Tasks that a snapshot holds beside those that wait for people. */
const BEGINS_WITH = 500;
/** Commits that are told one by one to who comes back. */
const REPLAYED = 1_000;

const world = ownWorld();

/** Runs commands as a page does, numbered, in batches, one after the other. */
function replica(room) {
  const clientId = freshId();
  let number = 0;
  return async (commands) => {
    for (let from = 0; from < commands.length; from += 100) {
      const batch = commands.slice(from, from + 100).map((command) => ({ mutationId: ++number, command }));
      const { results } = await room.make("/commands", { clientId, commands: batch });
      assert.ok(results.every(({ rejection }) => rejection === null));
    }
  };
}

const creation = (title, assignee) => ({ type: "createTask", id: freshId(), title, body: "", assignee });

test("the snapshot begins with all that waits for people, however much waits for agents, and the rest comes in pages", async () => {
  const { room } = await settle(world);
  const run = replica(room);
  const first = [1, 2, 3].map((n) => creation(`for people ${n}`, "human"));
  const others = Array.from({ length: 2_000 }, (_, n) => creation(`for agents ${n}`, "agent"));
  await run([...first, ...others]);
  const snapshot = await room.get("/snapshot");
  const ids = snapshot.tasks.map(({ id }) => id);
  assert.deepEqual(
    ids.slice(0, 3),
    first.map(({ id }) => id),
    "the longest waiting first",
  );
  assert.deepEqual(
    ids.slice(3),
    others
      .map(({ id }) => id)
      .toReversed()
      .slice(0, BEGINS_WITH),
  );

  const known = new Set(ids);
  for (let cursor = snapshot.nextCursor; cursor;) {
    const page = await room.get(`/tasks?limit=100&cursor=${cursor}`);
    for (const { id } of page.tasks) known.add(id);
    cursor = page.nextCursor;
  }
  assert.equal(known.size, first.length + others.length);

  const done = { type: "setStatus", id: freshId(), task: first[0].id, to: "completed", reason: null };
  await run([done]);
  const later = (await room.get("/snapshot")).tasks;
  assert.deepEqual(
    later.slice(0, 3).map(({ id }) => id),
    [first[1].id, first[2].id, others.at(-1).id],
    "what is done waits for nobody",
  );
});

test("the page brings in older tasks by itself, one page at a time, goes on after a reload where it left, and says what is not here", async (t) => {
  const { workspace, room } = await settle(world);
  const total = 1_300;
  await replica(room)(Array.from({ length: total }, (_, n) => creation(`for agents ${n}`, "agent")));
  const browser = await openBrowser();
  t.after(() => browser.close());
  // Here nothing of it is looked at yet, so that no page comes before they are counted.
  const page = await signedInPage(browser, world, "/workspaces");
  // Two pages come, then the network fails, for tasks alone.
  const had = [];
  let open = 2;
  await page.route(/\/tasks\?.*cursor=/, async (route) => {
    if (open-- <= 0) return route.abort();
    const cursor = new URL(route.request().url()).searchParams.get("cursor");
    assert.ok(!had.includes(cursor), "no page is asked for twice");
    had.push(cursor);
    return route.continue();
  });
  await page.goto(`${world.url}/w/${workspace.id}/tasks`);
  const count = page.getByRole("heading", { name: /^Not started/ });
  await count.filter({ hasText: "700+" }).waitFor();
  await page.getByTestId("older").filter({ hasText: "Older tasks are coming in. 700 are here." }).waitFor();
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByText("Of the tasks that are here: older ones are not counted.").waitFor();
  await isKept(page, { table: "journal", has: "for agents 600" });

  open = Infinity;
  await page.reload();
  await count.filter({ hasText: /\b1300$/ }).waitFor();
  await page.getByTestId("older").waitFor({ state: "detached" });
  assert.equal(had.length, 8);
  await syncs(page, /^All saved$/);
  await page.context().close();
});

test("who was away for a while is told each commit, and who was away for too long begins anew", async () => {
  const { room, person } = await settle(world);
  const run = replica(room);
  const { cursor } = await room.get("/snapshot");
  const comesBack = () =>
    SseReader.open(`${world.url}${room.base}/events`, { cookie: person.cookie, "last-event-id": cursor });

  await run(Array.from({ length: 200 }, (_, n) => creation(`first ${n}`, "human")));
  const { cursor: head } = await room.get("/snapshot");
  const soon = await comesBack();
  await soon.until(({ id }) => id === head, 10_000, "the last commit");
  assert.equal(soon.events.filter(({ event }) => event === "task.created").length, 200);
  assert.ok(!soon.events.some(({ event }) => event === "reset"));
  soon.close();

  await run(Array.from({ length: REPLAYED - 199 }, (_, n) => creation(`more ${n}`, "human")));
  const late = await comesBack();
  assert.deepEqual((await late.until("reset")).json, { reason: "too_old" });
  const { id } = await room.make("/tasks", { title: "from here on", assignee: "human" });
  await late.until("task.created");
  const created = late.events.filter(({ event }) => event === "task.created");
  assert.deepEqual(
    created.map(({ json }) => json.taskId),
    [id],
  );
  late.close();
});
