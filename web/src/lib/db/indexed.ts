// The tables in IndexedDB: one database a person, so that nobody in this browser profile sees or sends what another left.
import { deleteDB, openDB, type IDBPDatabase, type IDBPTransaction } from "idb";
import type { Id } from "../model/types";
import {
  KEYS,
  TABLES,
  type Database,
  type Key,
  type OfWorkspaces,
  type Table,
  type Tables,
  type Transaction,
} from "./tables";

const VERSION = 1;
const BY_WORKSPACE = "workspace";

export const nameOf = (person: Id): string => `agentrq-${person}`;

/** Opens the person's database. `lost` is called if the browser closes it under us. */
export async function openIndexed(person: Id, lost: () => void): Promise<Database> {
  const name = nameOf(person);
  const db = await openDB(name, VERSION, {
    upgrade(database) {
      for (const table of TABLES) {
        const store = database.createObjectStore(table, { keyPath: KEYS[table], autoIncrement: table === "journal" });
        if (table !== "person") store.createIndex(BY_WORKSPACE, "workspace");
      }
    },
    // Another tab deletes it, or has a newer page: it must not wait for us.
    blocking() {
      db.close();
      lost();
    },
    terminated: lost,
  });
  return new Indexed(name, db);
}

/** Deletes whatever this browser keeps of the person. */
export async function deleteIndexed(person: Id): Promise<void> {
  if (typeof indexedDB !== "undefined") await deleteDB(nameOf(person));
}

class Indexed implements Database {
  readonly lasting = true;

  constructor(
    readonly name: string,
    readonly db: IDBPDatabase,
  ) {}

  read<R>(tables: Table[], work: (tx: Transaction) => Promise<R>): Promise<R> {
    // What only reads has the same face; IndexedDB itself refuses it a write.
    const tx: unknown = this.db.transaction(tables, "readonly");
    return work(new IndexedTransaction(tx as Indexing));
  }

  async write<R>(tables: Table[], work: (tx: Transaction) => R | Promise<R>): Promise<R> {
    const tx = this.db.transaction(tables, "readwrite");
    // It is told below as well: not to be waited for is not to be unhandled.
    tx.done.catch(() => {});
    try {
      const result = await work(new IndexedTransaction(tx));
      commit(tx);
      await tx.done;
      return result;
    } catch (error) {
      abort(tx);
      throw error;
    }
  }

  close(): void {
    this.db.close();
  }

  async destroy(): Promise<void> {
    this.db.close();
    await deleteDB(this.name);
  }
}

type Indexing = IDBPTransaction<unknown, string[], "readwrite">;

/** What was written stands from here on, also if the page goes at once: else it would be a turn later, once the page has heard of each write. */
function commit(tx: Indexing): void {
  try {
    tx.commit();
  } catch {
    // it has ended already
  }
}

function abort(tx: Indexing): void {
  try {
    tx.abort();
  } catch {
    // it has ended already
  }
}

/** That a write came to nothing is told by its transaction. */
const untold = (): void => {};

class IndexedTransaction implements Transaction {
  constructor(readonly tx: Indexing) {}

  async get<T extends Table>(table: T, key: Key): Promise<Tables[T] | undefined> {
    return (await this.tx.objectStore(table).get(key)) as Tables[T] | undefined;
  }
  async of<T extends Table>(table: T, workspace: Id): Promise<Tables[T][]> {
    return (await this.tx.objectStore(table).index(BY_WORKSPACE).getAll(workspace)) as Tables[T][];
  }
  async all<T extends Table>(table: T): Promise<Tables[T][]> {
    return (await this.tx.objectStore(table).getAll()) as Tables[T][];
  }
  put<T extends Table>(table: T, row: Tables[T]): void {
    this.tx.objectStore(table).put(row).catch(untold);
  }
  remove(table: Table, key: Key | number): void {
    this.tx.objectStore(table).delete(key).catch(untold);
  }
  async owners(table: OfWorkspaces): Promise<Id[]> {
    const ids: Id[] = [];
    let cursor = await this.tx.objectStore(table).index(BY_WORKSPACE).openKeyCursor(null, "nextunique");
    for (; cursor; cursor = await cursor.continue()) ids.push(cursor.key as Id);
    return ids;
  }
  async clear(table: OfWorkspaces, workspace: Id): Promise<void> {
    const store = this.tx.objectStore(table);
    const keys = await store.index(BY_WORKSPACE).getAllKeys(workspace);
    for (const key of keys) store.delete(key).catch(untold);
  }
}
