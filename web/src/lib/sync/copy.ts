// One workspace as this tab holds it: what is kept of it, what the leader hears and tells, and what this person does, all into one replica.
import { asProblem, type Problem } from "../api/problem";
import { fetchSnapshot } from "../api/tasks";
import type { JournalRow, QueueRow, RefusalRow } from "../db/tables";
import type { Beside, Command } from "../model/commands";
import type { Frame } from "../model/sync";
import type { Attachment, Id, Task } from "../model/types";
import { Checkpoints } from "./checkpoints";
import type { RoomEvent } from "./feed";
import { nextTask } from "../idle";
import { Pending } from "./pending";
import { isKeptOut, type Proposal, type Replica } from "./replica";
import { filled, restore, take, type Restored } from "./restore";
import type { CopyHandlers, Surroundings, Told } from "./surroundings";
import type { Answer, Word } from "./words";

const MISFIT: Problem = {
  code: "misfit",
  title: "This page does not fit the server",
  detail: "What the server writes can't be read here. Reload to get its own page.",
  status: 0,
};
class Unreadable extends Error {}

/** More commits than this are not held for a beginning: it will hold them itself. */
const HELD = 1000;
const BEGIN_AGAIN_MS = 2000;
/** By then the words of other tabs have come that were on their way. */
const WORDS_MS = 2000;

export class Copy {
  readonly pending: Pending;
  /** Where earlier tasks begin that are not here; null: all are. */
  older: string | null = null;
  /** It holds something to show. */
  ready = false;
  /** Tasks that are kept are still being read. */
  filling = false;
  /** Grows whenever the history here begins anew: an answer to a question of before says nothing any more. */
  era = 0;

