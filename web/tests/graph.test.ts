// The picture of what waits for what: waves, places, the longest chain of what is left, and how much of it is seen.
import { describe, expect, test } from "vitest";
import { arrowPath, arrowsIn, boxOf, cardsIn } from "../src/lib/graph/draw";
import { CARD, layoutOf, type Layout } from "../src/lib/graph/layout";
import { criticalPath, inOrder, reached, sameShape, shapeOf, wavesOf, type Shape } from "../src/lib/graph/shape";
import { bring, fit, held, meet, nearest, seen, zoomed } from "../src/lib/graph/view";
import { firstOf, stepFrom, type Way } from "../src/lib/graph/walk";
import { randomly } from "./lib/random";

/** `b: "a"` waits for a. */
const graph = (waits: Record<string, string>): Shape =>
  shapeOf(
    Object.entries(waits).map(([id, before]) => ({ id, work: { blockedBy: before.split(" ").filter(Boolean) } })),
  );
const named = (shape: Shape, places: Iterable<number>): string => [...places].map((at) => shape.ids[at]).join("");

/** A list of so many tasks in a few waves, whose arrows are drawn by lot. */
function random(tasks: number, seed: number): Shape {
  const chance = randomly(seed);
  return shapeOf(
    Array.from({ length: tasks }, (_, at) => ({
      id: `t${at}`,
      work: {
        blockedBy: Array.from({ length: chance.to(3) }, () => chance.to(tasks))
          .filter((other) => Math.floor(other / 50) < Math.floor(at / 50))
          .map((other) => `t${other}`),
      },
    })),
  );
}

function crossings({ arrows, y }: Layout): number {
  let sum = 0;
  for (const one of arrows)
    for (const other of arrows)
      if ((y[one.from] ?? 0) < (y[other.from] ?? 0) && (y[one.to] ?? 0) > (y[other.to] ?? 0)) sum++;
  return sum;
}

describe("a graph", () => {
  const shape = graph({ a: "", b: "a", c: "a gone", d: "b c", e: "", f: "e b" });

  test("knows what waits for what, without what is not here", () => {
    expect(shape.before).toEqual([[], [0], [0], [1, 2], [], [4, 1]]);
    expect(shape.after).toEqual([[1, 2], [3, 5], [3], [], [5], []]);
  });

  test("stands in waves: each task one later than the last of what it waits for", () => {
    expect(wavesOf(shape)).toEqual([0, 1, 1, 2, 0, 2]);
  });

  test("is worked off in an order in which nothing comes before what it waits for, circles last", () => {
    expect(named(shape, inOrder(shape))).toBe("aebcfd");
    expect(named(shape, inOrder(graph({ a: "b", b: "a", c: "" })))).toBe("cab");
  });

  test("says all that comes before a task and after it", () => {
    expect(named(shape, [...reached(shape.before, 3)].toSorted())).toBe("abc");
    expect(named(shape, [...reached(shape.after, 4)])).toBe("f");
  });

  test("stays what it is while nothing comes, goes or waits for something else", () => {
    expect(sameShape(shape, graph({ a: "", b: "a", c: "a", d: "b c", e: "", f: "e b" }))).toBe(true);
    expect(sameShape(shape, graph({ a: "", b: "a", c: "a", d: "b", e: "", f: "e b" }))).toBe(false);
    expect(sameShape(shape, graph({ a: "" }))).toBe(false);
  });
});

describe("the critical path", () => {
  const shape = graph({ a: "", b: "a", c: "b", d: "", e: "d c", f: "d" });
  const pathOf = (done: string): string =>
    named(
      shape,
      criticalPath(shape, (at) => !done.includes(shape.ids[at] ?? "")),
    );

  test("is the longest chain of what is not done", () => {
    expect(pathOf("")).toBe("abce");
    expect(pathOf("ab")).toBe("ce");
  });

  test("is broken where something was done out of order", () => {
    expect(pathOf("c")).toBe("ab");
  });

  test("is of several as long as each other always the same, the first", () => {
    expect(pathOf("bc")).toBe("de");
    expect(pathOf("abce")).toBe("df");
    expect(pathOf("abcdef")).toBe("");
  });
});

