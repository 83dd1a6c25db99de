// What this browser keeps of one person: the tables, and the transactions over them. Two databases hold them: IndexedDB, and memory.
import type { Beside, Command, ShownCard } from "../model/commands";
import type { Problem } from "../model/problem";
import type { Attachment, Id, Workspace } from "../model/types";
import type { KeptWorkflow } from "../model/workflow";

/** A command of this person that no commit has confirmed. */
export interface QueueRow extends Beside {
  workspace: Id;
  /** The command's own. */
  id: Id;
  /** Its place in the queue. Null: it is kept, and not numbered yet. */
  mutationId: number | null;
  command: Command;
  at: number;
  /** The cursor of the server's answer; its commit is still to come. */
  acknowledged: string | null;
}

export type NumberedRow = QueueRow & { mutationId: number };
export const isNumbered = (row: QueueRow | undefined): row is NumberedRow => typeof row?.mutationId === "number";
/** What has no number yet comes last, in the order in which it was made. */
export const byNumber = (one: QueueRow, other: QueueRow): number =>
  (one.mutationId ?? Infinity) - (other.mutationId ?? Infinity) || (one.id < other.id ? -1 : 1);

/** A command that was refused after this page had shown it: it waits for the person to mend or discard it. */
export interface RefusalRow {
  workspace: Id;
  id: Id;
  command: Command;
  problem: Problem;
  at: number;
  /** What it was given on. */
  shown: ShownCard | null;
}

/** The name under which this browser numbers its commands in a workspace, and the next number. */
export interface ClientRow {
  workspace: Id;
  client: Id;
  next: number;
}

/** Where what is kept of a workspace begins: all that was confirmed when it was written. The journal goes on from there, to the head. */
export interface CheckpointRow {
  workspace: Id;
  texts: string[];
  /** Where earlier tasks begin that are not here, if not all are. */
  older: string | null;
}

/** What came after the checkpoint: commits, and pages that were asked for. */
export interface JournalRow {
  n?: number;
  workspace: Id;
  kind: "commit" | "thread" | "tasks";
  /** The task of a thread. */
  task: Id | null;
  texts: string[];
}

/** Where checkpoint and journal end. */
export interface HeadRow {
  workspace: Id;
  cursor: string;
}

/** An attached file: it waits to be sent, or was seen here and is kept while there is room. */
export interface FileRow {
  workspace: Id;
  id: Id;
  attachment: Attachment;
  blob: Blob;
  waiting: boolean;
  usedAt: number;
}

export interface DraftRow {
  workspace: Id;
  task: Id;
  text: string;
}

/** What belongs to the person and to no workspace. */
export type PersonRow =
  { key: "workspaces"; workspaces: Workspace[] } | { key: `workflows ${Id}`; workspace: Id; workflows: KeptWorkflow[] };

export interface Tables {
  person: PersonRow;
  clients: ClientRow;
  queue: QueueRow;
  refusals: RefusalRow;
  heads: HeadRow;
  checkpoints: CheckpointRow;
  journal: JournalRow;
  files: FileRow;
  drafts: DraftRow;
}

export type Table = keyof Tables;
/** The tables whose rows each belong to a workspace. */
export type OfWorkspaces = Exclude<Table, "person">;
export type Key = string | [Id, string];

/** Each table's key. The journal's rows are numbered as they come. */
export const KEYS: { [T in Table]: string | [string, string] } = {
  person: "key",
  clients: "workspace",
  queue: ["workspace", "id"],
  refusals: ["workspace", "id"],
  heads: "workspace",
  checkpoints: "workspace",
  journal: "n",
  files: ["workspace", "id"],
  drafts: ["workspace", "task"],
};

export const TABLES = Object.keys(KEYS) as Table[];

/**
 * One transaction: all of its writes stand, or none. Nothing else may be awaited inside than what it gives. A write is not waited for: whoever waits
 * for the transaction hears what came of all of them.
 */
export interface Transaction {
  get<T extends Table>(table: T, key: Key): Promise<Tables[T] | undefined>;
  /** The rows of one workspace, by key. */
  of<T extends Table>(table: T, workspace: Id): Promise<Tables[T][]>;
  all<T extends Table>(table: T): Promise<Tables[T][]>;
  put<T extends Table>(table: T, row: Tables[T]): void;
  remove(table: Table, key: Key | number): void;
  /** The workspaces that have rows there. */
  owners(table: OfWorkspaces): Promise<Id[]>;
  /** Removes all rows of one workspace. */
  clear(table: OfWorkspaces, workspace: Id): Promise<void>;
}

export interface Database {
  /** Does it outlive the page? */
  readonly lasting: boolean;
  read<R>(tables: Table[], work: (tx: Transaction) => Promise<R>): Promise<R>;
  write<R>(tables: Table[], work: (tx: Transaction) => R | Promise<R>): Promise<R>;
  close(): void;
  /** Deletes everything. */
  destroy(): Promise<void>;
}
