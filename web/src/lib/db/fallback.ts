// A database that goes on in memory when the browser's own fails: a full disk, a private window, storage that was taken away. What waited
// to be sent comes along, under a new name, so that no two tabs number different commands alike.
import type { Id } from "../model/types";
import { MemoryDatabase } from "./memory";
import { byNumber, type Database, type Table, type Transaction } from "./tables";

export class FallbackDatabase implements Database {
  #current: Database;
  #switching: Promise<void> | null = null;
  #closed = false;

  constructor(
    first: Database,
    readonly newId: () => Id | Promise<Id>,
    /** From here on nothing outlives the page. */
    readonly failed: (reason: unknown) => void,
    /** Deletes what the browser itself keeps, whether it is in use or was left. */
    readonly deleteKept: () => Promise<void>,
  ) {
    this.#current = first;
  }

  get lasting(): boolean {
    return this.#current.lasting;
  }

  read<R>(tables: Table[], work: (tx: Transaction) => Promise<R>): Promise<R> {
    return this.#try((db) => db.read(tables, work));
  }

  write<R>(tables: Table[], work: (tx: Transaction) => R | Promise<R>): Promise<R> {
    return this.#try((db) => db.write(tables, work));
  }

  /** What is still under way goes nowhere, without a word. */
  close(): void {
    this.#closed = true;
    this.#current.close();
  }

  /** What was left behind goes as well: what waits there would be sent at the next sign-in. */
  async destroy(): Promise<void> {
    await this.#switching;
    await this.#current.destroy();
    await this.deleteKept();
  }

  /** Goes on in memory; `reason` says why. */
  async abandon(reason: unknown): Promise<void> {
    if (!this.lasting) return;
    const old = this.#current;
    this.#switching ??= (async () => {
      const memory = new MemoryDatabase();
      await bringAlong(old, memory, this.newId).catch(() => {});
      this.#current = memory;
      old.close();
      if (!this.#closed) this.failed(reason);
    })();
    await this.#switching;
  }

  async #try<R>(work: (db: Database) => Promise<R>): Promise<R> {
    const db = this.#current;
    try {
      return await work(db);
    } catch (error) {
      if (!db.lasting) throw error;
      await this.abandon(error);
      return work(this.#current);
    }
  }
}

const WAITING: Table[] = ["person", "queue", "refusals", "drafts", "files"];

async function bringAlong(from: Database, to: Database, newId: () => Id | Promise<Id>): Promise<void> {
  const [person, queue, refusals, drafts, files] = await from.read(WAITING, (tx) =>
    Promise.all([tx.all("person"), tx.all("queue"), tx.all("refusals"), tx.all("drafts"), tx.all("files")]),
  );
  await to.write([...WAITING, "clients"], async (tx) => {
    const counts = new Map<Id, number>();
    for (const row of queue.toSorted(byNumber)) {
      const number = (counts.get(row.workspace) ?? 0) + 1;
      counts.set(row.workspace, number);
      tx.put("queue", { ...row, mutationId: number, acknowledged: null });
    }
    for (const [workspace, number] of counts) tx.put("clients", { workspace, client: await newId(), next: number + 1 });
    for (const row of person) tx.put("person", row);
    for (const row of refusals) tx.put("refusals", row);
    for (const row of drafts) tx.put("drafts", row);
    for (const row of files) if (row.waiting) tx.put("files", row);
  });
}
