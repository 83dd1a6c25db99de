// @vitest-environment node
// What a browser keeps: in IndexedDB, in memory, and on the way from one to the other.
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listWorkspaces } from "../src/lib/api/workspaces";
import { Archive } from "../src/lib/db/archive";
import { FallbackDatabase } from "../src/lib/db/fallback";
import { Files, ROOM_BYTES, SMALL_BYTES } from "../src/lib/db/files";
import { deleteIndexed, openIndexed } from "../src/lib/db/indexed";
import { MemoryDatabase } from "../src/lib/db/memory";
import type { Database, Table, Transaction } from "../src/lib/db/tables";
import type { Command } from "../src/lib/model/commands";
import type { Attachment, Workspace } from "../src/lib/model/types";

let persons = 0;
let names = 0;
const newId = (): string => `id-${++names}`;
const command = (id: string): Command => ({ type: "reopen", id, task: "t" });
const attachment = (id: string, size: number): Attachment => ({
  id,
  filename: id,
  mimeType: "text/plain",
  size,
  sha256: `of ${id}`,
});
const workspace = (id: string): Workspace => ({ id, name: id, mission: "", createdAt: "", revision: 1 });
const problem = { code: "no", title: "No", detail: "", status: 409 };
const commit = (base: string, cursor: string, settled: string[] = []) => ({
  base,
  cursor,
  texts: [`{"cursor":"${cursor}"}`],
  settled,
  refused: [],
});

