// What a screen reader is told: at once what the person does, and of a flood of news one sentence.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Frame } from "../src/lib/model/sync";
import type { Agent, Task } from "../src/lib/model/types";
import { Announcer } from "../src/lib/state/announcer.svelte";
import { gathered, newsOf, type News } from "../src/lib/state/news";

const ask = (title: string): News => ({ kind: "ask", words: `New task for you: ${title}` });

describe("many news", () => {
  test("of one kind are counted, one is said in full, and what needs the person comes first", () => {
    const moved: News = { kind: "move", words: "Sweep is completed now" };
    expect(gathered([moved, ask("a"), ask("b"), ask("c")])).toBe("3 new tasks for you. Sweep is completed now");
    expect(gathered([ask("a"), ask("a")])).toBe("New task for you: a");
    expect(gathered([])).toBe("");
  });
});

describe("the announcer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const said = (announcer: Announcer): string => announcer.first || announcer.second;

  test("says the first at once, and a flood after it in one sentence", () => {
    const announcer = new Announcer();
    for (let n = 0; n < 50; n++) announcer.tell(ask(String(n)));
    expect(said(announcer)).toBe("New task for you: 0");
    vi.advanceTimersByTime(2000);
    expect(said(announcer)).toBe("49 new tasks for you");
    vi.advanceTimersByTime(2000);
    announcer.tell(ask("later"));
    expect(said(announcer)).toBe("New task for you: later");
  });

  test("answers what the person does at once, and the same twice is said twice", () => {
    const announcer = new Announcer();
    announcer.tell(ask("a"));
    announcer.say("Copied");
    expect([announcer.first, announcer.second]).toEqual(["", "Copied"]);
    announcer.say("Copied");
    expect([announcer.first, announcer.second]).toEqual(["Copied", ""]);
  });
});

test("that an agent comes is told of the agent, though the workspace is the one to note it", () => {
  const agent = { name: "claude", displayName: "Claude Sonnet" } as Agent;
  const frame: Frame = {
    type: "agent.connected",
    taskId: null,
    actor: { kind: "system" },
    at: "",
    changes: [{ op: "put", entity: { type: "agent", ...agent } }],
  };
  expect(newsOf(frame, null, null, [agent], "me")?.words).toBe("Claude Sonnet connected");
  const own: Frame = { ...frame, type: "task.created", actor: { kind: "person", id: "me", name: "Anna" } };
  expect(newsOf(own, null, { title: "mine" } as Task, [agent], "me")).toBeNull();
});