describe("a layout", () => {
  test("goes from left to right by wave", () => {
    const { x } = layoutOf(graph({ a: "", b: "a", c: "b", d: "a" }));
    const step = CARD.width + CARD.across;
    expect(x).toEqual([0, step, 2 * step, step]);
  });

  test("spreads a wave of very many over columns of its own, those that others wait for next to these", () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`t${at}`, "root"]));
    const layout = layoutOf(graph({ root: "", ...many, last: "t0" }));
    expect(layout.width / layout.height).toBeGreaterThan(1);
    expect(layout.width / layout.height).toBeLessThan(3);
    const [, first, last] = [layout.columns[0], layout.columns[1] ?? 0, layout.columns[61] ?? 0];
    expect(last - first).toBe(1);
    expect(layout.waves.length).toBe(3);
    expect(layout.waves[2]).toBe(layout.x[61]);
  });

  test("has no more crossings than the arrows need", () => {
    expect(crossings(layoutOf(graph({ a: "", b: "", c: "", x: "c", y: "b", z: "a" })))).toBe(0);
    expect(crossings(layoutOf(graph({ a: "", b: "", x: "a b", y: "a b" })))).toBe(1);
  });

  test("runs a chain straight", () => {
    const { y, arrows } = layoutOf(graph({ a: "", b: "a", c: "b", d: "c" }));
    expect(new Set(y).size).toBe(1);
    expect(arrows.map(({ passes }) => passes)).toEqual([[], [], []]);
  });

  test("leads an arrow that is longer than a wave past what stands between", () => {
    const shape = graph({ a: "", b: "a", c: "b", d: "a c" });
    const layout = layoutOf(shape);
    const long = layout.arrows.find(({ from, to }) => named(shape, [from, to]) === "ad");
    expect(long?.passes.length).toBe(2);
    for (const [index, height] of (long?.passes ?? []).entries()) {
      const box = boxOf(layout, index + 1);
      expect(height <= box.y || height >= box.y + CARD.height).toBe(true);
    }
  });

  test("puts what is in no arrow below the rest", () => {
    const { y, loose } = layoutOf(graph({ a: "", b: "a", c: "", d: "" }));
    expect(loose).toEqual([2, 3]);
    expect(Math.min(y[2] ?? 0, y[3] ?? 0)).toBeGreaterThan(Math.max(y[0] ?? 0, y[1] ?? 0) + CARD.height);
  });

  test("of nothing is nothing, and of tasks without arrows a block", () => {
    expect(layoutOf(graph({}))).toMatchObject({ width: 0, height: 0, arrows: [] });
    const { width, height } = layoutOf(shapeOf(Array.from({ length: 100 }, (_, at) => ({ id: `t${at}`, work: {} }))));
    expect(width / height).toBeGreaterThan(1);
    expect(width / height).toBeLessThan(3);
  });

  test.each([1, 2, 3])(
    "of five hundred tasks has no two in one place, none outside, and is the same each time (%i)",
    (seed) => {
      const shape = random(500, seed);
      const layout = layoutOf(shape);
      expect(layoutOf(shape)).toEqual(layout);
      const boxes = shape.ids.map((_, at) => boxOf(layout, at));
      for (const [at, box] of boxes.entries()) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(-0.01);
        expect(box.x + box.width).toBeLessThanOrEqual(layout.width + 0.01);
        expect(box.y + box.height).toBeLessThanOrEqual(layout.height + 0.01);
        for (const other of boxes.slice(at + 1)) if (meet(box, other)) throw new Error(`${at} lies on another`);
      }
      for (const { from, to, passes } of layout.arrows)
        expect(passes.length).toBe((layout.columns[to] ?? 0) - (layout.columns[from] ?? 0) - 1);
    },
  );
});

describe("a walk by arrow keys", () => {
  const shape = graph({ a: "", b: "a", c: "a", d: "b c", e: "" });
  const layout = layoutOf(shape);
  const walk = (...ways: Way[]): string =>
    named(
      shape,
      ways.reduce((path, way) => [...path, stepFrom(layout, shape, path.at(-1) ?? 0, way)], [firstOf(layout)]),
    );

  test("goes along the arrows to the right and back to the left", () => {
    expect(walk("right", "right", "left", "left")).toMatch(/^a[bc]d[bc]a$/u);
  });

  test("goes up and down its column, and on to what is in no arrow", () => {
    expect(walk("right", "down", "up")).toMatch(/^a(bcb|ccb)$/u);
    expect(walk("down", "up")).toBe("aea");
  });

  test("stays where it is at the end", () => {
    expect(walk("right", "right", "right")).toMatch(/dd$/u);
    expect(walk("left")).toBe("aa");
  });
});

