// The tables in memory: for a browser that keeps nothing, or no more. They last as long as the page.
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

type Rows = Map<string, Tables[Table]>;
type State = Map<Table, Rows>;

const nameOf = (key: Key | number): string => JSON.stringify(key);

export class MemoryDatabase implements Database {
  readonly lasting = false;
  #state: State = new Map(TABLES.map((table) => [table, new Map()]));
  #numbers = { next: 1 };
  #last: Promise<unknown> = Promise.resolve();

  read<R>(_tables: Table[], work: (tx: Transaction) => Promise<R>): Promise<R> {
    return this.#turn(() => work(new MemoryTransaction(this.#state, this.#numbers)));
  }

  write<R>(tables: Table[], work: (tx: Transaction) => R | Promise<R>): Promise<R> {
    return this.#turn(async () => {
      const draft: State = new Map(this.#state);
      for (const table of tables) draft.set(table, new Map(draft.get(table)));
      const result = await work(new MemoryTransaction(draft, this.#numbers));
      this.#state = draft;
      return result;
    });
  }

  close(): void {}

  destroy(): Promise<void> {
    return this.#turn(async () => {
      for (const rows of this.#state.values()) rows.clear();
    });
  }

  /** One transaction after the other. */
  #turn<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

class MemoryTransaction implements Transaction {
  constructor(
    readonly state: State,
    readonly numbers: { next: number },
  ) {}

  #rows(table: Table): Rows {
    const rows = this.state.get(table);
    if (!rows) throw new Error(`no table ${table}`);
    return rows;
  }

  async get<T extends Table>(table: T, key: Key): Promise<Tables[T] | undefined> {
    return this.#rows(table).get(nameOf(key)) as Tables[T] | undefined;
  }
  async of<T extends Table>(table: T, workspace: Id): Promise<Tables[T][]> {
    return (await this.all(table)).filter((row) => "workspace" in row && row.workspace === workspace);
  }
  async all<T extends Table>(table: T): Promise<Tables[T][]> {
    return [...this.#rows(table).values()] as Tables[T][];
  }
  put<T extends Table>(table: T, row: Tables[T]): void {
    const kept = { ...row } as Tables[T] & Record<string, unknown>;
    if (table === "journal" && kept["n"] === undefined) Object.assign(kept, { n: this.numbers.next++ });
    const path = KEYS[table];
    const key = typeof path === "string" ? kept[path] : path.map((part) => kept[part]);
    this.#rows(table).set(nameOf(key as Key), kept);
  }
  remove(table: Table, key: Key | number): void {
    this.#rows(table).delete(nameOf(key));
  }
  async owners(table: OfWorkspaces): Promise<Id[]> {
    return [...new Set((await this.all(table)).map(({ workspace }) => workspace))];
  }
  async clear(table: OfWorkspaces, workspace: Id): Promise<void> {
    const rows = this.#rows(table);
    for (const [name, row] of rows) if ("workspace" in row && row.workspace === workspace) rows.delete(name);
  }
}
