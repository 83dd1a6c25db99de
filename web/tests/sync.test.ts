// Commands on their way, and the order of what waits: nothing is sent twice, nothing is lost, nothing jumps.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Command } from "../src/lib/model/commands";
import { settle } from "../src/lib/state/order";
import { Backoff } from "../src/lib/sync/backoff";
import { MemoryStorage, Outbox, type Queued } from "../src/lib/sync/outbox";

const command = (id: string): Command => ({ type: "reopen", id, task: "t" });
const answer = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

interface Sent {
  clientId: string;
  commands: { mutationId: number; command: Command }[];
}

function outbox(replies: ((sent: Sent) => Response | Error)[]) {
  const sent: Sent[] = [];
  const log: string[] = [];
  let names = 0;
  vi.stubGlobal("fetch", async (_path: string, init: RequestInit) => {
    const body = JSON.parse(String(init.body)) as Sent;
    sent.push(body);
    const reply = (replies.shift() ?? ((it: Sent) => accepted(it)))(body);
    if (reply instanceof Error) throw reply;
    return reply;
  });
  const box = new Outbox("/commands", () => `client-${++names}`, new MemoryStorage(), {
    accepted: (entry: Queued, cursor) => log.push(`accepted ${entry.mutationId} ${cursor}`),
    rejected: (entry: Queued, problem) => log.push(`rejected ${entry.command.id} ${problem.code}`),
    renumbered: (client, entries) =>
      log.push(`renumbered ${client} ${entries.map((entry) => entry.mutationId).join()}`),
    changed: () => {},
  });
  return { box, sent, log };
}
const accepted = (sent: Sent): Response =>
  answer(200, { cursor: "c", results: sent.commands.map(({ mutationId }) => ({ mutationId, rejection: null })) });
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
};

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("Outbox", () => {
  it("numbers without gaps, sends in order, and keeps a command until the stream confirms it", async () => {
    const { box, sent, log } = outbox([]);
    box.add(command("a"));
    box.add(command("b"));
    await turns();
    expect(sent.flatMap((one) => one.commands.map((it) => it.mutationId))).toEqual([1, 2]);
    expect(log).toEqual(["accepted 1 c", "accepted 2 c"]);
    expect(box.unsent).toBe(0);
    expect(box.entries).toHaveLength(2);
    box.confirm([1, 2]);
    expect(box.entries).toHaveLength(0);
  });

  it("tries again with the same numbers when no answer came", async () => {
    vi.useFakeTimers();
    const { box, sent } = outbox([() => new TypeError("network"), () => answer(503, {})]);
    box.add(command("a"));
    await vi.advanceTimersByTimeAsync(0);
    expect(box.unsent).toBe(1);
    expect(box.trouble).not.toBeNull();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.map((one) => [one.clientId, one.commands[0]?.mutationId])).toEqual([
      ["client-1", 1],
      ["client-1", 1],
      ["client-1", 1],
    ]);
    expect(box.unsent).toBe(0);
    expect(box.trouble).toBeNull();
  });

  it("takes back what the server refuses, and goes on", async () => {
    const { box, log } = outbox([
      () => answer(200, { cursor: "c", results: [{ mutationId: 1, rejection: { code: "task_closed", status: 409 } }] }),
    ]);
    box.add(command("a"));
    await turns();
    expect(log).toEqual(["rejected a task_closed"]);
    expect(box.entries).toHaveLength(0);
    expect(box.nextMutation).toBe(2);
  });

  it("starts anew under another name after a gap, with everything that is unanswered", async () => {
    const { box, sent, log } = outbox([() => answer(400, { code: "mutation_gap" })]);
    box.add(command("a"));
    await turns();
    expect(log[0]).toBe("renumbered client-2 1");
    expect(sent.map((one) => one.clientId)).toEqual(["client-1", "client-2"]);
    expect(box.unsent).toBe(0);
  });
});

describe("settle", () => {
  it("lets what belongs at the end join, and what is gone leave", () => {
    expect(settle(["a", "b", "c"], ["a", "c", "d"])).toEqual({ ids: ["a", "c", "d"], held: [] });
  });

  it("holds back what would push the rows under a finger", () => {
    expect(settle(["b", "c"], ["a", "b", "x", "c", "d"])).toEqual({ ids: ["b", "c", "d"], held: ["a", "x"] });
  });

  it("shows everything where nothing is shown", () => {
    expect(settle([], ["a", "b"])).toEqual({ ids: ["a", "b"], held: [] });
  });
});

describe("Backoff", () => {
  it("doubles up to its most, with jitter between the half and the whole", () => {
    const low = new Backoff(100, 1000, () => 0);
    const high = new Backoff(100, 1000, () => 1);
    expect([1, 2, 3, 4, 5, 6].map(() => low.next())).toEqual([50, 100, 200, 400, 500, 500]);
    expect([1, 2, 3, 4, 5, 6].map(() => high.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    low.reset();
    expect(low.next()).toBe(50);
  });
});
