// The order of what waits, and the time between tries: nothing jumps, nothing hammers. What is sent is tested in tabs.test.ts.
import { describe, expect, it } from "vitest";
import { settle } from "../src/lib/state/order";
import { Backoff } from "../src/lib/sync/backoff";

describe("settle", () => {
  it("lets what belongs at the end join, and what is gone leave", () => {
    expect(settle(["a", "b", "c"], ["a", "c", "d"])).toEqual({ ids: ["a", "c", "d"], held: [] });
  });

  it("holds back what would push the rows under a finger", () => {
    expect(settle(["b", "c"], ["a", "b", "x", "c", "d"])).toEqual({ ids: ["b", "c", "d"], held: ["a", "x"] });
  });

  it("shows everything where nothing is shown", () => {
    expect(settle([], ["a", "b"])).toEqual({ ids: ["a", "b"], held: [] });
  });
});

describe("Backoff", () => {
  it("doubles up to its most, with jitter between the half and the whole", () => {
    const low = new Backoff(100, 1000, () => 0);
    const high = new Backoff(100, 1000, () => 1);
    expect([1, 2, 3, 4, 5, 6].map(() => low.next())).toEqual([50, 100, 200, 400, 500, 500]);
    expect([1, 2, 3, 4, 5, 6].map(() => high.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    low.reset();
    expect(low.next()).toBe(50);
  });
});
