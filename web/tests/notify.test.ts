// What is worth a notification: what has just come to the person, once, and taken back when it needs nobody any more.
import { describe, expect, test } from "vitest";
import type { Frame } from "../src/lib/model/sync";
import type { Actor, Task } from "../src/lib/model/types";
import { askKey, asksOf, settledBy, Told } from "../src/lib/notify/policy";
import { readPreferences } from "../src/lib/state/preferences.svelte";

const AT = "2026-11-21T14:33:41.120Z";
const CLAUDE: Actor = { kind: "agent", name: "claude" };
const ME: Actor = { kind: "person", id: "me", name: "Anna" };
const fresh = { me: "me", fresh: true };

const task = (more: Partial<Task> = {}): Task =>
  ({ id: "t1", title: "Approve: it", status: "ongoing", turn: "human", waitingSince: AT, ...more }) as Task;
const frame = (one: Task, actor: Actor = CLAUDE): Frame => ({
  type: "task.updated",
  taskId: one.id,
  actor,
  at: AT,
  changes: [{ op: "put", entity: { type: "task", ...one } }],
});

describe("what is worth telling", () => {
  test("is a task whose turn has just come to the person", () => {
    expect(asksOf(frame(task()), fresh)).toMatchObject([{ id: "t1" }]);
  });

  test("is no task that has waited before, whatever else changes on it", () => {
    expect(asksOf(frame(task({ waitingSince: "2026-11-21T14:30:00.000Z" })), fresh)).toEqual([]);
  });

  test("is nothing that the person did, nothing caught up with after an absence, nothing that is over or another's", () => {
    expect(asksOf(frame(task(), ME), fresh)).toEqual([]);
    expect(asksOf(frame(task()), { me: "me", fresh: false })).toEqual([]);
    expect(asksOf(frame(task({ status: "completed", turn: "nobody" })), fresh)).toEqual([]);
    expect(asksOf(frame(task({ turn: "agent" })), fresh)).toEqual([]);
    expect(asksOf(frame(task(), { kind: "person", id: "another", name: "Ben" }), fresh)).toHaveLength(1);
  });

  test("is taken back when the task needs nobody any more, or is gone", () => {
    expect(settledBy(frame(task()))).toEqual([]);
    expect(settledBy(frame(task({ turn: "agent" })))).toEqual(["t1"]);
    expect(settledBy({ ...frame(task()), changes: [{ op: "delete", entity: { type: "task", id: "t1" } }] })).toEqual([
      "t1",
    ]);
  });
});

describe("what has been told", () => {
  test("is told once, and a task that asks again is another ask", () => {
    const told = new Told();
    expect(told.note(askKey(task()))).toBe(true);
    expect(told.note(askKey(task()))).toBe(false);
    expect(told.note(askKey(task({ waitingSince: "2026-11-21T15:00:00.000Z" })))).toBe(true);
    expect(new Told(told.keys).note(askKey(task()))).toBe(false);
  });

  test("is remembered for so many asks, the latest", () => {
    const told = new Told();
    for (let n = 0; n < 500; n++) told.note(`ask ${n}`);
    expect(told.keys).toHaveLength(200);
    expect(told.note("ask 499")).toBe(false);
    expect(told.note("ask 0")).toBe(true);
  });
});

test("choices that cannot be read are as if none had been made", () => {
  const none = { notifications: false, sound: false, compact: false };
  for (const text of [null, "", "{", "[]", "7", "null", '{"sound":"yes"}']) expect(readPreferences(text)).toEqual(none);
  expect(readPreferences('{"sound":true,"later":1}')).toEqual({ ...none, sound: true });
});
