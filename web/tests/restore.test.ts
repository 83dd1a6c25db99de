// What is kept becomes a replica again, in two steps: what is first at once, the rest later; in the end it is what it was.
import { expect, it } from "vitest";
import type { Kept } from "../src/lib/db/archive";
import type { JournalRow } from "../src/lib/db/tables";
import { filled, restore, type Restored } from "../src/lib/sync/restore";
import { task } from "./fixtures";
import { realCore } from "./lib/core";

const core = await realCore();
const AT = "2026-11-30T00:00:00.000Z";
const ME = { kind: "person", id: "p", name: "Ada" };
const workspace = core.newId();
const tasks = Array.from({ length: 1_200 }, (_, at) => task({ id: core.newId(), number: at + 10 }));
const [gone, changed, still] = [1, 2, 3].map((number) => task({ id: core.newId(), number })) as [
  ReturnType<typeof task>,
  ReturnType<typeof task>,
  ReturnType<typeof task>,
];

const row = (kind: JournalRow["kind"], text: object): JournalRow => ({
  workspace,
  kind,
  task: null,
  texts: [JSON.stringify(text)],
});
const entity = (it: object): object => ({ type: "task", ...it });
const commit = (base: string, cursor: string, taskId: string, change: object): JournalRow =>
  row("commit", { workspace, type: "task.updated", taskId, actor: ME, at: AT, base, cursor, changes: [change] });

/** All of it at a checkpoint; then a page of earlier tasks was asked for, and two of these have changed since. */
function kept(): Kept {
  const replica = core.newReplica();
  replica.loadSnapshot(
    JSON.stringify({
      cursor: "e-1-a",
      workspace: { id: workspace, name: "api", mission: "", createdAt: AT, revision: 1 },
      tasks,
      nextCursor: "0.first",
      agents: [],
      deliveries: [],
      me: ME,
    }),
  );
  const checkpoint = replica.checkpoint([]);
  replica.free();
  const journal = [
    row("tasks", { tasks: [gone, changed, still], nextCursor: "0.page" }),
    commit("e-1-a", "e-2-b", gone.id, { op: "delete", entity: entity({ id: gone.id }) }),
    commit("e-2-b", "e-3-c", changed.id, { op: "put", entity: entity({ ...changed, title: "Changed", revision: 9 }) }),
  ];
  return { cursor: "e-3-c", checkpoint, older: "0.first", journal, queue: [], refusals: [], drafts: {} };
}

const held = ({ replica }: Restored): Map<string, string> =>
  new Map(replica.tasks().flatMap((list) => list.map(({ id, title }) => [id, title] as const)));

function restored(part: "first" | "all"): Restored {
  const restored = restore(core, kept(), part);
  if (!restored) throw new Error("it cannot be read");
  return restored;
}

it("shows the first text before any page of earlier tasks is read, and knows where the next page begins", () => {
  const first = restored("first");
  expect([first.tasks.length, first.rest.length, first.older]).toEqual([500, 3, "0.page"]);
  expect(held(first).has(still.id)).toBe(false);
});

it("ends with all of it: what was deleted since does not come back, and what changed stays as it is", async () => {
  const first = restored("first");
  for await (const _ of filled(first.replica, first.rest, () => true));
  const all = held(first);
  expect(all).toEqual(held(restored("all")));
  expect([all.size, all.has(gone.id), all.get(changed.id), all.get(still.id)]).toEqual([
    tasks.length + 2,
    false,
    "Changed",
    still.title,
  ]);
});

it("stops where another replica has taken its place", async () => {
  const first = restored("first");
  let read = 0;
  for await (const _ of filled(first.replica, first.rest, () => read < 1)) read += 1;
  expect([read, held(first).size]).toEqual([1, 1_001]);
});

it("reads many small pages in as few turns as it would a checkpoint of them", async () => {
  const earlier = Array.from({ length: 1_000 }, (_, at) => task({ id: core.newId(), number: at + 10_000 }));
  const pages = Array.from({ length: 100 }, (_, at) => JSON.stringify({ tasks: earlier.slice(10 * at, 10 * at + 10) }));
  const first = restored("first");
  const before = held(first).size;
  let turns = 0;
  for await (const _ of filled(first.replica, pages, () => true)) turns += 1;
  expect([held(first).size - before, turns <= 4]).toEqual([1_000, true]);
});

it("is nothing where the journal does not follow on the checkpoint", () => {
  const broken = kept();
  broken.journal.splice(1, 1);
  expect(restore(core, broken, "first")).toBeNull();
});
