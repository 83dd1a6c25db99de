// What this browser keeps of one person, and the transactions in which that changes. What must be one thing is one transaction: a number
// and the row that bears it; a commit, the place it leads to, and the rows that it confirms.
import type { Beside, Command } from "../model/commands";
import type { Id, Workspace } from "../model/types";
import {
  byNumber,
  isNumbered,
  type ClientRow,
  type Database,
  type JournalRow,
  type NumberedRow,
  type QueueRow,
  type RefusalRow,
  type Transaction,
} from "./tables";

/** All that is kept of a workspace. */
export interface Kept {
  /** Null: nothing has been confirmed here yet. */
  cursor: string | null;
  checkpoint: string[] | null;
  older: string | null;
  journal: JournalRow[];
  queue: QueueRow[];
  refusals: RefusalRow[];
  drafts: Record<Id, string>;
}

export interface Queue {
  client: Id;
  next: number;
  rows: NumberedRow[];
}

export interface Commit {
  base: string;
  cursor: string;
  texts: string[];
  /** Commands that it confirms or refuses. */
  settled: Id[];
  refused: RefusalRow[];
}

/** A command that a page holds and the server has not answered for. */
export interface Waiting extends Beside {
  command: Command;
  at: number;
}

/** What became of a commit: kept; known already; or there is a gap before it, which only a checkpoint closes. */
export type Appended = "kept" | "known" | "gap";

/** What goes with a workspace that is gone. */
const OF_A_WORKSPACE = ["heads", "checkpoints", "journal", "drafts", "clients", "files"] as const;

const NOTHING: Beside = { files: [], shown: null };

export class Archive {
  constructor(
    readonly db: Database,
    readonly newId: () => Id,
  ) {}

  async workspaces(): Promise<Workspace[] | null> {
    const row = await this.db.read(["person"], (tx) => tx.get("person", "workspaces"));
    return row && "workspaces" in row ? row.workspaces : null;
  }

  /** Keeps this list. What is kept of other workspaces goes, unless commands wait there. */
  keepWorkspaces(workspaces: Workspace[]): Promise<void> {
    return this.db.write(["person", "queue", "refusals", ...OF_A_WORKSPACE], async (tx) => {
      tx.put("person", { key: "workspaces", workspaces });
      const stay = new Set(workspaces.map(({ id }) => id));
      for (const table of ["queue", "refusals"] as const) for (const id of await tx.owners(table)) stay.add(id);
      for (const table of OF_A_WORKSPACE)
        for (const id of await tx.owners(table)) if (!stay.has(id)) await tx.clear(table, id);
    });
  }

  /** The workspaces in which commands or refusals wait, listed or not. */
  async waiting(): Promise<Id[]> {
    const ids = await this.db.read(["queue", "refusals"], async (tx) => [
      ...(await tx.owners("queue")),
      ...(await tx.owners("refusals")),
    ]);
    return [...new Set(ids)];
  }

  /** Whether anything is kept that the server has not answered for. */
  async hasUnsent(): Promise<boolean> {
    const rows = await this.db.read(["queue"], (tx) => tx.all("queue"));
    return rows.some(({ acknowledged }) => acknowledged === null);
  }

  load(workspace: Id): Promise<Kept> {
    return this.db.read(["heads", "checkpoints", "journal", "queue", "refusals", "drafts"], async (tx) => {
      // Asked for together: somebody waits for it.
      const [head, checkpoint, journal, queue, refusals, drafts] = await Promise.all([
        tx.get("heads", workspace),
        tx.get("checkpoints", workspace),
        tx.of("journal", workspace),
        tx.of("queue", workspace),
        tx.of("refusals", workspace),
        tx.of("drafts", workspace),
      ]);
      return {
        cursor: head?.cursor ?? null,
        checkpoint: checkpoint?.texts ?? null,
        older: checkpoint?.older ?? null,
        journal,
        queue: queue.toSorted(byNumber),
        refusals,
        drafts: Object.fromEntries(drafts.map(({ task, text }) => [task, text])),
      };
    });
  }

