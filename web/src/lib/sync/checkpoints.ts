// When the journal of a workspace is written into a new checkpoint, and which threads go along.
import type { Archive } from "../db/archive";
import type { Id } from "../model/types";
import { whenIdle } from "../idle";
import type { Replica } from "./replica";

/** The journal is written into a new checkpoint when it has as many rows, and some more for each text of the last one: what is much is not
 * written again for little. */
const JOURNAL_ROWS = 64;
const ROWS_A_TEXT = 10;
/** Threads that stay here without a network, the latest first. */
const THREADS = 200;
const SOON_MS = 1000;

export class Checkpoints {
  #threads: Id[] = [];
  #journal = 0;
  /** How many texts the last one has. */
  #texts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `replica` is null while it is changing, or holds nothing. `older`: where earlier tasks begin that are not here. */
  constructor(
    readonly workspace: Id,
    readonly around: { archive: Archive; leads: () => boolean },
    readonly replica: () => Replica | null,
    readonly older: () => string | null,
  ) {}

  /** What is kept has so many rows in its journal, and so many texts in its checkpoint. */
  stand(journal: number, texts: number): void {
    this.#journal = journal;
    this.#texts = texts;
  }

  looked(task: Id): void {
    this.#threads = [task, ...this.#threads.filter((one) => one !== task)].slice(0, THREADS);
  }

  /** The journal has a row more. */
  grown(): void {
    if (++this.#journal >= JOURNAL_ROWS + ROWS_A_TEXT * this.#texts) this.soon();
  }

  soon(): void {
    if (!this.around.leads() || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      whenIdle(() => {
        this.#timer = undefined;
        const replica = this.replica();
        if (replica && this.around.archive.db.lasting) void this.write(replica, [], []);
      });
    }, SOON_MS);
  }

  /** Writes one now. These commands are settled by it, and those are to be sent again. */
  async write(replica: Replica, settled: Id[], again: Id[]): Promise<void> {
    const { archive } = this.around;
    const cursor = replica.cursor();
    if (!cursor) return;
    const texts = archive.db.lasting ? replica.checkpoint(this.#threads) : null;
    this.stand(0, texts?.length ?? 0);
    if (texts === null) await archive.began(this.workspace, settled, again);
    else await archive.checkpoint(this.workspace, cursor, texts, this.older(), settled, again);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
