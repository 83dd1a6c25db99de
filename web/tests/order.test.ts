// What waits for a person: in which order it is shown, and that the order keeps still.
import { beforeAll, describe, expect, it } from "vitest";
import { byUrgency, settle } from "../src/lib/state/order";
import { task } from "./fixtures";
import { realCore } from "./lib/core";

beforeAll(realCore);

describe("urgency", () => {
  const calm = task({ id: "b", title: "Review: a button", waitingSince: "2026-01-01T00:00:00.000Z" });
  const grave = task({ id: "c", title: "Approve: sudo reboot", waitingSince: "2026-01-03T00:00:00.000Z" });
  const graver = task({ id: "d", title: "Approve: sudo halt", waitingSince: "2026-01-02T00:00:00.000Z" });
  const twin = task({ id: "a", title: "Review: a button", waitingSince: "2026-01-01T00:00:00.000Z" });

  it("is risk first, then the longest wait, then the older task", () => {
    expect([calm, grave, graver, twin].sort(byUrgency).map(({ id }) => id)).toEqual(["d", "c", "a", "b"]);
  });

  it("is that of the whole text, however calm its beginning", () => {
    const calmly = task({
      id: "e",
      title: "Approve: a migration",
      excerpt: "A calm preamble…",
      risks: ["deletes data"],
    });
    const late = { ...calm, id: "f", risks: [] };
    expect([late, calmly].sort(byUrgency).map(({ id }) => id)).toEqual(["e", "f"]);
  });

  it("is judged anew for a task that has changed", () => {
    const changed = { ...calm, excerpt: "rm -rf build" };
    expect([grave, calm].sort(byUrgency)[0]).toBe(grave);
    expect([grave, changed].sort(byUrgency)[0]).toBe(changed);
  });
});

describe("settle", () => {
  it("holds back what would push something down, and lets in what belongs at the end", () => {
    expect(settle(["a", "b"], ["new", "a", "mid", "b", "end"])).toEqual({
      ids: ["a", "b", "end"],
      held: ["new", "mid"],
    });
  });
  it("lets go of what is gone, and starts in order", () => {
    expect(settle(["a", "b"], ["b"])).toEqual({ ids: ["b"], held: [] });
    expect(settle([], ["b", "a"])).toEqual({ ids: ["b", "a"], held: [] });
  });
});
