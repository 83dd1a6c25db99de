// What is painted again, and what is not.
import { describe, expect, it } from "vitest";
import type { Frame } from "../src/lib/model/sync";
import { keep } from "../src/lib/state/keep";
import { subjectOf, subjectsOf } from "../src/lib/state/subjects";
import { Touched } from "../src/lib/state/touched";

interface Item {
  id: string;
  revision: number;
  pending?: boolean;
}

describe("keep", () => {
  it("gives back the very object where nothing has changed", () => {
    const before: Item[] = [
      { id: "a", revision: 1 },
      { id: "b", revision: 1 },
      { id: "c", revision: 1, pending: true },
      { id: "d", revision: 1 },
    ];
    const after: Item[] = [
      { id: "a", revision: 1 },
      { id: "b", revision: 2 },
      { id: "c", revision: 1 },
      { id: "d", revision: 1, pending: true },
      { id: "e", revision: 1 },
    ];
    const kept = keep(before, after, (item) => item.id);
    expect(kept).toEqual(after);
    expect(kept.map((item, at) => item === before[at])).toEqual([true, false, false, false, false]);
  });
});

describe("Touched", () => {
  it("tells the first change from those that ride along, and forgets what was taken", () => {
    const touched = new Touched();
    expect([touched.note("a"), touched.note("b"), touched.note("a"), touched.note("")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(touched.take()).toEqual({ all: false, tasks: ["a", "b"] });
    expect(touched.any).toBe(false);
    expect(touched.note("")).toBe(true);
    expect(touched.take()).toEqual({ all: false, tasks: [] });
  });
});

describe("subjects", () => {
  it("are the tasks that a frame writes to, its own and others", () => {
    const frame = {
      type: "reply.received",
      taskId: "t1",
      actor: null,
      at: "2026-01-01T00:00:00.000Z",
      changes: [
        { op: "put", entity: { type: "message", task: "t2" } },
        { op: "delete", entity: { type: "task", id: "t3" } },
        { op: "put", entity: { type: "agent", name: "claude" } },
      ],
    } as unknown as Frame;
    expect(subjectsOf(frame)).toEqual(["t1", "t2", "t3", ""]);
  });

  it("are the task of a command, or the workspace", () => {
    expect(subjectOf({ type: "reopen", id: "x", task: "t1" })).toBe("t1");
    expect(subjectOf({ type: "createTask", id: "x", title: "", body: "", assignee: "agent", attachments: [] })).toBe(
      "x",
    );
    expect(subjectOf({ type: "editWorkspace", id: "x", name: "n" })).toBe("");
  });
});
