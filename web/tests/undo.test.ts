// What can be taken back, how, and what can't.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Problem } from "../src/lib/api/problem";
import type { Draft } from "../src/lib/model/commands";
import type { Task } from "../src/lib/model/types";
import { wayBack } from "../src/lib/state/inverse";
import { Undo, type Doer } from "../src/lib/state/undo.svelte";
import { task } from "./fixtures";

const verdict = {
  kind: "approved" as const,
  by: { kind: "system" as const },
  at: "",
  digest: "d",
  message: "m",
};
const to = (status: Task["status"]): Draft => ({ type: "setStatus", task: "t", to: status });

describe("the way back", () => {
  it("from a status is the status before; from what is closed it leads through reopening", () => {
    const started = task({ id: "t", status: "ongoing" });
    expect(wayBack(task({ id: "t" }), to("ongoing"))?.drafts).toEqual([to("notstarted")]);
    expect(wayBack(task({ id: "t" }), to("completed"))?.drafts).toEqual([{ type: "reopen", task: "t" }]);
    expect(wayBack(started, to("rejected"))?.drafts).toEqual([{ type: "reopen", task: "t" }, to("ongoing")]);
    expect(wayBack(started, to("ongoing"))).toBeNull();
  });

  it("from reopening is what it was, with its reason", () => {
    const rejected = task({ id: "t", status: "rejected", reason: "too early" });
    expect(wayBack(rejected, { type: "reopen", task: "t" })?.drafts).toEqual([
      { type: "setStatus", task: "t", to: "rejected", reason: "too early" },
    ]);
    expect(wayBack(task({ id: "t", status: "failed" }), { type: "reopen", task: "t" })).toBeNull();
  });

  it("from an edit is what stood there", () => {
    const before = task({ id: "t", title: "Old", assignee: "human" });
    const edit = { type: "editTask", task: "t", title: "New", body: "new" } as const;
    expect(wayBack(before, edit, { body: "old" })?.drafts).toEqual([
      { type: "editTask", task: "t", title: "Old", body: "old" },
    ]);
    expect(wayBack(before, edit)).toBeNull();
    expect(wayBack(before, { type: "editTask", task: "t", assignee: "agent" })).toEqual({
      words: "#1: for an agent now",
      drafts: [{ type: "editTask", task: "t", assignee: "human" }],
    });
  });

  it("is not there where it would lead over a verdict, nor from a verdict or a reply", () => {
    const decided = task({ id: "t", status: "ongoing", verdict });
    expect(wayBack(decided, to("completed"))).toBeNull();
    expect(wayBack(decided, { type: "editTask", task: "t", title: "New" })).toBeNull();
    expect(wayBack({ ...decided, status: "completed" }, { type: "reopen", task: "t" })).toBeNull();
    const give: Draft = {
      type: "giveVerdict",
      task: "t",
      verdict: "approved",
      digest: "d",
      text: "",
      attachments: [],
      then: "handBack",
    };
    expect(wayBack(task({ id: "t" }), give)).toBeNull();
    expect(wayBack(task({ id: "t" }), { type: "postMessage", task: "t", text: "x", attachments: [] })).toBeNull();
  });
});

/** A store that does what it is told to its one task. */
class Room implements Doer {
  id = "w";
  done: Draft[] = [];
  refusal: Problem | null = null;
  constructor(public one: Task) {}
  task(id: string): Task | null {
    return id === this.one.id ? this.one : null;
  }
  do(draft: Draft): Problem | null {
    if (this.refusal) return this.refusal;
    this.done.push(draft);
    if (draft.type === "setStatus") this.one = { ...this.one, status: draft.to };
    if (draft.type === "reopen") this.one = { ...this.one, status: "notstarted" };
    return null;
  }
}

describe("undo", () => {
  let undo: Undo;
  let room: Room;
  beforeEach(() => {
    vi.useFakeTimers();
    undo = new Undo();
    room = new Room(task({ id: "t" }));
  });
  afterEach(() => vi.useRealTimers());

  it("takes back one thing after the other, the last first", () => {
    undo.do(room, to("ongoing"));
    undo.do(room, to("completed"));
    expect(undo.notice).toEqual({ words: "#1: completed", action: "Undo" });
    expect([undo.last(), room.one.status]).toEqual([true, "ongoing"]);
    expect(undo.notice?.action).toBeNull();
    expect([undo.last(), room.one.status]).toEqual([true, "notstarted"]);
    expect(undo.last()).toBe(false);
  });

  it("leaves alone what somebody has changed since", () => {
    undo.do(room, to("ongoing"));
    room.one = { ...room.one, status: "rejected" };
    expect(undo.last()).toBe(true);
    expect(room.one.status).toBe("rejected");
    expect(undo.notice?.words).toMatch(/changed meanwhile/);
  });

  it("offers nothing for what was refused", () => {
    room.refusal = { code: "x", title: "No", detail: "Not so.", status: 409 };
    expect(undo.do(room, to("ongoing"))).toBe(room.refusal);
    expect([undo.notice, undo.last()]).toEqual([null, false]);
  });

  it("holds a deletion back until its notice goes, and no longer", () => {
    undo.delete(room, room.one);
    expect([undo.held.has("t"), room.done]).toEqual([true, []]);
    const others = [task({ id: "other" })];
    expect([undo.left([task({ id: "t" }), ...others]), undo.left(others)]).toEqual([others, others]);
    expect(undo.notice).toEqual({ words: "Deleting #1", action: "Undo" });
    vi.advanceTimersByTime(5999);
    expect(room.done).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(room.done).toEqual([{ type: "deleteTask", task: "t" }]);
    expect([undo.held.has("t"), undo.notice, undo.last()]).toEqual([false, null, false]);
  });

  it("keeps a deletion from happening at all", () => {
    undo.delete(room, room.one);
    expect(undo.last()).toBe(true);
    vi.runAllTimers();
    expect([room.done, undo.held.size]).toEqual([[], 0]);
  });

  it("waits while somebody points at the notice", () => {
    undo.delete(room, room.one);
    undo.pause();
    vi.advanceTimersByTime(60_000);
    expect(room.done).toEqual([]);
    undo.resume();
    vi.advanceTimersByTime(6000);
    expect(room.done).toHaveLength(1);
  });

  it("sends a deletion at once when something else is done, and when the page is left", () => {
    undo.delete(room, room.one);
    undo.do(room, to("ongoing"));
    expect(room.done.map(({ type }) => type)).toEqual(["setStatus", "deleteTask"]);
    expect(undo.notice?.words).toBe("#1: ongoing");
    undo.delete(room, room.one);
    dispatchEvent(new Event("pagehide"));
    expect(room.done.at(-1)).toEqual({ type: "deleteTask", task: "t" });
    expect(undo.notice).toBeNull();
  });

  it("says so if a deletion is refused in the end", () => {
    undo.delete(room, room.one);
    room.refusal = { code: "x", title: "No", detail: "Not so.", status: 409 };
    undo.flush();
    expect(undo.notice?.words).toMatch(/^#1 is not deleted: .*Not so\./);
    expect(undo.held.size).toBe(0);
  });
});
