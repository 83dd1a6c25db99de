// What is said of an agent: what it does, whom it waits for, since when it is away, and by which way a reply reaches it.
import { describe, expect, test } from "vitest";
import type { Agent, Task } from "../src/lib/model/types";
import { doing, reachOf, tasksOf } from "../src/lib/text/presence";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

const agent = (more: Partial<Agent> = {}): Agent => ({
  name: "claude",
  displayName: "Claude",
  presence: "connected",
  since: ago(90),
  lastHeardAt: ago(1),
  client: null,
  revision: 1,
  ...more,
});

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  number: 1,
  title: id,
  excerpt: "",
  assignee: "human",
  options: null,
  status: "ongoing",
  reason: null,
  turn: "human",
  waitingSince: ago(4),
  createdBy: { kind: "agent", name: "claude" },
  agent: "claude",
  digest: "",
  verdict: null,
  messages: 1,
  attachments: 0,
  createdAt: ago(5),
  updatedAt: ago(4),
  revision: 1,
  ...more,
});

const now = (who: Agent, tasks: Task[]) => doing(who, tasksOf(who, tasks), NOW);

describe("what an agent is doing", () => {
  test("is the task under way, even while another waits for a person", () => {
    const work = task("work", { turn: "agent", waitingSince: ago(7) });
    expect(now(agent(), [task("ask"), work])).toEqual({ mood: "working", words: "Working, 7 min", task: work });
  });

  test("is waiting for the person, since the longest wait", () => {
    const long = task("long", { waitingSince: ago(30) });
    expect(now(agent(), [task("short"), long])).toEqual({
      mood: "waiting",
      words: "Waiting for you on 2 tasks, 30 min",
      task: long,
    });
    expect(now(agent(), [task("one")]).words).toBe("Waiting for you, 4 min");
  });

  test("is nothing where nothing of its own is under way", () => {
    const others = [
      task("closed", { status: "completed", turn: "nobody" }),
      task("another's", { agent: "codex", turn: "agent" }),
      task("not begun", { status: "notstarted", turn: "agent", assignee: "agent" }),
    ];
    expect(now(agent(), others)).toEqual({ mood: "asleep", words: "Asleep, connected for 1 h 30 min", task: null });
  });

  test("is said of no agent that is not there: since when, or that it never was", () => {
    const away = now(agent({ presence: "disconnected", since: ago(10) }), [task("work", { turn: "agent" })]);
    expect(away.mood).toBe("disconnected");
    expect(away.words).toMatch(/^Disconnected since \d\d:\d\d$/);
    expect(now(agent({ presence: "unknown" }), [])).toMatchObject({ mood: "unknown", task: null });
  });
});

test("its tasks stand in the order in which they matter: under way, waiting for a person, to be begun", () => {
  const tasks = [
    task("begin", { status: "notstarted", turn: "agent", assignee: "agent" }),
    task("ask"),
    task("work", { turn: "agent" }),
    task("done", { status: "completed", turn: "nobody" }),
  ];
  expect(tasksOf(agent(), tasks).map(({ id }) => id)).toEqual(["work", "ask", "begin"]);
});

test("a reply takes the quickest way that is open, and no way is claimed that the server did not name", () => {
  expect(reachOf(agent(), ["wait", "channel", "result"])).toBe("Answers its waiting call");
  expect(reachOf(agent(), ["channel", "result"])).toBe("Is pushed to its stream");
  expect(reachOf(agent(), ["result"])).toBe("Rides on its next tool result, no sooner");
  expect(reachOf(agent(), [])).toBe("Not known");
  expect(reachOf(agent(), null)).toBe("…");
  expect(reachOf(agent({ presence: "disconnected" }), ["result"])).toBe("Waits until it comes back");
});
