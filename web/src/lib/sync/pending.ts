// What this person has said in one workspace and no commit has confirmed, beside the replica that shows it: who hears of a command, of its
// answer or of its end, in whichever order and from whichever tab, tells it here.
import type { RefusalRow } from "../db/tables";
import type { Beside, Command } from "../model/commands";
import type { Problem } from "../model/problem";
import type { Id } from "../model/types";
import type { Replica } from "./replica";

/** A command that no commit has confirmed. */
export interface Queued extends Beside {
  command: Command;
  at: number;
  /** The place in the history by which the server has it; null: it has not answered. */
  acknowledged: string | null;
}

/** A commit may be this many behind a command that another tab tells of. */
const REMEMBERED = 512;

export class Pending {
  readonly queued = new Map<Id, Queued>();
  /** What has ended lately: word of it may still come. */
  readonly #settled = new Set<Id>();
  /** Commands on their way into the storage. */
  readonly #keeping = new Set<Id>();

  /** `replica` is the one that holds something to show; null: there is none just now. */
  constructor(
    readonly workspace: Id,
    readonly replica: () => Replica | null,
  ) {}

  /** What the server has not answered for. */
  get unsent(): Queued[] {
    return [...this.queued.values()].filter(({ acknowledged }) => acknowledged === null);
  }

  /** Those of them that the storage should have by now. */
  get waiting(): Queued[] {
    return this.unsent.filter(({ command }) => !this.#keeping.has(command.id));
  }

  /** What the server has, until a commit shows it. */
  get acknowledged(): Id[] {
    return [...this.queued].flatMap(([id, { acknowledged }]) => (acknowledged === null ? [] : [id]));
  }

  /** What the replica here has taken already; it counts as kept once `kept` has settled. */
  add(command: Command, at: number, beside: Beside, kept: Promise<unknown>): void {
    this.queued.set(command.id, { command, at, ...beside, acknowledged: null });
    this.#keeping.add(command.id);
    kept.then(
      () => this.#keeping.delete(command.id),
      () => {},
    );
  }

  /** Takes over what was said on an earlier visit or in another tab. Returns whether it was unknown. */
  adopt(command: Command, at: number, beside: Beside): boolean {
    if (this.#settled.has(command.id) || this.queued.has(command.id)) return false;
    this.queued.set(command.id, { command, at, ...beside, acknowledged: null });
    const replica = this.replica();
    for (const file of beside.files) replica?.attach(file);
    replica?.adopt(command, at);
    return true;
  }

  /** Gives another replica all that waits. */
  adoptAll(replica: Replica): void {
    for (const { command, at, files, acknowledged } of this.queued.values()) {
      for (const file of files) replica.attach(file);
      replica.adopt(command, at);
      if (acknowledged !== null) replica.settle(command.id, null, acknowledged);
    }
  }

  /** The server has it, by this place in the history; null: what it had answered no longer counts. */
  acknowledge(id: Id, cursor: string | null): void {
    const found = this.queued.get(id);
    if (!found) return;
    if (cursor !== null) this.replica()?.settle(id, null, cursor);
    this.queued.set(id, { ...found, acknowledged: cursor });
  }

  /** Takes back the commands among these that were refused. */
  refuse(results: readonly { command: Id; rejection: Problem | null }[]): RefusalRow[] {
    return results.flatMap(({ command: id, rejection }) => {
      const found = this.queued.get(id);
      if (!found || rejection === null) return [];
      this.replica()?.settle(id, rejection);
      this.queued.delete(id);
      this.remember(id);
      const { command, at, shown } = found;
      return [{ workspace: this.workspace, id, command, problem: rejection, at, shown }];
    });
  }

  /** Forgets what the replica holds as confirmed. */
  drop(): Id[] {
    const replica = this.replica();
    if (this.queued.size === 0 || !replica) return [];
    const pending = new Set(replica.pending().map(({ id }) => id));
    const gone = [...this.queued.keys()].filter((id) => !pending.has(id));
    for (const id of gone) {
      this.queued.delete(id);
      this.remember(id);
    }
    return gone;
  }

  /** It has ended: a word that tells of it may come after the commit that confirms it. */
  remember(id: Id): void {
    this.#settled.add(id);
    const [oldest] = this.#settled;
    if (this.#settled.size > REMEMBERED && oldest !== undefined) this.#settled.delete(oldest);
  }
}
