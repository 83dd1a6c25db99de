// What is painted again, and what is not.
import { flushSync, mount, unmount, type Component } from "svelte";
import { describe, expect, it } from "vitest";
import type { Message } from "../src/lib/model/types";
import { arrange } from "../src/lib/text/thread";
import { keep } from "../src/lib/state/keep";
import { isSame, subjectOf, taskOf } from "../src/lib/sync/subjects";
import { comes } from "./lib/comes";
import Read from "./lib/Read.svelte";
import Shown from "./lib/Shown.svelte";

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

  it("gives back the very list where nothing has changed at all", () => {
    const before: Item[] = [
      { id: "a", revision: 1 },
      { id: "b", revision: 1 },
    ];
    expect(keep(before, structuredClone(before), (item) => item.id)).toBe(before);
    expect(keep(before, structuredClone(before.slice(1)), (item) => item.id)).toEqual([before[1]]);
  });
});

describe("a thread", () => {
  const said = (id: string, at: string): Message =>
    ({ id, at, index: 1, author: { kind: "person", id: "p", name: "Ada" }, verdict: null }) as unknown as Message;
  const now = Date.parse("2026-03-05T12:00:00");
  const [one, other] = [said("a", "2026-03-05T10:00:00Z"), said("b", "2026-03-05T10:01:00Z")];

  it("keeps the items about which nothing has changed", () => {
    const before = arrange([one, other], now);
    const after = arrange([one, other, said("c", "2026-03-05T10:02:00Z")], now);
    expect(after.slice(0, 2).map((item, at) => item === before[at])).toEqual([true, true]);
    expect(after[2]?.joined).toBe(true);
  });

  it("arranges anew what stands after another message, or on another day", () => {
    const before = arrange([one, other], now);
    expect(arrange([other], now)[0]).toMatchObject({ day: before[0]?.day, joined: false });
    expect(arrange([one, other], now + 86_400_000)[0]?.day).not.toBe(before[0]?.day);
  });
});

describe("subjects", () => {
  it("are the task of a command, its agent, or the workspace", () => {
    const reopen = { type: "reopen", id: "x", task: "t1" } as const;
    const named = { type: "nameAgent", id: "x", agent: "claude", displayName: "n" } as const;
    const edited = { type: "editWorkspace", id: "x", name: "n" } as const;
    expect(subjectOf(reopen)).toEqual({ task: "t1" });
    expect(subjectOf({ type: "createTask", id: "x", title: "", body: "", assignee: "agent", attachments: [] })).toEqual(
      { task: "x" },
    );
    expect(subjectOf(named)).toEqual({ agent: "claude" });
    expect(subjectOf(edited)).toBe("workspace");
    expect([taskOf(reopen), taskOf(named), taskOf(edited)]).toEqual(["t1", null, null]);
  });

  it("are told apart", () => {
    const all = [{ task: "a" }, { task: "b" }, { agent: "a" }, { agent: "b" }, "workspace"] as const;
    for (const one of all) expect(all.filter((other) => isSame(one, other))).toEqual([one]);
  });
});

describe("a text, once it is decided on", () => {
  async function decided(text: string): Promise<{ before: Element; after: Element | null }> {
    const first = { text, whole: true };
    const shown = mount(Shown, {
      target: document.body,
      props: { of: Read as Component<Record<string, unknown>>, first },
    });
    const written = (): Element | null => document.querySelector(".html > p");
    const before = await comes(() => {
      const it = written();
      if (!it) throw new Error("nothing is written");
      return it;
    });
    shown.change({ whole: false });
    flushSync();
    const after = written();
    await unmount(shown);
    return { before, after };
  }

  it("is not written anew: a long thread would be, with each status", async () => {
    const { before, after } = await decided("Words of **weight**.");
    expect(after).toBe(before);
  });

  it("no longer says where its links lead", async () => {
    const { before, after } = await decided("See [there](https://example.org/).");
    expect([before.textContent, after?.textContent]).toEqual(["See there (https://example.org/).", "See there."]);
  });
});
