// Agents' lists: what is under way, what may begin, what waits, and what is over, in the order in which it is worked off.
import { beforeAll, describe, expect, test } from "vitest";
import type { Listed, Task, Work } from "../src/lib/model/types";
import { wantedIn, withoutLists } from "../src/lib/state/facets";
import { countOf, doneOf, listsOf, waitsFor } from "../src/lib/state/work";
import { summaryOf } from "../src/lib/text/listed";
import { task } from "./fixtures";
import { realCore } from "./lib/core";

let made = 0;
const listed = (work: Partial<Work>, more: Partial<Task> = {}): Listed => {
  made += 1;
  return {
    ...task({
      id: `id-${String(made).padStart(3, "0")}`,
      title: `Task ${made}`,
      assignee: "agent",
      status: "notstarted",
    }),
    ...more,
    work: { list: "main", number: made, fence: 0, ...work },
  };
};
const numbers = (tasks: readonly Task[]): (number | null | undefined)[] => tasks.map(({ work }) => work?.number);

beforeAll(async () => {
  await realCore();
});

describe("a list", () => {
  test("goes from what is under way over what may begin and what waits to what is over", () => {
    const tasks = [
      listed({ number: 1, wave: 1 }, { status: "completed" }),
      listed({ number: 2, wave: 1 }, { status: "ongoing" }),
      listed({ number: 3, wave: 2, metadata: { priority: "low" } }),
      listed({ number: 4, wave: 2, metadata: { priority: "P0" } }),
      listed({ number: 5, wave: 1, metadata: { priority: "critical" } }),
      listed({ number: 6 }),
      listed({ number: 7, wave: 1, metadata: { blocked_reason: "no key" } }),
      listed({ number: 8, wave: 1 }, { status: "rejected" }),
      listed({ number: 9, wave: 1, metadata: { _internal: true } }),
    ];
    const [list, ...more] = listsOf(tasks);
    expect(more).toEqual([]);
    expect(numbers(list?.active ?? [])).toEqual([2]);
    expect(numbers(list?.ready ?? [])).toEqual([5, 4, 3]);
    expect(numbers(list?.waiting ?? [])).toEqual([6, 7]);
    expect(list && [countOf(list), doneOf(list)]).toEqual([8, 1]);
  });

  test("with something to do comes before one that is over", () => {
    const at = (second: number): string => `2026-11-30T06:00:0${second}.000Z`;
    const tasks = [
      listed({ list: "over", wave: 1 }, { status: "completed", updatedAt: at(9) }),
      listed({ list: "old", wave: 1 }, { updatedAt: at(1) }),
      listed({ list: "new", wave: 1 }, { updatedAt: at(5) }),
    ];
    expect(listsOf(tasks).map(({ name }) => name)).toEqual(["new", "old", "over"]);
  });

  test("says what a task still waits for: not what is done, and how what was given up ended", () => {
    const blockers = [
      listed({ number: 1 }, { status: "completed" }),
      listed({ number: 2 }, { status: "ongoing" }),
      listed({ number: 3 }, { status: "rejected" }),
    ];
    const waiting = listed({ blockedBy: [...blockers.map(({ id }) => id), "not here"] });
    const find = (id: string): Task | null => blockers.find((one) => one.id === id) ?? null;
    expect(waitsFor(waiting, find)).toEqual(["#2", "#3 (rejected)"]);
  });
});

test("what agents do is said in a line: how much runs, and how much is done", () => {
  const internal = { metadata: { _internal: true } };
  const tasks = [
    listed({}, { status: "ongoing" }),
    listed({}, { status: "completed" }),
    listed({ list: "other" }, { status: "completed" }),
    listed({}),
    listed(internal, { status: "ongoing" }),
  ];
  expect(summaryOf(tasks)).toBe("1 running, 2 done");
  expect(summaryOf([listed({})])).toBe("");
});

test("what stands on lists is not among all tasks, unless a list is asked for or words are", () => {
  const tasks = [listed({})];
  const wanted = wantedIn(new URLSearchParams("status=notstarted"));
  expect(withoutLists(wanted, [], tasks).get("list")).toEqual([""]);
  expect(withoutLists(wanted, ["x"], tasks)).toBe(wanted);
  expect(withoutLists(wanted, [], [])).toBe(wanted);
  const asked = wantedIn(new URLSearchParams("list=main"));
  expect(withoutLists(asked, [], tasks)).toBe(asked);
});