describe.each<[string, () => Promise<Database>]>([
  ["IndexedDB", () => openIndexed(`person-${++persons}`, () => {})],
  ["memory", async () => new MemoryDatabase()],
])("an archive in %s", (_name, open) => {
  let db: Database;
  let archive: Archive;
  beforeEach(async () => {
    db = await open();
    archive = new Archive(db, newId);
  });
  afterEach(() => db.destroy());

  it("numbers commands without gaps, also when two are queued at once", async () => {
    const rows = await Promise.all(["a", "b", "c"].map((id, at) => archive.enqueue("w", command(id), at)));
    expect(rows.map(({ mutationId }) => mutationId)).toEqual([1, 2, 3]);
    const queue = await archive.queue("w");
    expect([queue.rows.map(({ id }) => id), queue.next]).toEqual([["a", "b", "c"], 4]);
    expect((await archive.queue("other")).rows).toEqual([]);
    expect(await archive.waiting()).toEqual(["w"]);
  });

  it("has a command of a page that went in the turn in which it was given, and whoever looks next numbers it", async () => {
    await archive.enqueue("w", command("a"), 1);
    // What asks for the number never comes to its turn.
    const dying: Database = Object.create(db, {
      write: {
        value: (tables: Table[], work: (tx: Transaction) => unknown) =>
          tables.includes("clients") ? new Promise(() => {}) : db.write(tables, work),
      },
    });
    for (const id of ["c", "b"]) void new Archive(dying, newId).enqueue("w", command(id), 2);
    void new Archive(dying, newId).enqueue("other", command("d"), 2);
    expect((await archive.load("w")).queue.map(({ id, mutationId }) => [id, mutationId])).toEqual([
      ["a", 1],
      ["b", null],
      ["c", null],
    ]);
    const numbered = [
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ];
    for (let look = 0; look < 2; look += 1) {
      const queue = await archive.queue("w");
      expect([queue.rows.map(({ id, mutationId }) => [id, mutationId]), queue.next]).toEqual([numbered, 4]);
    }
    expect((await archive.enqueue("w", command("e"), 3)).mutationId).toBe(4);
    const { client, rows, next } = await archive.queue("other");
    expect([rows.map(({ mutationId }) => mutationId), next]).toEqual([[1], 2]);
    expect((await archive.queue("other")).client).toBe(client);
  });

  it("has a command before the draft that it was goes: words are in one of both whenever the page ends", async () => {
    await archive.keepDraft("w", "t", "Ship it.");
    const done: string[] = [];
    await Promise.all([
      archive.enqueue("w", command("a"), 1).then(() => done.push("command")),
      archive.keepDraft("w", "t", "").then(() => done.push("draft")),
    ]);
    expect(done).toEqual(["command", "draft"]);
  });

  it("keeps a commit together with what it settles, if it follows on what is kept", async () => {
    await archive.enqueue("w", command("a"), 1);
    await archive.enqueue("w", command("b"), 2);
    await archive.checkpoint("w", "e-1-a", ["{}"], "older", []);
    expect(await archive.append("w", commit("e-1-a", "e-2-b", ["a"]))).toBe("kept");
    expect(await archive.append("w", commit("e-1-a", "e-2-b"))).toBe("known");
    expect(await archive.append("w", commit("e-7-x", "e-8-y", ["b"]))).toBe("gap");
    const kept = await archive.load("w");
    expect(kept).toMatchObject({ cursor: "e-2-b", checkpoint: ["{}"], older: "older", queue: [], refusals: [] });
    expect(kept.journal.map(({ texts }) => texts)).toEqual([['{"cursor":"e-2-b"}']]);
  });

  it("begins the journal again with a checkpoint, in the order in which it was written", async () => {
    await archive.checkpoint("w", "e-1-a", ["one"], null, []);
    await archive.note("w", "thread", "t", "page");
    await archive.append("w", commit("e-1-a", "e-2-b"));
    expect((await archive.load("w")).journal.map(({ kind }) => kind)).toEqual(["thread", "commit"]);
    await archive.checkpoint("w", "e-2-b", ["two", "three"], null, []);
    expect(await archive.load("w")).toMatchObject({ cursor: "e-2-b", checkpoint: ["two", "three"], journal: [] });
  });

  it("notes no page of a workspace that it has nothing of", async () => {
    await archive.note("w", "thread", "t", "page");
    expect((await archive.load("w")).journal).toEqual([]);
  });

  it("moves what is refused from the queue to where it waits for the person, until it is dealt with", async () => {
    const row = await archive.enqueue("w", command("a"), 1);
    await archive.enqueue("w", command("b"), 2);
    await archive.answered(
      "w",
      "e-3-c",
      ["b"],
      [],
      [{ workspace: "w", id: "a", command: row.command, problem, at: 1, shown: null }],
    );
    const kept = await archive.load("w");
    expect(kept.queue.map(({ id, acknowledged }) => [id, acknowledged])).toEqual([["b", "e-3-c"]]);
    expect(kept.refusals.map(({ id }) => id)).toEqual(["a"]);
    await archive.dismiss("w", ["a"]);
    expect((await archive.load("w")).refusals).toEqual([]);
  });

  it("does not bring back what the stream has settled before the answer came", async () => {
    await archive.enqueue("w", command("a"), 1);
    await archive.append("w", commit("x", "y", ["a"]));
    await archive.answered("w", "e-3-c", ["a"], [], []);
    expect((await archive.load("w")).queue).toEqual([]);
  });

  it("numbers the queue anew under another name, in the same order", async () => {
    for (const id of ["z", "a", "m"]) await archive.enqueue("w", command(id), 1);
    await archive.answered("w", "e-3-c", ["z"], [], []);
    const before = await archive.queue("w");
    await archive.renumber("w");
    const after = await archive.queue("w");
    expect(after.client).not.toBe(before.client);
    expect(after.rows.map(({ id, mutationId, acknowledged }) => [id, mutationId, acknowledged])).toEqual([
      ["z", 1, null],
      ["a", 2, null],
      ["m", 3, null],
    ]);
    expect(after.next).toBe(4);
  });

  it("asks again for what was answered and never came, where it begins anew", async () => {
    for (const begin of [
      () => archive.checkpoint("w", "f-1-a", ["{}"], null, [], ["a", "unknown"]),
      () => archive.began("w", [], ["a", "unknown"]),
    ]) {
      await archive.enqueue("w", command("a"), 1);
      await archive.answered("w", "e-3-c", ["a"], [], []);
      await begin();
      expect((await archive.load("w")).queue.map(({ acknowledged }) => acknowledged)).toEqual([null]);
    }
  });

  it("forgets a workspace that is gone, unless words wait there", async () => {
    for (const id of ["gone", "waits", "stays"]) await archive.checkpoint(id, "e-1-a", ["{}"], null, []);
    await archive.enqueue("waits", command("a"), 1);
    await archive.keepWorkspaces([workspace("stays")]);
    expect((await archive.workspaces())?.map(({ id }) => id)).toEqual(["stays"]);
    const cursors = await Promise.all(["gone", "waits", "stays"].map(async (id) => (await archive.load(id)).cursor));
    expect(cursors).toEqual([null, "e-1-a", "e-1-a"]);
  });

  it("forgets of a workspace that is gone also what was never confirmed there, and its files", async () => {
    const files = new Files(db);
    for (const id of ["gone", "stays"]) {
      await archive.keepDraft(id, "t", "words");
      await files.keep(id, attachment("seen", 3), new Blob(["abc"]));
    }
    await archive.keepWorkspaces([workspace("stays")]);
    const left = async (id: string): Promise<unknown[]> => [
      (await archive.load(id)).drafts,
      (await files.seen(id, attachment("seen", 3)))?.size ?? null,
    ];
    expect([await left("gone"), await left("stays")]).toEqual([
      [{}, null],
      [{ t: "words" }, 3],
    ]);
  });

  it("keeps what was begun in the fifty-first workspace: the server lists fifty at once", async () => {
    const all = Array.from({ length: 51 }, (_, at) => workspace(`w${at}`));
    vi.stubGlobal("fetch", async (path: string) => {
      const after = new URL(path, "http://localhost").searchParams.get("cursor");
      const from = after === null ? 0 : all.findIndex(({ id }) => `at-${id}` === after) + 1;
      const page = all.slice(from, from + 50);
      const nextCursor = from + 50 < all.length ? `at-${page.at(-1)?.id}` : null;
      return Response.json({ workspaces: page, nextCursor });
    });
    await archive.checkpoint("w50", "e-1-a", ["{}"], null, []);
    await archive.keepDraft("w50", "t", "half a sent");
    await archive.keepWorkspaces(await listWorkspaces());
    expect((await archive.workspaces())?.length).toBe(51);
    expect(await archive.load("w50")).toMatchObject({ cursor: "e-1-a", drafts: { t: "half a sent" } });
    vi.unstubAllGlobals();
  });

  it("keeps drafts, and no empty ones", async () => {
    await archive.keepDraft("w", "t1", "half a sent");
    await archive.keepDraft("w", "t2", "x");
    await archive.keepDraft("w", "t2", "");
    expect((await archive.load("w")).drafts).toEqual({ t1: "half a sent" });
  });

  it("undoes all of a transaction that fails in the middle", async () => {
    await archive.enqueue("w", command("a"), 1);
    const halfway = db.write(["queue", "clients"], async (tx) => {
      await tx.remove("queue", ["w", "a"]);
      await tx.put("clients", { workspace: "w", client: "other", next: 9 });
      throw new Error("crash");
    });
    await expect(halfway).rejects.toThrow("crash");
    const queue = await archive.queue("w");
    expect([queue.rows.map(({ id }) => id), queue.next]).toEqual([["a"], 2]);
  });

  it("keeps small files while there is room, the least recently used go first, and those that wait stay", async () => {
    const files = new Files(db);
    const file = (size: number): Blob => new Blob([new Uint8Array(size)]);
    await files.add("w", attachment("mine", SMALL_BYTES + 1), file(10));
    await files.keep("w", attachment("huge", SMALL_BYTES + 1), file(SMALL_BYTES + 1));
    expect(await files.seen("w", attachment("huge", SMALL_BYTES + 1))).toBeNull();
    const many = ROOM_BYTES / SMALL_BYTES + 1;
    const seen = (n: number): Attachment => attachment(`f${n}`, SMALL_BYTES);
    for (let n = 0; n < many; n++) await files.keep("w", seen(n), file(SMALL_BYTES));
    expect(await files.seen("w", seen(0))).toBeNull();
    expect((await files.seen("w", seen(1)))?.size).toBe(SMALL_BYTES);
    expect((await files.waiting("w")).map(({ id }) => id)).toEqual(["mine"]);
    await files.sent("w", "mine");
    expect([await files.waiting("w"), await files.blob("w", "mine")]).toEqual([[], null]);
  });

  it("gives out no other file than the one that is asked for, whatever was seen under its id", async () => {
    const files = new Files(db);
    const [one, other] = ["one", "other"].map((sha256) => ({ ...attachment("x", 3), sha256 }));
    if (!one || !other) throw new Error("two files");
    await files.keep("w", one, new Blob(["one"]));
    expect([(await files.seen("w", one))?.size, await files.seen("w", other)]).toEqual([3, null]);
    await files.keep("w", other, new Blob(["other"]));
    expect([await files.seen("w", one), (await files.seen("w", other))?.size]).toEqual([null, 5]);
  });
});

