// What ran when: bars from beginning to end or to now, on a scale with times that clocks have.
import { describe, expect, test } from "vitest";
import { isJob, type JobTask } from "../src/lib/state/background";
import type { Job, Task } from "../src/lib/model/types";
import { isRange, placeOn, rangeFor, scaleOf, spansOf, within } from "../src/lib/timeline/spans";
import { task } from "./fixtures";

const now = Date.parse("2026-11-30T12:00:00.000Z");
const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
function run(id: string, job: Partial<Job>, more: Partial<Task> = {}): JobTask {
  const made = task({
    id,
    status: "ongoing",
    work: { list: "main", number: 1, fence: 1, job: { kind: "local_bash", ...job } },
    ...more,
  });
  if (!isJob(made)) throw new Error("it is one");
  return made;
}

describe("a span", () => {
  test("goes from the beginning to the end, or to now while it runs", () => {
    const spans = spansOf(
      [
        run("later", { startedAt: ago(5) }),
        run("first", { startedAt: ago(20), endedAt: ago(10) }, { status: "completed" }),
      ],
      now,
    );
    expect(
      spans.map(({ task, from, to, runs }) => [task.id, (now - from) / 60_000, (now - to) / 60_000, runs]),
    ).toEqual([
      ["first", 20, 10, false],
      ["later", 5, 0, true],
    ]);
  });

  test("is none for what nobody has begun", () => {
    expect(spansOf([run("waits", {}, { status: "notstarted" })], now)).toEqual([]);
  });

  test("ends no earlier than it begins, whoever's clock is behind, and with its last change where nobody said when", () => {
    const [ahead] = spansOf([run("ahead", { startedAt: ago(-1) })], now);
    expect(ahead?.to).toBe(ahead?.from);
    const [silent] = spansOf([run("killed", { startedAt: ago(9) }, { status: "killed", updatedAt: ago(3) })], now);
    expect(silent?.to).toBe(now - 3 * 60_000);
  });

  test("knows when it was asked to end, and since when nothing was heard of it", () => {
    const [span] = spansOf([run("a", { startedAt: ago(9), stop: { at: ago(4) }, lostAt: ago(2) })], now);
    expect([span?.stopAt, span?.lostAt]).toEqual([now - 4 * 60_000, now - 2 * 60_000]);
  });
});

describe("how far back is looked", () => {
  const old = run("old", { startedAt: ago(3000), endedAt: ago(2990) }, { status: "completed" });
  const recent = run("recent", { startedAt: ago(30), endedAt: ago(20) }, { status: "failed" });
  const long = run("long", { startedAt: ago(300) });

  test("is the shortest time that holds all that runs, and something", () => {
    expect(rangeFor(spansOf([old, recent], now), now)).toBe("hour");
    expect(rangeFor(spansOf([old, recent, long], now), now)).toBe("day");
    expect(rangeFor(spansOf([old], now), now)).toBe("all");
  });

  test("leaves out what was over before", () => {
    expect(within(spansOf([old, recent, long], now), "hour", now).map(({ task }) => task.id)).toEqual([
      "long",
      "recent",
    ]);
    expect(["hour", "week", "toString", null].map(isRange)).toEqual([true, false, false, false]);
  });
});

describe("a scale", () => {
  const spans = spansOf([run("a", { startedAt: ago(47) }), run("b", { startedAt: ago(12), endedAt: ago(7) })], now);

  test("has as many times as fit, at steps that clocks have", () => {
    const { from, to, ticks } = scaleOf(spans, 5);
    expect([from, to]).toEqual([now - 47 * 60_000, now]);
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks.length).toBeLessThanOrEqual(5);
    const steps = new Set(ticks.slice(1).map(({ at }, index) => at - (ticks[index]?.at ?? 0)));
    expect([...steps]).toEqual([10 * 60_000]);
    expect(ticks.every(({ label }) => /^\d\d:\d0$/u.test(label))).toBe(true);
  });

  test("of moments has seconds, and of weeks days", () => {
    const brief = spansOf([run("a", { startedAt: new Date(now - 4000).toISOString() })], now);
    expect(scaleOf(brief, 5).ticks[0]?.label).toMatch(/^\d\d:\d\d:\d\d$/u);
    const long = spansOf([run("a", { startedAt: ago(60 * 24 * 20) })], now);
    expect(scaleOf(long, 5).ticks[0]?.label).toMatch(/^[A-Z][a-z]{2} \d+$/u);
  });

  test("keeps everything on it", () => {
    const scale = scaleOf(spans, 5);
    expect([placeOn(scale, now), placeOn(scale, scale.from), placeOn(scale, 0), placeOn(scale, now + 1)]).toEqual([
      100, 0, 0, 100,
    ]);
    expect(placeOn(scale, now - 23.5 * 60_000)).toBeCloseTo(50);
  });
});
