// Background work in words, and in the lists that show it.
import { describe, expect, it, test, vi } from "vitest";
import { commandWords } from "../src/lib/text/command";
import type { Job, JobKind, Task } from "../src/lib/model/types";
import { backgroundOf, canStop, headOf, isJob, runOf, type JobTask } from "../src/lib/state/background";
import { statusDeeds } from "../src/lib/state/deeds";
import { listsOf } from "../src/lib/state/work";
import { elapsed, jobState, pillOf, ranFor, type Eyes } from "../src/lib/text/job";
import { task } from "./fixtures";

vi.mock("../src/lib/sync/replica", () => ({ rules: () => ({ urgency: () => 4 }) }));

const ME = "p1";
const eyes: Eyes = { agents: [], me: ME, online: true };
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 30, 6, minute)).toISOString();
const clock = (minute: number): string => {
  const date = new Date(at(minute));
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
};

let made = 0;
function job(some: Partial<Job> = {}, more: Partial<Task> = {}): JobTask {
  made += 1;
  const found = task({
    id: `id-${String(made).padStart(3, "0")}`,
    status: "ongoing",
    work: { list: "main", number: made, fence: 0, wave: 1, job: { kind: "local_bash", ...some } },
    ...more,
  });
  if (!isJob(found)) throw new Error("it is one");
  return found;
}
const words = (of: JobTask, by: Eyes = eyes): string => jobState(of, of.work.job, by).words;

describe("what runs", () => {
  it("is counted by its kinds, as Claude Code counts it", () => {
    const pills: [JobKind[], string][] = [
      [[], ""],
      [["local_workflow"], "1 background workflow"],
      [["local_workflow", "local_workflow", "local_workflow"], "3 background workflows"],
      [["local_bash"], "1 shell"],
      [["local_bash", "local_bash"], "2 shells"],
      [["local_agent"], "1 agent"],
      [["local_bash", "local_workflow", "local_bash"], "1 background workflow, 2 shells"],
      [["monitor_mcp", "remote_agent", "in_process_teammate"], "1 remote agent, 1 teammate, 1 monitor"],
    ];
    for (const [kinds, pill] of pills) expect(pillOf(kinds)).toBe(pill);
  });

  it("says how it stands and how it ended", () => {
    const started = { startedAt: at(0) };
    expect(words(job({}, { status: "notstarted" }))).toBe("Waits for a runner");
    expect(words(job())).toBe("Running");
    expect(words(job(started))).toBe(`Running since ${clock(0)}`);
    expect(words(job({ ...started, lostAt: at(5) }))).toBe(`Lost contact since ${clock(5)}`);
    expect(words(job({ exitCode: 0 }, { status: "completed" }))).toBe("Ended with exit code 0");
    expect(words(job({}, { status: "completed" }))).toBe("Ended");
    expect(words(job({ exitCode: 2 }, { status: "failed" }))).toBe("Failed with exit code 2");
    expect(words(job({}, { status: "rejected" }))).toBe("Called off");
  });

  it("says who has asked it to end, and whether it has", () => {
    const by = { kind: "person", id: ME, name: "Ada" } as const;
    const other = { kind: "person", id: "p2", name: "Grace" } as const;
    expect(words(job({ stop: { at: at(1), by } }))).toBe("Stop requested…");
    expect(words(job({ stop: { at: at(1), by, unconfirmed: true } }))).toBe(
      "Stop requested, not confirmed: end it where it runs",
    );
    expect(words(job({ stop: { at: at(1) } }))).toBe("Time is over, stop requested…");
    expect(words(job({ stop: { at: at(1), by } }, { status: "killed" }))).toBe("Stopped by you");
    expect(words(job({ stop: { at: at(1), by: other } }, { status: "killed" }))).toBe("Stopped by Grace");
    expect(words(job({ stop: { at: at(1) } }, { status: "killed" }))).toBe("Stopped: its time was over");
    expect(words(job({}, { status: "killed" }))).toBe("Stopped");
    const waits = job({ stop: { at: at(1), by } }, { pending: true });
    expect(words(waits, { ...eyes, online: false })).toBe("Stop requested, waits for the network");
    expect(words(waits)).toBe("Stop requested…");
  });

  it("is not stopped because this page thinks so: somebody may have begun it meanwhile", () => {
    const guess = job({}, { status: "killed", pending: true });
    expect(jobState(guess, guess.work.job, eyes)).toEqual({ tone: "stopping", words: "Stop requested…" });
    expect(words(guess, { ...eyes, online: false })).toBe("Stop requested, waits for the network");
    expect(canStop(guess)).toBe(false);
    // A reply that is on its way makes no guess of how it ended.
    const by = { kind: "person", id: ME, name: "Ada" } as const;
    expect(words(job({ stop: { at: at(1), by } }, { status: "killed", pending: true }))).toBe("Stopped by you");
  });

  it("has run for so long, until now or until it ended", () => {
    expect([0, 8_000, 59_999, 60_000, 192_000].map(elapsed)).toEqual(["0 s", "8 s", "59 s", "1 min", "3 min 12 s"]);
    expect([7_500_000, 7_200_000, 273_600_000].map(elapsed)).toEqual(["2 h 5 min", "2 h", "3 days 4 h"]);
    expect(ranFor({ kind: "dream" }, 0)).toBeNull();
    expect(ranFor({ kind: "dream", startedAt: at(1) }, Date.parse(at(3)))).toBe(120_000);
    expect(ranFor({ kind: "dream", startedAt: at(1), endedAt: at(2) }, Date.parse(at(9)))).toBe(60_000);
    // A clock that is behind the server's is no time before it began.
    expect(ranFor({ kind: "dream", startedAt: at(1) }, Date.parse(at(0)))).toBe(0);
  });

  it("is stopped by name", () => {
    const stop = { type: "stopWork", id: "x", task: "t" } as const;
    expect(commandWords(stop, () => "Build it")).toBe("Stopping “Build it”");
  });
});