describe("different people in one browser profile", () => {
  it("see nothing of each other", async () => {
    const ada = new Archive(await openIndexed("ada", () => {}), newId);
    const bob = new Archive(await openIndexed("bob", () => {}), newId);
    await ada.enqueue("w", command("a"), 1);
    await ada.keepDraft("w", "t", "secret");
    expect(await bob.waiting()).toEqual([]);
    expect((await bob.load("w")).drafts).toEqual({});
    await bob.db.destroy();
    expect(await ada.waiting()).toEqual(["w"]);
    await ada.db.destroy();
  });
});

describe("when the browser's storage fails", () => {
  /** IndexedDB on a full disk: reading works, writing does not. */
  class Full implements Database {
    readonly lasting = true;
    full = false;
    constructor(readonly db: Database) {}
    read<R>(tables: Parameters<Database["read"]>[0], work: (tx: Transaction) => Promise<R>): Promise<R> {
      return this.db.read(tables, work);
    }
    write<R>(tables: Parameters<Database["write"]>[0], work: (tx: Transaction) => Promise<R>): Promise<R> {
      return this.full ? Promise.reject(new DOMException("full", "QuotaExceededError")) : this.db.write(tables, work);
    }
    close(): void {}
    destroy(): Promise<void> {
      return this.db.destroy();
    }
  }

  it("goes on in memory with everything that waits, under another name, and says so", async () => {
    const full = new Full(await openIndexed(`person-${++persons}`, () => {}));
    const reasons: unknown[] = [];
    const database = new FallbackDatabase(
      full,
      newId,
      (reason) => reasons.push(reason),
      async () => {},
    );
    const archive = new Archive(database, newId);
    await archive.enqueue("w", command("a"), 1);
    await archive.keepDraft("w", "t", "words");
    const { client } = await archive.queue("w");
    full.full = true;
    const row = await archive.enqueue("w", command("b"), 2);
    expect(row.mutationId).toBe(2);
    expect([database.lasting, reasons.length]).toEqual([false, 1]);
    const queue = await archive.queue("w");
    expect(queue.rows.map(({ id, mutationId }) => [id, mutationId])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(queue.client).not.toBe(client);
    expect((await archive.load("w")).drafts).toEqual({ t: "words" });
  });

  it("leaves nothing of the person when they sign out, neither in memory nor in what was left", async () => {
    const person = `person-${++persons}`;
    const full = new Full(await openIndexed(person, () => {}));
    const database = new FallbackDatabase(
      full,
      newId,
      () => {},
      () => deleteIndexed(person),
    );
    const archive = new Archive(database, newId);
    await archive.enqueue("w", command("a"), 1);
    full.full = true;
    await archive.enqueue("w", command("b"), 2);
    await database.destroy();
    expect(await archive.waiting()).toEqual([]);
    const next = new Archive(await openIndexed(person, () => {}), newId);
    expect(await next.waiting()).toEqual([]);
    await next.db.destroy();
  });

  it("tells what no database could have done", async () => {
    const database = new FallbackDatabase(
      new MemoryDatabase(),
      newId,
      () => {},
      async () => {},
    );
    await expect(
      database.write(["queue"], async () => {
        throw new Error("a fault of ours");
      }),
    ).rejects.toThrow("a fault of ours");
  });
});
