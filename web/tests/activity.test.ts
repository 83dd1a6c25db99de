// What each commit tells in the feed of activity: who did what, to what it led, and by which delivery an agent hears of it.
import { describe, expect, test } from "vitest";
import { concerns, entriesOf, wayOf, type Entry } from "../src/lib/activity/entries";
import { ActivityFeed } from "../src/lib/activity/feed";
import type { Change, Entity, Frame } from "../src/lib/model/sync";
import type { Actor, Agent, Delivery, Job, Message, Task } from "../src/lib/model/types";

const AT = "2026-11-21T14:33:41.000Z";
const later = (ms: number): string => new Date(Date.parse(AT) + ms).toISOString();
const ANNA: Actor = { kind: "person", id: "p1", name: "Anna" };
const CLAUDE: Actor = { kind: "agent", name: "claude" };

const task = (more: Partial<Task> = {}): Task => ({
  id: "t1",
  number: 7,
  title: "Approve: Delete stale sessions",
  excerpt: "",
  assignee: "human",
  options: null,
  status: "ongoing",
  reason: null,
  turn: "human",
  waitingSince: AT,
  createdBy: CLAUDE,
  agent: "claude",
  digest: "",
  verdict: null,
  messages: 1,
  attachments: 0,
  createdAt: AT,
  updatedAt: AT,
  revision: 1,
  ...more,
});
const message = (more: Partial<Message> = {}): Message => ({
  id: "m1",
  task: "t1",
  index: 1,
  author: ANNA,
  text: "",
  attachments: [],
  verdict: null,
  choices: null,
  edited: null,
  inReplyTo: null,
  at: AT,
  revision: 2,
  ...more,
});
const delivery = (more: Partial<Delivery> = {}): Delivery => ({
  id: "m1",
  task: "t1",
  kind: "verdict",
  agent: "claude",
  state: "queued",
  route: null,
  session: null,
  queuedAt: AT,
  sentAt: null,
  receivedAt: null,
  seenAt: null,
  copies: 0,
  redelivered: false,
  revision: 2,
  ...more,
});
const agent = (more: Partial<Agent> = {}): Agent => ({
  name: "claude",
  displayName: "Claude",
  presence: "connected",
  since: AT,
  lastHeardAt: AT,
  client: null,
  revision: 1,
  ...more,
});

const puts = (...entities: Entity[]): Change[] => entities.map((entity) => ({ op: "put", entity }));
const aTask = (more?: Partial<Task>): Entity => ({ type: "task", ...task(more) });
const aMessage = (more?: Partial<Message>): Entity => ({ type: "message", ...message(more) });
const aDelivery = (more?: Partial<Delivery>): Entity => ({ type: "delivery", ...delivery(more) });

const frame = (type: string, actor: Actor, entities: Entity[], more: Partial<Frame> = {}): Frame => ({
  type,
  taskId: type.startsWith("agent") || type.startsWith("workspace") ? null : "t1",
  actor,
  at: AT,
  changes: puts(...entities),
  ...more,
});
const words = (frames: Frame[]): string[] =>
  entriesOf(1, frames).map(({ verb, detail }) => (detail ? `${verb}: ${detail}` : verb));

