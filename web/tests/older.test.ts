// Older tasks come in by themselves: one page after the other, only while somebody looks, and no further than they are wanted.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isPart, lackingFrom, Older } from "../src/lib/state/older";

let look: "visible" | "hidden";
let left: number;
let under: number;
let most: number;
let fails: boolean;
let older: Older;
let loads: number;

beforeEach(() => {
  [look, left, under, most, fails, loads] = ["visible", 5, 0, 0, false, 0];
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => look);
  vi.useFakeTimers();
  older = new Older({
    wanted: () => left > 0,
    load: async () => {
      loads++;
      most = Math.max(most, ++under);
      await new Promise((resolve) => setTimeout(resolve, 50));
      under--;
      if (!fails) left--;
      return !fails;
    },
  });
});
afterEach(() => {
  older.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const rest = (): Promise<unknown> => vi.runAllTimersAsync();
function shows(to: typeof look): void {
  look = to;
  document.dispatchEvent(new Event("visibilitychange"));
}

test("all that is wanted comes, one page at a time", async () => {
  older.start();
  older.wake();
  await rest();
  expect([left, most, loads]).toEqual([0, 1, 5]);
});

test("nothing comes while nobody looks, and it goes on where it left", async () => {
  shows("hidden");
  older.start();
  await rest();
  expect(loads).toBe(0);
  shows("visible");
  await vi.advanceTimersToNextTimerAsync();
  shows("hidden");
  await rest();
  expect(loads).toBe(1);
  shows("visible");
  await rest();
  expect([left, loads]).toEqual([0, 5]);
});

test("a page that could not be had is asked for again after a while, and at once when something has changed", async () => {
  fails = true;
  older.start();
  await vi.advanceTimersByTimeAsync(29_000);
  expect(loads).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(loads).toBe(2);
  fails = false;
  older.wake();
  await vi.advanceTimersByTimeAsync(2_000);
  expect([left, loads]).toEqual([0, 7]);
});

test("once it is stopped nothing more comes", async () => {
  older.start();
  await vi.advanceTimersToNextTimerAsync();
  older.stop();
  await rest();
  older.wake();
  await rest();
  expect(loads).toBe(1);
});

describe("what is not here", () => {
  test("is said by where in the server's list what is here ends", () => {
    expect([null, "1abc", "0abc"].map(lackingFrom)).toEqual(["nothing", "open", "over"]);
  });

  test("concerns what is over before it concerns what is open", () => {
    const parts = (["nothing", "over", "open"] as const).map((lacking) => [
      isPart(lacking, true),
      isPart(lacking, false),
    ]);
    expect(parts).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ]);
  });
});
