// A thread that is followed change by change is what it is when it is read as a whole; and what has not changed is the very object of before.
import { describe, expect, it } from "vitest";
import type { Delivery, Id, Message } from "../src/lib/model/types";
import { ThreadViews } from "../src/lib/state/thread-views";
import type { Replica } from "../src/lib/sync/replica";
import { message, task } from "./fixtures";
import { realCore } from "./lib/core";
import { randomly } from "./lib/random";

const core = await realCore();
const AT = "2026-11-30T00:00:00.000Z";
const ME = { kind: "person", id: "00000000p01", name: "Ada" } as const;

const CLIENT = core.newId();

/** A replica of two tasks, and a server that tells it what it did. */
class Room {
  readonly replica: Replica = core.newReplica();
  readonly workspace = core.newId();
  readonly tasks: Id[] = [core.newId(), core.newId()];
  readonly messages = new Map<Id, Message>();
  readonly deliveries = new Map<Id, Delivery>();
  #seq = 1;

  constructor() {
    const tasks = this.tasks.map((id, at) => task({ id, number: at + 1, messages: 1 }));
    this.replica.loadSnapshot(
      JSON.stringify({
        cursor: this.#cursor,
        workspace: { id: this.workspace, name: "api", mission: "", createdAt: AT, revision: 1 },
        tasks,
        nextCursor: null,
        agents: [],
        deliveries: [],
        me: ME,
      }),
    );
    for (const id of this.tasks) this.page(id, [message({ id, task: id, index: 1, text: "What is asked." })]);
  }

  page(task: Id, messages: Message[]): void {
    for (const it of messages) this.messages.set(it.id, it);
    this.replica.loadThread(task, JSON.stringify({ messages, deliveries: [], nextCursor: null }));
  }

  /** A message of a person's for an agent, and how far that has come. */
  says(id: Id, task: Id, settles: Id[] = []): void {
    const index = [...this.messages.values()].filter((it) => it.task === task).length + 1;
    const said = message({ id, task, index, author: ME, text: `said ${index}`, revision: this.#seq + 1 });
    this.messages.set(id, said);
    this.#commit(task, [{ type: "message", ...said }, this.#delivery(id, task, "queued")], settles);
  }

  hears(id: Id): void {
    const { task } = this.deliveries.get(id) as Delivery;
    this.#commit(task, [this.#delivery(id, task, "sent")]);
  }

  #delivery(id: Id, task: Id, state: "queued" | "sent"): object {
    const delivery: Delivery = {
      id,
      task,
      kind: "reply",
      agent: null,
      state,
      route: state === "sent" ? "channel" : null,
      session: null,
      queuedAt: AT,
      sentAt: state === "sent" ? AT : null,
      receivedAt: null,
      seenAt: null,
      copies: 1,
      redelivered: false,
      revision: this.#seq + 1,
    };
    this.deliveries.set(id, delivery);
    return { type: "delivery", ...delivery };
  }

  #commit(taskId: Id, entities: object[], settles: Id[] = []): void {
    const base = this.#cursor;
    this.#seq++;
    const frame = {
      workspace: this.workspace,
      type: "reply.received",
      taskId,
      actor: ME,
      at: AT,
      changes: entities.map((entity) => ({ op: "put", entity })),
      base,
      cursor: this.#cursor,
      mutations: settles.map((command, at) => ({ clientId: CLIENT, mutationId: at + 1, command, rejection: null })),
    };
    const applied = this.replica.applyFrame(JSON.stringify(frame));
    expect(applied).toEqual({ reset: false, committed: true, unreadable: false });
  }

  get #cursor(): string {
    return `e-${this.#seq}-t${this.#seq}`;
  }
}

describe("a thread that is followed", () => {
  it("is what it is when it is read as a whole, whatever happens", () => {
    const seen = { gone: 0, confirmed: 0, heard: 0 };
    for (let seed = 1; seed <= 40; seed++) {
      const dice = randomly(seed);
      const room = new Room();
      const { replica, tasks } = room;
      const views = new ThreadViews();
      replica.changes();
      for (const id of tasks) views.read(replica, id);
      const pending: { id: Id; task: Id; type: string }[] = [];
      for (let step = 0; step < 60; step++) {
        const task = dice.of(tasks);
        const act = dice.to(7);
        const mine = pending.length > 0 ? dice.of(pending) : null;
        if (act < 2) {
          const type = dice.to(12) === 0 ? "deleteTask" : "postMessage";
          const id = core.newId();
          const draft = type === "deleteTask" ? { type, id, task } : { type, id, task, text: "mine", attachments: [] };
          if (replica.propose(draft as never, Date.now()).outcome !== "rejected") pending.push({ id, task, type });
        } else if (act === 2) room.says(core.newId(), task);
        else if (act === 3 && room.deliveries.size > 0) room.hears(dice.of([...room.deliveries.keys()]));
        else if (act === 4)
          room.page(
            task,
            [...room.messages.values()].filter((it) => it.task === task),
          );
        else if (mine && (act === 5 || mine.type === "deleteTask")) {
          seen.gone++;
          replica.settle(mine.id, { code: "forbidden", title: "No", detail: "", status: 403 });
          pending.splice(pending.indexOf(mine), 1);
        } else if (mine) {
          seen.confirmed++;
          room.says(mine.id, mine.task, [mine.id]);
          pending.splice(pending.indexOf(mine), 1);
        }
        if (dice.to(3) === 0) continue;
        views.follow(replica, replica.changes(), null);
        const whole = new ThreadViews();
        for (const id of tasks) {
          whole.read(replica, id);
          expect(views.of(id), `seed ${seed}, step ${step}`).toEqual(whole.of(id));
          seen.heard += views.of(id).deliveries.filter(({ state }) => state === "sent").length;
        }
      }
      replica.free();
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(100);
  });

  it("is there from the first look, also where that comes together with news of it", () => {
    const room = new Room();
    const [task = "", other = ""] = room.tasks;
    const views = new ThreadViews();
    room.replica.changes();
    room.says(core.newId(), task);
    room.says(core.newId(), other);
    views.follow(room.replica, room.replica.changes(), task);
    expect(views.of(task).messages.map(({ index }) => index)).toEqual([1, 2]);
    expect(views.of(other).messages, "nobody looks at it").toEqual([]);
  });

  it("changes by what is another message now, and keeps the others as they are", () => {
    const room = new Room();
    const [task = ""] = room.tasks;
    for (let at = 0; at < 3; at++) room.says(core.newId(), task);
    const views = new ThreadViews();
    room.replica.changes();
    views.read(room.replica, task);
    const before = views.of(task);
    room.hears(before.messages[1]?.id ?? "");
    views.follow(room.replica, room.replica.changes(), null);
    expect(views.of(task).messages).toBe(before.messages);
    expect(views.of(task).deliveries.map((it, at) => it === before.deliveries[at])).toEqual([false, true, true]);
    room.page(
      task,
      [...room.messages.values()].filter((it) => it.task === task),
    );
    const heard = views.of(task);
    views.follow(room.replica, room.replica.changes(), null);
    expect(views.of(task)).toBe(heard);
  });
});