describe("what a commit tells", () => {
  test("is an approval, with the delivery that carries it and what was said", () => {
    const entries = entriesOf(12, [
      frame("reply.received", ANNA, [
        aDelivery(),
        aMessage({ verdict: "approved", text: "Fine,\n\nbut mind the  UUIDs." }),
        aTask(),
      ]),
      frame("delivery.updated", { kind: "system" }, [aDelivery({ state: "sent", sentAt: AT })]),
    ]);
    expect(entries).toEqual([
      {
        key: "12.0",
        at: AT,
        kind: "decision",
        actor: ANNA,
        verb: "approved",
        task: "t1",
        detail: "Fine, but mind the UUIDs.",
        delivery: "m1",
      },
    ]);
  });

  test("is one entry where a verdict also moves the task", () => {
    const verdict = (kind: "approved" | "rejected", status: Task["status"]): Frame[] => [
      frame("reply.received", ANNA, [aDelivery(), aMessage({ verdict: kind })]),
      frame("status.updated", ANNA, [aTask({ status })]),
    ];
    expect(words(verdict("rejected", "rejected"))).toEqual(["rejected"]);
    expect(words(verdict("approved", "completed"))).toEqual(["approved and completed"]);
  });

  test("says that the approved was changed, and which answers were chosen", () => {
    const edited = { before: "a", after: "b", text: "x", diff: null };
    expect(words([frame("reply.received", ANNA, [aMessage({ verdict: "approved", edited })])])).toEqual([
      "approved with changes",
    ]);
    const choices = [
      { id: "eu", label: "eu-west-1" },
      { id: "us", label: "us-east-1" },
    ];
    expect(words([frame("reply.received", ANNA, [aMessage({ choices, text: "Both, please." })])])).toEqual([
      "answered: eu-west-1, us-east-1. Both, please.",
    ]);
  });

  test("tells an agent's ask from a person's order, and moves by what they lead to", () => {
    expect(words([frame("task.created", CLAUDE, [aTask()])])).toEqual(["asked"]);
    expect(words([frame("task.created", ANNA, [aTask({ assignee: "agent" })])])).toEqual(["gave agents"]);
    expect(words([frame("status.updated", CLAUDE, [aTask({ status: "ongoing" })])])).toEqual(["started"]);
    expect(words([frame("status.updated", CLAUDE, [aTask({ status: "completed" })])])).toEqual(["completed"]);
    expect(words([frame("status.updated", CLAUDE, [aTask({ status: "failed", reason: "disk full" })])])).toEqual([
      "marked as failed: disk full",
    ]);
    expect(words([frame("task.updated", ANNA, [aDelivery({ kind: "task", note: "given to you" }), aTask()])])).toEqual([
      "gave agents",
    ]);
    expect(words([frame("task.deleted", ANNA, [])])).toEqual(["deleted"]);
  });

  test("is an agent's coming and going as its own doing, a name that a person gave it, and not that it was heard", () => {
    const its = (more?: Partial<Agent>): Entity => ({ type: "agent", ...agent(more) });
    const [came] = entriesOf(1, [frame("agent.connected", { kind: "system" }, [its()])]);
    expect(came).toMatchObject({ kind: "agent", actor: CLAUDE, verb: "connected", task: null });
    expect(words([frame("agent.updated", { kind: "system" }, [its()])])).toEqual([]);
    expect(words([frame("agent.updated", ANNA, [its({ displayName: "Claude Sonnet" })])])).toEqual([
      "named claude: Claude Sonnet",
    ]);
  });

  test("does not take what an agent's reply proves as seen for a delivery of the reply", () => {
    const reply = frame("reply.received", CLAUDE, [
      aDelivery({ id: "m0", state: "seen", seenAt: AT }),
      aMessage({ id: "m2", author: CLAUDE, text: "Done." }),
      aTask(),
    ]);
    expect(entriesOf(1, [reply])[0]).toMatchObject({ verb: "replied on", delivery: null });
  });

  test("is a stop of background work by who wants it, that it goes unanswered, and that contact was lost", () => {
    const system: Actor = { kind: "system" };
    const stop = { at: AT, by: ANNA };
    const changed = (actor: Actor, job: Partial<Job>, more: Entity[] = []): Frame[] => [
      frame("task.updated", actor, [
        ...more,
        aTask({ work: { list: "main", number: 1, fence: 1, job: { kind: "local_bash", ...job } } }),
      ]),
    ];
    const told = [aDelivery({ kind: "stop", note: "its time is over" })];
    expect(words(changed(ANNA, { stop }, told))).toEqual(["asked to stop"]);
    expect(words(changed(system, { stop: { at: AT } }, told))).toEqual(["asked to stop: its time is over"]);
    expect(words(changed(system, { stop: { ...stop, unconfirmed: true } }))).toEqual(["got no answer to the stop of"]);
    expect(words(changed(system, { lostAt: AT }))).toEqual(["lost contact with the runner of"]);
    expect(words(changed(system, {}))).toEqual([]);
    expect(words(changed(ANNA, {}))).toEqual(["edited"]);
  });

  test("keeps a long text to its first words", () => {
    const [entry] = entriesOf(1, [frame("reply.received", ANNA, [aMessage({ text: "🐝 ".repeat(500) })])]);
    expect([...(entry?.detail ?? "")].length).toBeLessThanOrEqual(161);
    expect(entry?.detail?.endsWith("…")).toBe(true);
  });
});