describe("the background of a workspace", () => {
  const running = [job({ startedAt: at(5) }), job({ startedAt: at(1) })];
  const over = [
    job({ endedAt: at(1) }, { status: "completed" }),
    job({ endedAt: at(9) }, { status: "failed" }),
    job({ endedAt: at(5) }, { status: "killed" }),
  ];
  const pending = [job({}, { status: "notstarted" })];
  const hidden = job();
  const internal = { ...hidden, work: { ...hidden.work, metadata: { _internal: true } } };
  const listed = { ...task({ id: "listed" }), work: { list: "main", number: 99, fence: 0, wave: 1 } };
  const background = backgroundOf([...over, internal, ...running, ...pending, listed]);
  const ids = (tasks: readonly Task[]): string[] => tasks.map(({ id }) => id);

  test("is what runs, longest first, what waits, and what ended last", () => {
    expect(ids(background.running)).toEqual(ids(running.toReversed()));
    expect(ids(background.pending)).toEqual(ids(pending));
    expect(ids(background.over)).toEqual([over[1], over[2], over[0]].map((one) => one?.id));
  });

  test("is counted: only of what there is some", () => {
    expect(headOf(background)).toBe("2 running, 1 waiting, 1 done, 1 failed, 1 stopped");
    expect(
      headOf(backgroundOf([...running, ...Array.from({ length: 5 }, () => job({}, { status: "completed" }))])),
    ).toBe("2 running, 5 done");
    expect(headOf(backgroundOf([listed]))).toBe("");
  });

  test("keeps what this page only thinks is stopped where it was, and so does its list", () => {
    const waited = job({}, { status: "killed", pending: true });
    const ran = job({ startedAt: at(0) }, { status: "killed", pending: true });
    const { running: runs, pending: waits, over: ended } = backgroundOf([waited, ran]);
    expect([ids(runs), ids(waits), ids(ended)]).toEqual([ids([ran]), ids([waited]), []]);
    expect(listsOf([waited])[0]).toMatchObject({ waiting: [waited], over: [] });
    const confirmed = { ...waited, pending: false };
    expect(ids(backgroundOf([confirmed]).over)).toEqual(ids([confirmed]));
    expect(listsOf([confirmed])[0]).toMatchObject({ waiting: [], over: [confirmed] });
  });

  test("is offered to nobody in its list, and counts there as all does", () => {
    const [list] = listsOf([...pending, ...running, ...over, listed]);
    expect([list?.active.length, list?.over.length]).toEqual([2, 3]);
    expect(ids(list?.ready ?? [])).toEqual(["listed"]);
    expect(ids(list?.waiting ?? [])).toEqual(ids(pending));
  });
});

test("each claim is a run of its own: what waits shows the next, once the server knows that it waits", () => {
  const claimed = job();
  const at = (status: Task["status"], fence: number, pending = false): number =>
    runOf({ ...claimed, status, pending, work: { ...claimed.work, fence } });
  expect([at("notstarted", 0), at("ongoing", 1), at("completed", 1)]).toEqual([1, 1, 1]);
  expect([at("notstarted", 1, true), at("notstarted", 1), at("ongoing", 2)]).toEqual([1, 2, 2]);
  // A takeover.
  expect(at("ongoing", 3)).toBe(3);
});

describe("a person", () => {
  const deeds = (of: Task): string[] => {
    const store = { id: "w", task: () => of, do: () => null };
    return statusDeeds({ store, task: of, edit: () => {}, place: () => {}, callOff: () => {}, leave: () => {} }).map(
      ({ id }) => id,
    );
  };

  test("stops what runs or waits, once, and begins nothing in the place of who runs it", () => {
    expect(deeds(job())).toEqual(["task.stop", "task.status.completed", "task.status.rejected"]);
    expect(deeds(job({ stop: { at: at(1) } }))).not.toContain("task.stop");
    expect(deeds(task())).not.toContain("task.stop");
    expect([job({}, { status: "notstarted" }), job({}, { status: "completed" })].map(canStop)).toEqual([true, false]);
  });
});
