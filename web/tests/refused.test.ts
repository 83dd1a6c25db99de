// "Try again" says the very same again, or nothing: what was refused may not come back as something else.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import type { Command, Draft } from "../src/lib/model/commands";
import type { Agent, Id, Task } from "../src/lib/model/types";
import type { Refusal, WorkspaceStore } from "../src/lib/state/workspace.svelte";
import { Refusals } from "../src/lib/state/refusals.svelte";
import { agent, message, task } from "./fixtures";
import { realCore } from "./lib/core";
import { observers } from "./lib/observers";
import { comes } from "./lib/comes";

const asked = task({ id: "t1", digest: "shown", turn: "human", assignee: "human", title: "Approve: x" });
const body = message({ id: "t1", task: "t1", text: "the proposed text" });
const verdict: Command = {
  type: "giveVerdict",
  id: "c1",
  task: "t1",
  verdict: "approved",
  digest: "shown",
  text: "with a comment",
  attachments: ["f1"],
  then: "handBack",
  edited: "the changed text",
};
const reply: Command = { type: "postMessage", id: "c2", task: "t1", text: "my words", attachments: ["f1"] };

// What the page asks of its device as it is loaded is there first.
observers();
await realCore();
const { default: AgentRow } = await import("../src/lib/ui/AgentRow.svelte");
const { default: Dock } = await import("../src/lib/ui/Dock.svelte");

let standing: ReturnType<typeof mount> | undefined;
afterEach(async () => {
  if (standing) await unmount(standing);
  document.body.replaceChildren();
});

/** The dock of a task with something of ours that was refused, and what it says to the store. */
async function dock(command: Command, there: Task, drafts: Record<string, string> = {}): Promise<Draft[]> {
  const problem = { code: "too_busy", title: "Too busy", detail: "Wait.", status: 429 };
  const refusal: Refusal = { command, problem, shown: null };
  const said: Draft[] = [];
  const store = {
    id: "w",
    drafts,
    agents: [],
    online: true,
    trouble: null,
    meId: "p1",
    refusals: { get: () => refusal, delete: () => undefined },
    verdictOnItsWay: () => null,
    attach: () => undefined,
    do: (draft: Draft) => (said.push(draft), null),
  } as unknown as WorkspaceStore;
  standing = mount(Dock, {
    target: document.body,
    props: {
      store,
      task: there,
      body,
      risks: [],
      deciding: true,
      question: false,
      foldedLines: null,
      onunfold: () => undefined,
    },
  });
  await comes(() => expect(document.querySelector(".refused, [role=alert]")).not.toBeNull());
  flushSync();
  return said;
}
const button = (name: string): HTMLButtonElement | undefined =>
  [...document.querySelectorAll("button")].find(({ textContent }) => textContent.trim() === name);
const field = (): string | undefined => document.querySelector("textarea")?.value;

describe("a refused answer", () => {
  it("is given again with the changed text, its files and its comment", async () => {
    const said = await dock(verdict, asked);
    button("Try again")?.click();
    const { id: _, ...same } = verdict;
    expect(said).toEqual([same]);
  });

  it("is not given again on what it was not given on", async () => {
    await dock(verdict, { ...asked, digest: "another" });
    expect(button("Try again")).toBeUndefined();
    expect(document.body.textContent).toContain("The task has changed since: look again.");
    expect(button("Edit again")).toBeDefined();
    expect(button("Dismiss")).toBeDefined();
  });

  it("leaves none of its words in the field once they are on their way again", async () => {
    const said = await dock(reply, asked);
    expect(field()).toBe("my words");
    button("Try again")?.click();
    flushSync();
    expect(said).toHaveLength(1);
    expect(field()).toBe("");
  });

  it("takes no other words with it that were begun meanwhile", async () => {
    await dock(reply, asked, { t1: "something new" });
    button("Try again")?.click();
    flushSync();
    expect(field()).toBe("something new");
  });
});

describe("a refused name", () => {
  const named = (id: Id, name: string): Command => ({ type: "nameAgent", id, agent: name, displayName: "Claude" });
  const edited: Command = { type: "editWorkspace", id: "c9", name: "A room" };
  const refused = (command: Command, detail: string): Parameters<Refusals["add"]>[0] => ({
    id: command.id,
    shown: null,
    workspace: "w",
    command,
    problem: { code: "invalid", title: "It can't be read", detail, status: 400 },
    at: 0,
  });

  function room(): Refusals {
    const refusals = new Refusals(() => undefined);
    refusals.add(refused(named("c1", "claude"), "too odd a name"));
    refusals.add(refused(named("c2", "codex"), "another reason"));
    refusals.add(refused(edited, "no such room"));
    return refusals;
  }
  const row = (one: Agent, refusals: Refusals): void => {
    const store = { id: "w", tasks: [], agents: [one], refusals } as unknown as WorkspaceStore;
    standing = mount(AgentRow, { target: document.body, props: { store, agent: one, reach: null } });
    flushSync();
  };

  it("stands with its agent, though nothing of it is pending any more", () => {
    row(agent(), room());
    expect(document.querySelector("[role=alert]")?.textContent).toContain("Too odd a name.");
    expect(document.body.textContent).not.toContain("another reason");
  });

  it("is not the workspace's, and goes with nothing else", () => {
    const refusals = room();
    refusals.delete("workspace");
    expect(refusals.all.map(({ id }) => id)).toEqual(["c1", "c2"]);
    refusals.delete({ agent: "codex" });
    expect([refusals.has({ agent: "claude" }), refusals.has({ agent: "codex" })]).toEqual([true, false]);
    expect(refusals.get("workspace")).toBeUndefined();
  });
});