describe("what is seen of a picture", () => {
  const room = { width: 1000, height: 600 };
  const picture = { width: 4000, height: 1200 };

  test("is at first all of it, and never larger than it is", () => {
    const all = fit(picture, room);
    expect(all.scale).toBeCloseTo((1000 - 48) / 4000);
    expect(all.y).toBeCloseTo((600 - 1200 * all.scale) / 2);
    expect(fit({ width: 10, height: 10 }, room).scale).toBe(1);
  });

  test("grows around where one points, between bounds", () => {
    const before = { x: -100, y: 50, scale: 1 };
    const near = zoomed(before, 1.5, 400, 300, 0.1);
    expect((400 - near.x) / near.scale).toBeCloseTo((400 - before.x) / before.scale);
    expect((300 - near.y) / near.scale).toBeCloseTo((300 - before.y) / before.scale);
    expect(zoomed(before, 100, 0, 0, 0.1).scale).toBe(2);
    expect(zoomed(before, 0.001, 0, 0, 0.1).scale).toBe(0.1);
  });

  test("is never nothing", () => {
    const { x, y } = held({ x: 5000, y: -9000, scale: 1 }, picture, room);
    expect(x).toBeLessThan(room.width);
    expect(y).toBeGreaterThan(-picture.height);
  });

  test("moves no further than it must to show a task, and not at all where that is seen", () => {
    const view = { x: 0, y: 0, scale: 1 };
    const box = { x: 300, y: 300, width: 200, height: 50 };
    expect(bring(view, box, room)).toEqual(view);
    expect(bring(view, { ...box, x: 1100 }, room)).toEqual({ ...view, x: 1000 - 24 - 1300 });
    expect(bring(view, { ...box, y: -80 }, room)).toEqual({ ...view, y: 104 });
    expect(bring(view, box, room, 300).y).toBe(600 - 300 - 24 - 350);
  });

  test("is drawn with what is a little outside of it, and with nothing far away", () => {
    const layout = layoutOf(random(500, 4));
    const part = seen({ x: 0, y: 0, scale: 1 }, room);
    const cards = cardsIn(layout, part);
    expect(cards.length).toBeGreaterThan(0);
    expect(cards.length).toBeLessThan(250);
    const arrows = arrowsIn(layout, part);
    expect(arrows.length).toBeLessThan(layout.arrows.length);
    // What has an end in sight is there.
    for (const arrow of layout.arrows)
      if (cards.includes(arrow.from) || cards.includes(arrow.to)) expect(arrows).toContain(arrow);
    expect(arrowPath(layout, arrows).split("M").length - 1).toBe(arrows.length);
  });

  test("is drawn on while somebody moves or zooms a little", () => {
    const first = seen({ x: 0, y: 0, scale: 1 }, room);
    expect(first).toEqual({ x: -500, y: -300, width: 2000, height: 1200 });
    expect(seen({ x: -499, y: 299, scale: 1 }, room, first)).toBe(first);
    expect(seen({ x: 0, y: 0, scale: 2 }, room, first)).toBe(first);
    expect(seen({ x: -501, y: 0, scale: 1 }, room, first)).toEqual({ ...first, x: 1 });
    expect(seen({ x: 0, y: 0, scale: 3 }, room, first).width).toBeCloseTo(2000 / 3);
    expect(seen({ x: 0, y: 0, scale: 0.5 }, room, first).width).toBe(4000);
  });

  test("is pointed at with a thumb: the nearest task within reach", () => {
    const [x, y] = [
      [0, 100],
      [0, 0],
    ];
    const size = { width: 50, height: 20 };
    expect(nearest(x, y, size, { x: 10, y: 10 }, 22)).toBe(0);
    expect(nearest(x, y, size, { x: 85, y: 10 }, 22)).toBe(1);
    expect(nearest(x, y, size, { x: 75, y: 10 }, 22)).toBe(-1);
  });
});