  // The queue

  /**
   * Keeps a command and numbers it; from here on it will be sent, whatever happens to the page. It is put down in the turn in which this is
   * asked, by a transaction that waits for nothing: of a page that goes at once it stays, and whoever reads the queue next numbers it.
   */
  async enqueue(workspace: Id, command: Command, at: number, beside: Beside = NOTHING): Promise<NumberedRow> {
    const row: QueueRow = { workspace, id: command.id, mutationId: null, command, at, ...beside, acknowledged: null };
    // In this order: transactions over the same table take turns as they were asked for.
    const [, numbered] = await Promise.all([
      this.db.write(["queue"], (tx) => tx.put("queue", row)),
      this.db.write(["clients", "queue"], async (tx) => {
        const [kept, named] = await Promise.all([tx.get("queue", [workspace, row.id]), tx.get("clients", workspace)]);
        return isNumbered(kept) ? kept : number(tx, row, this.#named(workspace, named));
      }),
    ]);
    return numbered;
  }

  /** The queue in its order. */
  async queue(workspace: Id): Promise<Queue> {
    const look = async (tx: Transaction): Promise<{ named: ClientRow; rows: QueueRow[] }> => {
      const [named, rows] = await Promise.all([tx.get("clients", workspace), tx.of("queue", workspace)]);
      return { named: this.#named(workspace, named), rows: rows.toSorted(byNumber) };
    };
    const { named, rows } = await this.db.read(["clients", "queue"], look);
    if (rows.every(isNumbered)) return { ...named, rows };
    return this.db.write(["clients", "queue"], async (tx) => {
      const found = await look(tx);
      let { next } = found.named;
      const rows = found.rows.map((row) => (isNumbered(row) ? row : number(tx, row, { ...found.named, next: next++ })));
      return { ...found.named, next, rows };
    });
  }

  #named(workspace: Id, named: ClientRow | undefined): ClientRow {
    return named ?? { workspace, client: this.newId(), next: 1 };
  }

  /** What was refused and is not dealt with. */
  refusals(workspace: Id): Promise<RefusalRow[]> {
    return this.db.read(["refusals"], (tx) => tx.of("refusals", workspace));
  }

  /** The server has answered: these it has taken by `cursor`, those are confirmed already, and these it refused for good. */
  answered(workspace: Id, cursor: string | null, taken: Id[], settled: Id[], refused: RefusalRow[]): Promise<void> {
    return this.db.write(["queue", "refusals"], async (tx) => {
      for (const id of taken) {
        const row = await tx.get("queue", [workspace, id]);
        if (row) tx.put("queue", { ...row, acknowledged: cursor });
      }
      await settle(tx, workspace, settled);
      await refuse(tx, refused);
    });
  }

  /** These wait no longer. */
  settle(workspace: Id, ids: Id[]): Promise<void> {
    return this.db.write(["queue"], (tx) => settle(tx, workspace, ids));
  }

  /** The queue under another name, numbered from 1. */
  renumber(workspace: Id): Promise<void> {
    return this.db.write(["clients", "queue"], async (tx) => {
      const rows = (await tx.of("queue", workspace)).toSorted(byNumber);
      for (const [at, row] of rows.entries()) tx.put("queue", { ...row, mutationId: at + 1, acknowledged: null });
      tx.put("clients", { workspace, client: this.newId(), next: rows.length + 1 });
    });
  }

  /** Keeps what waits in this order, whatever of it is kept, under another name: what went out of its order would be refused. */
  keepAgain(workspace: Id, waiting: Waiting[]): Promise<void> {
    return this.db.write(["clients", "queue"], async (tx) => {
      const rows = new Map((await tx.of("queue", workspace)).toSorted(byNumber).map((row) => [row.id, row]));
      const again = waiting.map(({ command, at, files, shown }) => ({
        workspace,
        id: command.id,
        command,
        at,
        files,
        shown,
      }));
      for (const { id } of again) rows.delete(id);
      for (const [at, row] of [...again, ...rows.values()].entries())
        tx.put("queue", { ...row, mutationId: at + 1, acknowledged: null });
      tx.put("clients", { workspace, client: this.newId(), next: again.length + rows.size + 1 });
    });
  }

  /** The person has seen these refusals and mended or discarded them. */
  dismiss(workspace: Id, ids: Id[]): Promise<void> {
    return this.db.write(["refusals"], async (tx) => {
      for (const id of ids) tx.remove("refusals", [workspace, id]);
    });
  }

  // What is confirmed

  /** Keeps a commit, if it follows on what is kept, together with what it settles. */
  append(workspace: Id, commit: Commit): Promise<Appended> {
    return this.db.write(["heads", "journal", "queue", "refusals"], async (tx) => {
      await settle(tx, workspace, commit.settled);
      await refuse(tx, commit.refused);
      const head = await tx.get("heads", workspace);
      if (head?.cursor !== commit.base) return head?.cursor === commit.cursor ? "known" : "gap";
      tx.put("journal", { workspace, kind: "commit", task: null, texts: commit.texts });
      tx.put("heads", { workspace, cursor: commit.cursor });
      return "kept";
    });
  }

  /** Keeps a page that was asked for at a place that is kept. */
  note(workspace: Id, kind: "thread" | "tasks", task: Id | null, text: string): Promise<void> {
    return this.db.write(["heads", "journal"], async (tx) => {
      if (await tx.get("heads", workspace)) tx.put("journal", { workspace, kind, task, texts: [text] });
    });
  }

  /**
   * All that is confirmed at `cursor`, as a few texts: the journal begins again, and what this settles leaves the queue. What the server has
   * answered for but no commit has brought may be asked again: after a restore it may not have it.
   */
  checkpoint(
    workspace: Id,
    cursor: string,
    texts: string[],
    older: string | null,
    settled: Id[],
    again: Id[] = [],
  ): Promise<void> {
    return this.db.write(["heads", "checkpoints", "journal", "queue"], async (tx) => {
      tx.put("checkpoints", { workspace, texts, older });
      await tx.clear("journal", workspace);
      tx.put("heads", { workspace, cursor });
      await requeue(tx, workspace, settled, again);
    });
  }

  /** The same where nothing outlives the page: only the queue is kept. */
  began(workspace: Id, settled: Id[], again: Id[]): Promise<void> {
    return this.db.write(["queue"], (tx) => requeue(tx, workspace, settled, again));
  }

  keepDraft(workspace: Id, task: Id, text: string): Promise<void> {
    // What becomes of a draft that is sent waits for the queue, which must have it first: words stand in one of both, whenever the page goes.
    return this.db.write(["drafts", "queue"], (tx) =>
      text === "" ? tx.remove("drafts", [workspace, task]) : tx.put("drafts", { workspace, task, text }),
    );
  }
}

/** Gives a row the next number of this name. */
function number(tx: Transaction, row: QueueRow, named: ClientRow): NumberedRow {
  const numbered = { ...row, mutationId: named.next };
  tx.put("queue", numbered);
  tx.put("clients", { ...named, next: named.next + 1 });
  return numbered;
}

async function requeue(tx: Transaction, workspace: Id, settled: Id[], again: Id[]): Promise<void> {
  await settle(tx, workspace, settled);
  for (const id of again) {
    const row = await tx.get("queue", [workspace, id]);
    if (row) tx.put("queue", { ...row, acknowledged: null });
  }
}

async function settle(tx: Transaction, workspace: Id, ids: Id[]): Promise<void> {
  for (const id of ids) tx.remove("queue", [workspace, id]);
}

async function refuse(tx: Transaction, refused: RefusalRow[]): Promise<void> {
  for (const row of refused) {
    tx.remove("queue", [row.workspace, row.id]);
    tx.put("refusals", row);
  }
}
