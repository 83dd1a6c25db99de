// Long lists: where their rows stand, how they keep their order, and what of them is in sight.
import { describe, expect, it } from "vitest";
import type { Task } from "../src/lib/model/types";
import { Sections, shownSections } from "../src/lib/state/sections";
import { changed } from "../src/lib/state/keep";
import { newest, taskIn } from "../src/lib/state/place";
import { Rows, Slots } from "../src/lib/ui/row";
import { difference, follow, placeIn } from "../src/lib/state/sorted";
import { headingOf, heightOf, rowsBetween, topOf, topOfHeading, type Shape } from "../src/lib/state/virtual";
import { leaveAt, placeOf } from "../src/lib/state/places";
import { dayStarts } from "../src/lib/text/format";
import { task } from "./fixtures";
import { randomly } from "./lib/random";

function nth<T>(list: readonly T[], at: number): T {
  const item = list[at];
  if (item === undefined) throw new Error(`there is no item ${at}`);
  return item;
}

describe("the rows of a list", () => {
  // heading 0..10, row 0 at 10, row 1 at 30, heading at 50, row 2 at 60, row 3 at 80, row 4 at 100
  const shape: Shape = { count: 5, row: 20, heading: 10, headed: [0, 2] };

  it("stand one below the other, each below its heading", () => {
    expect([0, 1, 2, 3, 4, 5].map((row) => topOf(shape, row))).toEqual([10, 30, 60, 80, 100, 120]);
    expect([topOfHeading(shape, 0), topOfHeading(shape, 1)]).toEqual([0, 50]);
    expect([0, 1, 2, 4].map((row) => headingOf(shape, row))).toEqual([0, 0, 1, 1]);
    expect(heightOf(shape)).toBe(120);
  });

  it("are those of which something is between two heights", () => {
    expect(rowsBetween(shape, 0, 120)).toEqual({ from: 0, to: 5 });
    expect(rowsBetween(shape, 30, 50)).toEqual({ from: 1, to: 2 });
    expect(rowsBetween(shape, 29, 51)).toEqual({ from: 0, to: 3 });
    expect(rowsBetween(shape, 119, 500)).toEqual({ from: 4, to: 5 });
    expect(rowsBetween(shape, -500, 1)).toEqual({ from: 0, to: 1 });
  });

  it("are none beyond the ends, and none where there are none", () => {
    expect(rowsBetween(shape, -50, 0)).toEqual({ from: 0, to: 0 });
    expect(rowsBetween(shape, 120, 200)).toEqual({ from: 0, to: 0 });
    expect(rowsBetween({ count: 0, row: 20, heading: 10, headed: [] }, 0, 100)).toEqual({ from: 0, to: 0 });
  });

  it("are as many as fit, however long the list is", () => {
    const long: Shape = {
      count: 100_000,
      row: 44,
      heading: 28,
      headed: Array.from({ length: 365 }, (_, day) => day * 270),
    };
    const { from, to } = rowsBetween(long, 2_000_000, 2_000_900);
    expect(to - from).toBeLessThan(23);
    expect(topOf(long, from) + long.row).toBeGreaterThan(2_000_000);
    expect(topOf(long, from - 1) + long.row).toBeLessThanOrEqual(2_000_000);
    expect(topOf(long, to) - (long.headed.includes(to) ? long.heading : 0)).toBeGreaterThanOrEqual(2_000_900);
  });
});