  #settleOpened = (): void => {};
  /** Resolves when what is kept has been taken up, or nothing was. */
  readonly opened = new Promise<void>((resolve) => (this.#settleOpened = resolve));

  #replica: Replica | null;
  readonly #checkpoints: Checkpoints;
  #part: { text: string; frame: Frame }[] = [];
  /** Where the stream began, if not where this stood. */
  #head: string | null = null;
  /** One beginning after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #busy = 0;
  /** Commits that came while there was nothing for them to follow on. */
  #held: string[][] = [];
  /** What came did not follow on what was here, and what is kept has been read again since. */
  #reread = false;
  /** What came could not be read, and the snapshot has been asked for since. */
  #misread = false;
  #again: ReturnType<typeof setTimeout> | undefined;
  #asking: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: Id,
    readonly around: Surroundings,
    readonly on: CopyHandlers,
  ) {
    this.#replica = around.core.newReplica();
    const replica = (): Replica | null => (this.ready ? this.#replica : null);
    this.pending = new Pending(id, replica);
    this.#checkpoints = new Checkpoints(
      id,
      around,
      () => (this.#busy === 0 ? replica() : null),
      () => this.older,
    );
  }

  get replica(): Replica | null {
    return this.#replica;
  }
  /** Where it stands; null before it has anything. */
  get cursor(): string | null {
    return this.ready ? (this.#replica?.cursor() ?? null) : null;
  }
  /** Takes up what is kept in this browser. Returns whether there is something to show. */
  open(): Promise<boolean> {
    return this.#alone(() => this.#restore()).finally(() => this.#settleOpened());
  }

  /** Begins from the server's snapshot, now or as soon as it can be had; what waits to be sent stays. */
  async begin(): Promise<void> {
    clearTimeout(this.#again);
    try {
      await this.#alone(() => this.#snapshot());
      this.on.trouble(null);
    } catch (error) {
      if (this.#replica === null) return;
      if (error instanceof Unreadable) {
        this.around.misfit();
        this.on.trouble(MISFIT);
        return;
      }
      const problem = asProblem(error);
      if (await isKeptOut(problem)) {
        this.on.lost(problem);
        return;
      }
      this.on.trouble(problem);
      this.#again = setTimeout(() => void this.begin(), BEGIN_AGAIN_MS);
    }
  }

  /** The leader stands here. What it has told since is on its way; what it told before this tab listened is kept. */
  compare(cursor: string): void {
    if (!this.ready || this.#replica?.cursor() === cursor) return;
    if (this.around.leads()) void this.begin();
    else void this.open();
  }

  stop(): void {
    this.#settleOpened();
    this.#checkpoints.stop();
    clearTimeout(this.#again);
    clearTimeout(this.#asking);
    this.#replica?.free();
    this.#replica = null;
    this.ready = false;
  }

  // What this person does

  /** Decides a command here and now. It is painted, then kept, then sent, in this order. */
  propose(command: Command, at: number, beside: Beside): Proposal | null {
    const proposal = this.#replica?.propose(command, at) ?? null;
    if (!proposal || proposal.outcome === "rejected") return proposal;
    const kept = this.around.archive.enqueue(this.id, command, at, beside);
    this.pending.add(command, at, beside, kept);
    this.on.queueChanged();
    // Said at once: if this tab goes now, who leads knows that there is something to send.
    this.around.say({ type: "queued", workspace: this.id, command, at, beside });
    void kept.then(() => this.around.wake(this.id));
    return proposal;
  }

  /**
   * Makes what is kept follow what is known here: what waits here and is kept no longer, since somebody has cleared the storage, is kept again;
   * what is kept and settled here, since the tab that led before died, goes.
   * Returns whether that changed what is kept.
   */
  async reconcile(rows: QueueRow[]): Promise<boolean> {
    const { archive } = this.around;
    const over = this.#takeUp(rows);
    if (over.length > 0) await archive.settle(this.id, over);
    const kept = new Set(rows.map(({ id }) => id));
    const { waiting } = this.pending;
    if (waiting.every(({ command }) => kept.has(command.id))) return over.length > 0;
    await archive.keepAgain(this.id, waiting);
    return true;
  }

  /** A file of ours that a command may name. */
  attach(file: Attachment): void {
    this.#replica?.attach(file);
  }

  /** A page of a thread or of earlier tasks, asked for in this era. */
  page(kind: "thread" | "tasks", task: Id | null, text: string, era: number): void {
    if (era !== this.era || !this.#replica) return;
    this.#load(this.#replica, { workspace: this.id, kind, task, texts: [text] });
    this.on.touched();
    this.around.say({ type: "page", workspace: this.id, kind, task, text });
    void this.around.archive.note(this.id, kind, task, text);
    // With the last of the earlier tasks there is something to write down as a whole.
    if (kind === "tasks" && this.older === null) this.#checkpoints.soon();
    else this.#checkpoints.grown();
  }

  /** Tasks that were asked for. */
  found(tasks: Task[], era: number): void {
    if (era === this.era && this.ready) this.#replica?.loadTasks(JSON.stringify({ tasks }));
  }

  /** What has been refused and dealt with. */
  dismiss(commands: Id[]): void {
    this.around.say({ type: "dismissed", workspace: this.id, commands });
    void this.around.archive.dismiss(this.id, commands);
  }

  // What the leader hears

  event(event: RoomEvent): void {
    if (event.name === "hello") {
      this.#hello(event);
      return;
    }
    if (event.name === "reset") {
      void this.begin();
      return;
    }
    const frame = event.data as unknown as Frame;
    this.#part.push({ text: event.text, frame });
    if (frame.cursor === undefined) return;
    const texts = this.#part.splice(0).map(({ text }) => text);
    this.around.say({ type: "commit", workspace: this.id, texts });
    this.#commit(texts);
  }

  /** A stream that does not go on from here may have begun after what is here ends. */
  #hello({ data, resumed }: RoomEvent): void {
    if (resumed || typeof data["cursor"] !== "string") return;
    this.#head = data["cursor"];
    if (this.ready && this.#replica?.cursor() !== this.#head) void this.begin();
  }

  /** The stream begins anew: half a commit will come again as a whole. */
  cut(): void {
    this.#part = [];
  }

  /** The server has answered for these; without a cursor it refused them unseen. */
  async answered(cursor: string | null, results: Answer[]): Promise<void> {
    const { taken, settled, refused } = this.#answer(cursor, results);
    this.around.say({ type: "answered", workspace: this.id, cursor, results });
    await this.around.archive.answered(this.id, cursor, taken, settled, refused);
  }

  /** All that waits is sent again: what the server has answered for no longer counts. */
  anew(): void {
    for (const id of this.pending.queued.keys()) this.pending.acknowledge(id, null);
    this.on.queueChanged();
  }

  // What other tabs tell

  hear(word: Extract<Word, { workspace: Id }>): void {
    switch (word.type) {
      case "commit":
        this.#commit(word.texts);
        return;
      case "queued":
        this.#adopt(word.command, word.at, word.beside);
        if (this.around.leads()) this.around.wake(this.id);
        return;
      case "pending":
        if (this.around.leads()) void this.#tellEnds(word.commands);
        return;
      case "answered":
        this.#answer(word.cursor, word.results);
        return;
      case "page":
        if (this.#replica && this.ready && this.#busy === 0) {
          this.#load(this.#replica, { ...word, texts: [word.text] });
          this.#checkpoints.grown();
          this.on.touched();
        }
        return;
      case "anew":
        this.anew();
        return;
      case "begun":
        void this.open();
        return;
      case "dismissed":
        this.on.dismissed(word.commands);
        return;
      case "file":
        if (this.around.leads()) this.around.wake(this.id);
    }
  }

  /** The threads that are wanted again are the ones to keep. */
  looked(task: Id): void {
    this.#checkpoints.looked(task);
  }

  /** This tab may have missed how something ended: a word about it may come after its commit. The leader is asked. */
  #askSoon(): void {
    this.#asking ??= setTimeout(() => {
      this.#asking = undefined;
      const commands = this.pending.unsent.map(({ command }) => command.id);
      if (commands.length > 0 && !this.around.leads())
        this.around.say({ type: "pending", workspace: this.id, commands });
    }, WORDS_MS);
  }

  /** What does not wait here and is not kept as waiting has ended, by where this stands. */
  async #tellEnds(commands: Id[]): Promise<void> {
    const { archive } = this.around;
    const kept = new Set((await archive.queue(this.id)).rows.map(({ id }) => id));
    const refused = new Map((await archive.refusals(this.id)).map(({ id, problem }) => [id, problem]));
    const ended = commands.filter((id) => !this.pending.queued.has(id) && !kept.has(id));
    const { cursor } = this;
    if (cursor === null || ended.length === 0) return;
    const results = ended.map((command) => ({ command, rejection: refused.get(command) ?? null }));
    this.around.say({ type: "answered", workspace: this.id, cursor, results });
  }

  // Inside

  /** One beginning at a time; commits that come meanwhile are taken up afterwards. */
  #alone<R>(work: () => Promise<R>): Promise<R> {
    this.#busy++;
    const result = this.#turn.then(work).finally(() => {
      this.#busy--;
      if (this.#busy > 0 || !this.ready) return;
      for (const texts of this.#held.splice(0)) this.#commit(texts, "held");
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  async #restore(): Promise<boolean> {
    const { core, archive } = this.around;
    const kept = await archive.load(this.id);
    if (!this.#replica) return false;
    this.on.drafts(kept.drafts);
    // Where nothing is shown yet, what stands first is enough to begin with.
    const restored = restore(core, kept, this.ready ? "all" : "first");
    if (restored) {
      this.#renew(restored.replica);
      this.older = restored.older;
      for (const task of restored.threads) this.looked(task);
      this.#checkpoints.stand(kept.journal.length, kept.checkpoint?.length ?? 0);
      this.ready = true;
      this.filling = restored.rest.length > 0;
    }
    const over = this.#takeUp(kept.queue);
    if (over.length > 0) void archive.settle(this.id, over);
    this.on.refused(kept.refusals, false);
    this.on.renewed(restored?.tasks ?? null);
    this.on.queueChanged();
    if (restored && this.filling) await this.#fill(restored);
    return this.ready;
  }

  /** Reads the rest while what there is can be looked at. */
  async #fill({ replica, rest }: Restored): Promise<void> {
    try {
      for await (const _ of filled(replica, rest, () => this.#replica === replica)) this.on.touched();
    } catch {
      // The server has them all.
      void this.begin();
    } finally {
      this.filling = false;
      this.on.touched();
    }
  }

  /** Another replica takes this one's place, with all that waits. */
  #renew(replica: Replica): void {
    const old = this.#replica;
    this.pending.adoptAll(replica);
    this.#replica = replica;
    this.era++;
    old?.free();
  }

  async #snapshot(): Promise<void> {
    const head = this.#head;
    const text = await fetchSnapshot(this.id);
    const replica = this.#replica;
    if (!replica) return;
    try {
      replica.loadSnapshot(text);
    } catch {
      throw new Unreadable();
    }
    this.pending.adoptAll(replica);
    this.era++;
    this.older = (JSON.parse(text) as { nextCursor: string | null }).nextCursor;
    this.ready = true;
    const settled = this.pending.drop();
    // What the server had answered for it may not have any more, if it was restored: asking again does no harm.
    const again = this.pending.acknowledged;
    this.anew();
    // Somebody waits for this one: it has been read, is shown, and then kept, and between these the page hears them.
    await nextTask();
    this.on.renewed(null);
    await nextTask();
    if (this.#replica !== replica) return;
    await this.#checkpoints.write(replica, settled, again);
    this.around.say({ type: "begun", workspace: this.id });
    this.#askSoon();
    // The stream began while the snapshot was on its way: what lies between is in the next one.
    if (this.#head !== head && this.#head !== replica.cursor()) void this.begin();
    this.around.wake(this.id);
  }

  #load(replica: Replica, row: JournalRow): void {
    const { older, thread } = take(replica, row);
    if (older !== undefined) this.older = older;
    if (thread !== undefined) this.looked(thread);
  }

  #commit(texts: string[], came: "now" | "held" = "now"): void {
    if (this.#busy > 0 || !this.ready) {
      if (this.#held.length < HELD) this.#held.push(texts);
      return;
    }
    const replica = this.#replica;
    if (!replica) return;
    const told: Told[] = texts.map((text) => {
      const frame = JSON.parse(text) as Frame;
      return { frame, before: frame.taskId ? replica.task(frame.taskId) : null };
    });
    let committed = false;
    for (const text of texts) {
      const applied = replica.applyFrame(text);
      if (applied.unreadable) {
        this.#unreadable();
        return;
      }
      if (applied.reset) {
        this.#gap(texts);
        return;
      }
      committed ||= applied.committed;
    }
    const end = told.at(-1)?.frame;
    // What it began with may have held this already: it is news all the same.
    if (!committed && came === "held") this.on.committed(told.map(({ frame }) => ({ frame, before: null })));
    if (!end?.cursor || !committed) return;
    this.#reread = false;
    const refused = this.pending.refuse(end.mutations ?? []);
    for (const { command } of end.mutations ?? []) this.pending.remember(command);
    const settled = this.pending.drop();
    if (this.around.leads()) void this.#append(end.base ?? "", end.cursor, texts, settled, refused);
    this.on.refused(refused, true);
    this.on.committed(told);
    if (settled.length + refused.length > 0) this.on.queueChanged();
  }

  /** What came does not follow on what is here. The leader keeps all that comes: what is missing stands there, or the server has it. */
  #gap(texts: string[]): void {
    if (this.around.leads() || this.#reread) {
      void this.begin();
      return;
    }
    this.#reread = true;
    this.#held.unshift(texts);
    void this.open();
  }

  /** Of another version of the server. The snapshot may be readable all the same; more that is not ends it. */
  #unreadable(): void {
    if (this.#misread) {
      this.around.misfit();
      return;
    }
    this.#misread = true;
    void this.begin();
  }

  async #append(base: string, cursor: string, texts: string[], settled: Id[], refused: RefusalRow[]): Promise<void> {
    const appended = await this.around.archive.append(this.id, { base, cursor, texts, settled, refused });
    if (appended === "gap") this.#checkpoints.soon();
    else this.#checkpoints.grown();
  }

  /** Takes up rows of the queue. Returns those that need not be kept: what they asked for is settled. */
  #takeUp(rows: QueueRow[]): Id[] {
    for (const { command, at, files, shown, acknowledged } of rows) {
      this.#adopt(command, at, { files, shown });
      this.pending.acknowledge(command.id, acknowledged);
    }
    this.pending.drop();
    return rows.flatMap(({ id }) => (this.pending.queued.has(id) ? [] : [id]));
  }

  #adopt(command: Command, at: number, beside: Beside): void {
    if (!this.pending.adopt(command, at, beside)) return;
    this.#askSoon();
    this.on.touched();
    this.on.queueChanged();
  }

  #answer(cursor: string | null, results: Answer[]): { taken: Id[]; settled: Id[]; refused: RefusalRow[] } {
    const refused = this.pending.refuse(results);
    const taken = results.flatMap(({ command, rejection }) => (rejection === null ? [command] : []));
    if (cursor !== null) for (const id of taken) this.pending.acknowledge(id, cursor);
    const settled = this.pending.drop();
    this.on.refused(refused, true);
    this.on.queueChanged();
    return { taken, settled, refused };
  }
}