describe("how long the news took", () => {
  test("is said by the times of the delivery alone: received, else seen, else sent, else not at all", () => {
    const sentAt = later(3);
    expect(wayOf(delivery())).toBe("queued");
    expect(wayOf(delivery({ state: "sent", sentAt }))).toBe("sent in 3 ms");
    expect(wayOf(delivery({ state: "received", sentAt, receivedAt: later(12) }))).toBe("delivered in 12 ms");
    expect(wayOf(delivery({ state: "seen", sentAt, receivedAt: later(12), seenAt: later(9000) }))).toBe(
      "delivered in 12 ms",
    );
    expect(wayOf(delivery({ state: "seen", sentAt, seenAt: later(2500) }))).toBe("delivered in 2.5 s");
    // Lost with its stream: what was sent once counts for nothing.
    expect(wayOf(delivery({ state: "queued", sentAt }))).toBe("queued");
    expect(wayOf(delivery({ state: "received", sentAt, receivedAt: later(7 * 3_600_000) }))).toBe("delivered in 7 h");
  });
});

test("an entry is an agent's by who did it, whose task it is, or who is told", () => {
  const entry: Entry = {
    key: "1.0",
    at: AT,
    kind: "task",
    actor: ANNA,
    verb: "asked",
    task: "t1",
    detail: null,
    delivery: null,
  };
  const by = (actor: Actor): Entry => ({ ...entry, actor });
  expect(concerns(by(CLAUDE), "claude", null, null)).toBe(true);
  expect(concerns(by(ANNA), "claude", task(), null)).toBe(true);
  expect(concerns(by(ANNA), "claude", task({ agent: null }), delivery())).toBe(true);
  expect(concerns(by(ANNA), "codex", task(), delivery())).toBe(false);
});

describe("a feed", () => {
  const asked = frame("task.created", CLAUDE, [aTask()]);
  const approved = frame("reply.received", ANNA, [aDelivery(), aMessage({ verdict: "approved" }), aTask()]);
  const seen = frame("delivery.updated", CLAUDE, [aDelivery({ state: "seen", seenAt: later(20), revision: 4 })]);
  const verbs = (feed: ActivityFeed): string[] => feed.entries.map(({ verb }) => verb);

  test("has what happens now on top, a commit at a time, and each commit once", () => {
    const feed = new ActivityFeed();
    feed.commits([{ seq: 1, frames: [asked] }]);
    const cut = frame("status.updated", CLAUDE, [aTask({ status: "completed" })]);
    feed.frame(approved);
    expect(verbs(feed)).toEqual(["asked"]);
    feed.frame({ ...frame("delivery.updated", CLAUDE, []), cursor: "e-2-tag" });
    expect(verbs(feed)).toEqual(["approved", "asked"]);
    feed.commits([
      { seq: 3, frames: [cut] },
      { seq: 2, frames: [approved] },
    ]);
    expect(verbs(feed)).toEqual(["completed", "approved", "asked"]);
  });

  test("puts pages of the past below, whatever their order, and knows the latest of each delivery", () => {
    const feed = new ActivityFeed();
    feed.commits([{ seq: 9, frames: [seen] }]);
    feed.commits([
      { seq: 8, frames: [approved] },
      { seq: 7, frames: [asked] },
    ]);
    expect(verbs(feed)).toEqual(["approved", "asked"]);
    expect(feed.deliveries.get("m1")?.state).toBe("seen");
  });

  test("still knows what a deleted task was called", () => {
    const feed = new ActivityFeed();
    feed.commits([{ seq: 2, frames: [frame("task.deleted", ANNA, [])] }]);
    expect(feed.tasks.get("t1")).toBeUndefined();
    feed.commits([{ seq: 1, frames: [asked] }]);
    expect(feed.tasks.get("t1")?.title).toBe("Approve: Delete stale sessions");
  });
});