describe("a sorted list", () => {
  interface Item {
    n: number;
  }
  const by = (one: Item, other: Item): number => one.n - other.n;
  const numbers = (list: readonly Item[]): number[] => list.map(({ n }) => n);
  const items: Item[] = Array.from({ length: 40 }, (_, n) => ({ n }));

  it("follows what goes, what comes, and what stands again where it stood", () => {
    const again = { n: 12 };
    const come = [{ n: 99 }, { n: -1 }, { n: 12.5 }, again];
    const list = follow(items, [nth(items, 20), nth(items, 12)], come, by);
    expect(numbers(list)).toEqual([...numbers(items), -1, 12.5, 99].filter((n) => n !== 20).sort((a, b) => a - b));
    expect(list).toContain(again);
    expect(follow([], [], [{ n: 2 }, { n: 1 }], by)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("is the very list where nothing goes and nothing comes, and knows what never stood in it", () => {
    expect(follow(items, [], [], by)).toBe(items);
    expect(follow(items, [{ n: 3 }], [], by)).toEqual(items);
  });

  it("differs from another by what the one has and the other has not", () => {
    const [three, more] = [{ n: 3 }, { n: 41 }];
    const after = [{ n: -1 }, ...items.filter(({ n }) => n !== 3 && n !== 30 && n !== 39), three, more].sort(by);
    expect(difference(items, after, by)).toEqual({
      gone: [items[3], items[30], items[39]],
      come: [after[0], three, more],
    });
    expect(difference(items, items.slice(), by)).toEqual({ gone: [], come: [] });
    expect(difference([], items, by)).toEqual({ gone: [], come: items });
    expect(difference(items, [], by)).toEqual({ gone: items, come: [] });
  });

  it("finds a place with as many looks as halving takes", () => {
    let looks = 0;
    const long = Array.from({ length: 100_000 }, (_, n) => ({ n }));
    const at = placeIn(long, { n: 70_000.5 }, (one, other) => (looks++, one.n - other.n));
    expect(at).toBe(70_001);
    expect(looks).toBeLessThanOrEqual(17);
  });
});

describe("a list of tasks, newest first", () => {
  const ids = ["d", "c", "b", "a"];
  const tasks = ids.map((id) => task({ id }));
  const at = (id: string): Task => nth(tasks, ids.indexOf(id));

  it("finds a task by its id", () => {
    expect(["d", "a", "x", "0"].map((id) => taskIn(tasks, id))).toEqual([tasks[0], tasks[3], null, null]);
  });

  it("changes by what is another task now, is gone, or is new", () => {
    const here = [task({ id: "c" }), task({ id: "b", revision: 2 }), task({ id: "bb" })];
    const { gone, come } = changed((id) => taskIn(tasks, id), ["c", "b", "bb", "a", "x"], here);
    expect(gone).toEqual([at("b"), at("a")]);
    expect(come).toEqual(here.slice(1));
    expect(follow(tasks, gone, come, newest).map(({ id }) => id)).toEqual(["d", "c", "bb", "b"]);
  });

  it("takes what is pending for new, and what was pending too", () => {
    const pending = task({ id: "c", pending: true });
    const once = changed((id) => taskIn(tasks, id), ["c"], [pending]);
    expect(once.come).toEqual([pending]);
    const then = follow(tasks, once.gone, once.come, newest);
    expect(changed((id) => taskIn(then, id), ["c"], [task({ id: "c" })]).gone).toEqual([pending]);
  });
});

describe("the rows in sight", () => {
  it("are the very rows of the last look where nothing about them has changed", () => {
    const rows = new Rows();
    const [one, place] = [task({ id: "a" }), { top: 0, height: 44, at: 1, of: 2, entry: false }];
    const row = rows.of(one, place);
    expect(rows.of(one, { ...place })).toBe(row);
    expect(rows.of(one, { ...place, of: 3 })).not.toBe(row);
    expect(rows.of(task({ id: "a" }), { ...place, of: 3 })).not.toBe(rows.of(one, { ...place, of: 3 }));
  });
});

describe("the elements of a list", () => {
  it("stay with their tasks, and those of tasks that have gone are taken over in their place", () => {
    const slots = new Slots();
    expect(slots.of(["a", "b", "c", "d"], null)).toEqual([0, 1, 2, 3]);
    expect(slots.of(["a", "x", "d"], null)).toEqual([0, 1, 3]);
    expect(slots.of(["m", "n", "o"], null)).toEqual([0, 1, 3]);
    expect(slots.of(["m", "n", "o", "p"], null)).toEqual([0, 1, 3, 4]);
  });

  it("never move: what goes at one end is nothing for what comes at the other", () => {
    const slots = new Slots();
    slots.of(["a", "b", "c", "d"], null);
    expect(slots.of(["c", "d", "e", "f"], null)).toEqual([2, 3, 4, 5]);
    expect(slots.of(["z", "c", "d"], null)).toEqual([6, 2, 3]);
  });

  it("are nobody else's where the focus is", () => {
    const slots = new Slots();
    slots.of(["a", "b"], null);
    expect(slots.of(["x", "y"], "a")).toEqual([1, 2]);
  });

  it("are one for each task, whatever comes, goes and changes places", () => {
    const random = randomly(7);
    const slots = new Slots();
    let before = new Map<string, number>();
    for (let round = 0; round < 500; round++) {
      const all = [..."abcdefghij"].filter(() => random.to(2) === 0);
      for (let swaps = random.to(3); swaps > 0; swaps--) all.push(...all.splice(random.to(all.length + 1), 1));
      const given = slots.of(all, random.of([..."abcdefghij"]));
      expect(new Set(given).size).toBe(all.length);
      const now = new Map(all.map((id, at) => [id, given[at] ?? -1]));
      for (const [id, slot] of now) if (before.has(id)) expect(slot).toBe(before.get(id));
      before = now;
    }
  });
});

describe("sections", () => {
  const at = (id: string, status: "ongoing" | "completed" | "failed", updatedAt: string) =>
    task({ id, status, updatedAt, waitingSince: updatedAt });
  const now = Date.parse("2026-03-05T12:00:00");
  const iso = (local: string): string => new Date(local).toISOString();
  const tasks = [
    at("d", "completed", iso("2026-03-04T23:59:59")),
    at("c", "ongoing", iso("2026-03-05T10:00:00")),
    at("b", "completed", iso("2026-03-05T00:00:00")),
    at("a", "completed", iso("2026-03-05T11:00:00")),
    at("9", "ongoing", iso("2026-03-01T10:00:00")),
    at("8", "failed", iso("2026-03-01T10:00:00")),
  ];
  const names = (sort: "default" | "oldest" | "waiting" | "changed") =>
    shownSections(new Sections().of(tasks, sort), sort, now).map((section) => ({
      status: section.status,
      ids: section.tasks.map(({ id }) => id).join(""),
      days: section.days.map(({ name, from }) => `${from} ${name}`),
    }));

  it("hold what is open by its age and what is over by its last change, under its day", () => {
    expect(names("default")).toEqual([
      { status: "ongoing", ids: "c9", days: [] },
      { status: "completed", ids: "abd", days: ["0 Today", "2 Yesterday"] },
      { status: "failed", ids: "8", days: [] },
    ]);
  });

  it("are in the order asked for, and have days only where days are in order", () => {
    expect(names("oldest").map(({ ids, days }) => [ids, days.length])).toEqual([
      ["9c", 0],
      ["abd", 0],
      ["8", 0],
    ]);
    expect(names("waiting")[0]?.ids).toBe("9c");
    expect(names("waiting")[1]).toEqual({ status: "completed", ids: "dba", days: [] });
    expect(names("changed")[1]?.days).toEqual(["0 Today", "2 Yesterday"]);
  });

  it("are those of before where nothing in them has changed, and as if sorted anew where something has", () => {
    const sections = new Sections();
    const sorts = ["default", "oldest", "waiting", "changed"] as const;
    let list: readonly Task[] = Array.from({ length: 60 }, (_, n) =>
      at(
        `t${String(n).padStart(3, "0")}`,
        n % 3 === 0 ? "completed" : "ongoing",
        iso(`2026-03-0${1 + (n % 5)}T1${n % 10}:00:00`),
      ),
    ).reverse();
    for (const sort of sorts) {
      const before = sections.of(list, sort);
      const moved = task({ ...nth(list, 30), status: "failed", updatedAt: iso("2026-03-05T12:00:00"), revision: 2 });
      list = follow(
        list,
        [nth(list, 30), nth(list, 7)],
        [moved, task({ id: `t03${sort}`, status: "ongoing" })],
        newest,
      );
      const after = sections.of(list, sort);
      expect(after).toEqual(new Sections().of(list, sort));
      expect(after.filter((section, index) => section === before[index]).map(({ status }) => status)).toContain(
        "killed",
      );
      expect(sections.of(list, sort)).toEqual(after);
    }
  });

  it("ask of one change only whether what has changed is shown", () => {
    const sections = new Sections();
    const asked: string[] = [];
    const shows = (one: Task): boolean => {
      asked.push(one.id);
      return one.title !== "hidden";
    };
    const list = Array.from({ length: 1000 }, (_, n) => task({ id: `t${String(1000 - n).padStart(4, "0")}` }));
    sections.of(list, "default", shows);
    asked.length = 0;
    const hidden = task({ ...nth(list, 500), title: "hidden" });
    const next = follow(list, [nth(list, 500)], [hidden], newest);
    const shown = sections.of(next, "default", shows);
    expect(asked).toEqual([hidden.id, hidden.id]);
    expect(shown.find(({ status }) => status === "notstarted")?.tasks).toHaveLength(999);
    expect(sections.of(next, "default").find(({ status }) => status === "notstarted")?.tasks).toHaveLength(1000);
  });

  it("begin a day at the first task of it", () => {
    expect(dayStarts([], now)).toEqual([]);
    const days = dayStarts(
      ["2026-03-05T01:00:00", "2026-03-02T23:00:00", "2026-03-02T01:00:00", "2026-02-01T00:00:00"].map((local) => ({
        updatedAt: iso(local),
      })),
      now,
    );
    expect(days.map(({ from }) => from)).toEqual([0, 1, 3]);
    expect(days.map(({ name }) => name)).toEqual(["Today", "Monday, March 2", "Sunday, February 1"]);
  });
});

describe("places", () => {
  it("are found again, and the oldest are forgotten", () => {
    leaveAt("first", 7);
    leaveAt("list", 120);
    expect([placeOf("list"), placeOf("other")]).toEqual([120, 0]);
    for (let at = 0; at < 199; at++) leaveAt(`list ${at}`, at);
    expect([placeOf("first"), placeOf("list"), placeOf("list 198")]).toEqual([0, 120, 198]);
  });
});
