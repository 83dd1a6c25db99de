// The activity of one workspace as far as it is known: what happens now joins at the top, pages of the past join at the foot.
import type { Commit, Frame } from "../model/sync";
import type { Delivery, Id, Task } from "../model/types";
import { deliveriesIn, entriesOf, seqOf, tasksIn, type Entry } from "./entries";

export class ActivityFeed {
  /** Newest first. */
  entries: readonly Entry[] = [];
  readonly deliveries = new Map<Id, Delivery>();
  /** Tasks as they were last told of here: one that has been deleted since still has its title. */
  readonly tasks = new Map<Id, Task>();
  #known = new Set<number>();
  /** The frames of a commit whose last one has not come. */
  #open: Frame[] = [];

  /** A frame off the stream. */
  frame(frame: Frame): void {
    this.#open.push(frame);
    if (frame.cursor === undefined) return;
    const frames = this.#open;
    this.#open = [];
    this.commits([{ seq: seqOf(frame.cursor), frames }]);
  }

  /** Commits in any order, known ones among them: a page may overlap with what has come live. */
  commits(commits: readonly Commit[]): void {
    const fresh = commits.filter(({ seq }) => !this.#known.has(seq));
    for (const { seq, frames } of fresh) {
      this.#known.add(seq);
      for (const delivery of deliveriesIn(frames)) keepNewer(this.deliveries, delivery);
      for (const task of tasksIn(frames)) keepNewer(this.tasks, task);
    }
    const added = fresh.flatMap(({ seq, frames }) => entriesOf(seq, frames));
    if (added.length > 0) this.entries = [...this.entries, ...added].sort(newestFirst);
  }
}

function keepNewer<T extends { id: Id; revision: number }>(into: Map<Id, T>, one: T): void {
  const known = into.get(one.id);
  if (!known || known.revision <= one.revision) into.set(one.id, one);
}

function newestFirst(one: Entry, other: Entry): number {
  const place = ({ key }: Entry): number[] => key.split(".").map(Number);
  const [[seq = 0, index = 0], [otherSeq = 0, otherIndex = 0]] = [place(one), place(other)];
  return otherSeq - seq || otherIndex - index;
}
