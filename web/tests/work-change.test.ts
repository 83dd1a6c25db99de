// What a person changes about a task's place in its list: what is asked for, its way back, and what it may be made to wait for.
import { beforeAll, describe, expect, test } from "vitest";
import { isListed, type Listed, type Task, type Work } from "../src/lib/model/types";
import { askedOf, candidatesFor, formOf, ownersFor, type WorkForm } from "../src/lib/state/work-change";
import { comingOf } from "../src/lib/state/work";
import { agent, task } from "./fixtures";
import { realCore } from "./lib/core";

beforeAll(async () => {
  await realCore();
});

function listed(number: number, work: Partial<Work> = {}, more: Partial<Task> = {}): Listed {
  const made = task({
    id: `t${number}`,
    title: `Task ${number}`,
    work: { list: "main", number, fence: 0, ...work },
    ...more,
  });
  if (!isListed(made)) throw new Error("it is of a list");
  return made;
}
const asked = (of: Listed, change: Partial<WorkForm>): ReturnType<typeof askedOf> => {
  const was = formOf(of);
  return askedOf(of, was, { ...was, ...change });
};

describe("a form", () => {
  test("begins with what stands there, in whichever convention it was said", () => {
    const noted = { metadata: { priority: "critical", blocked_reason: " no key " }, owner: "codex", blockedBy: ["t1"] };
    expect(formOf(listed(2, noted))).toEqual({ priority: "P0", owner: "codex", blocked: "no key", waits: ["t1"] });
    expect(formOf(listed(2, { metadata: { priority: "soon" } }))).toMatchObject({ priority: "", owner: "", waits: [] });
  });

  test("asks for what was changed and nothing else", () => {
    const one = listed(2, { owner: "codex", metadata: { priority: "high", tags: ["a"] } });
    expect(asked(one, {})).toEqual([]);
    expect(asked(one, { priority: "P0" }).map(({ draft }) => draft)).toEqual([
      { type: "updateWork", task: "t2", metadata: { priority: "P0" } },
    ]);
    expect(asked(one, { priority: "", blocked: " no key ", owner: "" }).map(({ draft }) => draft)).toEqual([
      { type: "updateWork", task: "t2", metadata: { priority: null, blocked_reason: "no key" }, owner: null },
    ]);
  });

  test("asks by itself for what only the server can decide, so that the rest is seen at once", () => {
    const one = listed(3, { blockedBy: ["t1"] });
    expect(asked(one, { priority: "P1", waits: ["t2"] }).map(({ draft }) => draft)).toEqual([
      { type: "updateWork", task: "t3", metadata: { priority: "P1" }, removeBlockedBy: ["t1"] },
      { type: "updateWork", task: "t3", addBlockedBy: ["t2"] },
    ]);
  });

  test("is taken back with the very words that stood there", () => {
    const one = listed(3, { owner: "codex", metadata: { priority: "high" }, blockedBy: ["t1"] });
    const [first, second] = asked(one, { priority: "P0", owner: "claude", blocked: "x", waits: ["t2"] });
    expect(first?.way).toEqual({
      words: "#3: P0, blocked, for claude, waits for less",
      drafts: [
        {
          type: "updateWork",
          task: "t3",
          metadata: { priority: "high", blocked_reason: null },
          owner: "codex",
          addBlockedBy: ["t1"],
        },
      ],
    });
    expect(second?.way?.drafts).toEqual([{ type: "updateWork", task: "t3", removeBlockedBy: ["t2"] }]);
    // Who loses what they had begun has to begin it anew.
    const begun = listed(4, { owner: "codex", holder: "codex" }, { status: "ongoing" });
    expect(asked(begun, { owner: "" })[0]?.way).toBeNull();
  });
});

describe("what a task may be made to wait for", () => {
  const all = [
    listed(1),
    listed(2, { blockedBy: ["t1"] }, { title: "Write the migration" }),
    listed(3, { blockedBy: ["t2"] }, { title: "Run the migration" }),
    listed(12, {}, { title: "Announce it" }),
    listed(4, { list: "other" }, { title: "Write the migration" }),
    task({ id: "no-list", title: "Write the migration" }),
  ];
  const found = (number: number, search: string, waits: string[] = []): [string, string][] => {
    const of = all.find((one): one is Listed => one.work?.number === number);
    if (!of) throw new Error("it is there");
    return candidatesFor(of, all, waits, search, 5).map(({ task, circle }) => [task.id, circle]);
  };

  test("is found by its number and by words, in its own list alone", () => {
    expect(found(12, "migra write")).toEqual([["t2", ""]]);
    expect(found(12, "#3")).toEqual([["t3", ""]]);
    expect(found(3, "1")).toEqual([
      ["t1", ""],
      ["t12", ""],
    ]);
    expect(found(12, " ")).toEqual([]);
  });

  test("is not what it waits for already", () => {
    expect(found(3, "migration", ["t2"])).toEqual([]);
  });

  test("is nothing that waits for it, and the circle is named", () => {
    expect(found(1, "migration")).toEqual([
      ["t2", "#1 → #2 → #1"],
      ["t3", "#1 → #2 → #3 → #1"],
    ]);
  });

  test("is named while the server has not decided it", () => {
    const command = { type: "updateWork", id: "c", task: "t3", addBlockedBy: ["t1", "t2"] } as const;
    const waiting = [
      {
        command: { ...command, addBlockedBy: [...command.addBlockedBy] },
        at: 0,
        acknowledged: null,
        files: [],
        shown: null,
      },
    ];
    expect(comingOf(waiting, all[2] as Task)).toEqual(["t1"]);
    expect(comingOf(waiting, all[0] as Task)).toEqual([]);
  });
});

test("a task can be given to the agents that are there, then to others, and to whoever has something of its list", () => {
  const agents = [
    agent({ name: "away", presence: "disconnected" }),
    agent({ name: "here", displayName: "The builder", presence: "connected" }),
  ];
  const all = [
    listed(1, { owner: "helper" }),
    listed(2, { owner: "here" }),
    listed(3, { list: "other", owner: "stranger" }),
  ];
  expect(ownersFor(all[0] as Listed, agents, all)).toEqual([
    { name: "here", label: "The builder" },
    { name: "away", label: "away · not connected" },
    { name: "helper", label: "helper · without a connection" },
  ]);
});
