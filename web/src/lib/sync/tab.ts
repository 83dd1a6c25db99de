// This tab among those of one person: what they keep together, what they tell each other, and, in the one that leads, the streams and the
// sending for all of them.
import type { Problem, ProblemError } from "../api/problem";
import { Archive } from "../db/archive";
import { Files } from "../db/files";
import type { Database } from "../db/tables";
import type { Id } from "../model/types";
import { Copy } from "./copy";
import type { CopyHandlers } from "./surroundings";
import { Feed, type RoomEvent } from "./feed";
import { lead, type Leadership } from "./leader";
import type { Core } from "./replica";
import { Sender } from "./sender";
import { openChannel, UNHEARD, type Channel, type Standing, type Word } from "./words";

export type Misfit = "too old" | "too new";

export interface TabHandlers {
  standing: (standing: Standing) => void;
  leads: () => void;
  /** This page is older or newer than what the server speaks: it has stopped, and only the server's own page goes on. */
  misfit: (page: Misfit) => void;
  /** The workspaces are others than this page knows of. */
  workspacesChanged: () => void;
  signedOut: () => void;
}

export class Tab {
  readonly archive: Archive;
  readonly files: Files;
  leads = false;
  standing: Standing = UNHEARD;

  #copies = new Map<Id, Copy>();
  #senders = new Map<Id, Sender>();
  #troubles = new Map<Id, Problem>();
  #watched: readonly Id[] = [];
  #channel: Channel;
  #leadership: Leadership | null = null;
  readonly #feed: Feed;
  #stopped = false;
  #misfit: Misfit | null = null;

  constructor(
    readonly person: Id,
    readonly core: Core,
    readonly db: Database,
    readonly on: TabHandlers,
  ) {
    this.archive = new Archive(db, core.newId);
    this.files = new Files(db);
    this.#channel = openChannel(`agentrq-${person}`, (word) => this.#hear(word));
    this.#feed = new Feed({
      cursor: (id) => this.#copies.get(id)?.cursor ?? null,
      event: (id, event) => this.#event(id, event),
      cut: (ids) => ids.forEach((id) => this.#copies.get(id)?.cut()),
      state: (stream) => this.#stand({ stream }),
      refused: (error) => this.#refused(error),
    });
  }

  /** From here on it hears the others, and leads when its turn comes. */
  start(): void {
    addEventListener("online", this.#network);
    this.say({ type: "hello" });
    this.#leadership = lead(`agentrq-${this.person}`, () => this.#lead());
  }

  stop(): void {
    this.#stopped = true;
    removeEventListener("online", this.#network);
    this.#leadership?.end();
    this.#feed.stop();
    for (const sender of this.#senders.values()) sender.stop();
    for (const copy of this.#copies.values()) copy.stop();
    this.#copies.clear();
    this.#channel.close();
    this.db.close();
  }

  say(word: Word): void {
    if (!this.#stopped) this.#channel.say(word);
  }

  /** This tab's copy of a workspace. */
  copy(id: Id, on: CopyHandlers): Copy {
    const copy = new Copy(
      id,
      {
        core: this.core,
        archive: this.archive,
        leads: () => this.keeps(),
        say: (word) => this.say(word),
        wake: () => this.wake(id),
        misfit: () => this.#part("too old"),
      },
      on,
    );
    this.#copies.set(id, copy);
    return copy;
  }

  drop(id: Id): void {
    this.#senders.get(id)?.stop();
    this.#senders.delete(id);
    this.#troubles.delete(id);
    this.#copies.get(id)?.stop();
    this.#copies.delete(id);
  }

  /** The workspaces whose news are wanted. */
  watch(ids: readonly Id[]): void {
    this.#watched = ids;
    if (this.leads) void this.#follow();
  }

  /** Something waits to be sent. */
  wake(id: Id): void {
    if (this.#stopped || !this.keeps()) return;
    let sender = this.#senders.get(id);
    if (!sender) {
      sender = new Sender(id, this.core, this.archive, this.files, {
        answered: async (cursor, results) => this.#copies.get(id)?.answered(cursor, results),
        reconcile: async (rows) => (await this.#copies.get(id)?.reconcile(rows)) ?? false,
        anew: async () => {
          await this.archive.renumber(id);
          this.#copies.get(id)?.anew();
          this.say({ type: "anew", workspace: id });
        },
        trouble: (problem) => this.#trouble(id, problem),
      });
      this.#senders.set(id, sender);
    }
    sender.wake();
  }

  /** Another try at everything, now. */
  retry(): void {
    if (!this.leads) this.say({ type: "retry" });
    else this.#feed.restart();
    for (const sender of this.#senders.values()) sender.wake();
  }

  /** The browser keeps nothing any more: this tab sends what it has itself. */
  alone(): void {
    for (const copy of this.#copies.values()) copy.anew();
    void this.#wakeAll();
  }

  /** Does this tab keep what comes and send what waits? One that shares no storage does so for itself. */
  keeps(): boolean {
    return this.#misfit === null && (this.leads || !this.db.lasting);
  }

  #lead(): void {
    if (this.#stopped || this.#misfit !== null) return;
    this.leads = true;
    // What the one that led before had, a stream and troubles, is gone with it.
    this.#stand({ stream: "connecting", trouble: null });
    this.on.leads();
    void this.#tellWhere();
    void this.#follow();
    void this.#wakeAll();
  }

  /** Goes on from what is kept of each: so that is taken up first. */
  async #follow(): Promise<void> {
    const ids = this.#watched;
    await Promise.all(ids.map((id) => this.#copies.get(id)?.opened));
    if (!this.#stopped && this.leads && ids === this.#watched) this.#feed.watch(ids);
  }

  /** A new tab has read what was kept when it began; by now more may be. */
  async #tellWhere(): Promise<void> {
    this.say({ type: "standing", standing: this.standing });
    const cursors = [...this.#copies.values()].flatMap(({ id, cursor }) =>
      cursor === null ? [] : [[id, cursor] as [Id, string]],
    );
    // After whatever is being written.
    await this.archive.waiting();
    this.say({ type: "at", cursors });
  }

  async #wakeAll(): Promise<void> {
    const held = [...this.#copies.values()].flatMap(({ id, pending }) => (pending.unsent.length > 0 ? [id] : []));
    for (const id of new Set([...held, ...(await this.archive.waiting())])) this.wake(id);
  }

  #network = (): void => {
    for (const sender of this.#senders.values()) sender.renew();
  };

  #event(id: Id, event: RoomEvent): void {
    if (event.name === "gone") {
      this.#refused(null);
      return;
    }
    if (event.name === "hello") {
      const { build, protocol } = event.data;
      this.#stand({
        build: typeof build === "string" ? build : null,
        protocol: typeof protocol === "number" ? protocol : null,
      });
      this.#compare();
      if (this.#misfit !== null) return;
    }
    this.#copies.get(id)?.event(event);
  }

  /** Does this page speak as the server does? */
  #compare(): void {
    const { protocol } = this.standing;
    if (protocol !== null && protocol !== this.core.protocol)
      this.#part(protocol > this.core.protocol ? "too old" : "too new");
  }

  /** Stops: another tab may be of the server's version, and lead. What waits stays kept, for the page that fits. */
  #part(misfit: Misfit): void {
    if (this.#stopped || this.#misfit !== null) return;
    this.#misfit = misfit;
    this.#feed.stop();
    for (const sender of this.#senders.values()) sender.stop();
    this.#senders.clear();
    this.#stand({ stream: "stopped" });
    this.leads = false;
    this.#leadership?.end();
    this.on.misfit(misfit);
  }

  #refused(error: ProblemError | null): void {
    // A sign-in that ended is told by every request alike; anything else means that the list of workspaces is another.
    if (error?.problem.status === 401) return;
    this.on.workspacesChanged();
    this.say({ type: "workspaces" });
  }

  #trouble(id: Id, problem: Problem | null): void {
    if (problem === null) this.#troubles.delete(id);
    else this.#troubles.set(id, problem);
    const [trouble = null] = this.#troubles.values();
    if (trouble !== this.standing.trouble) this.#stand({ trouble });
  }

  #stand(change: Partial<Standing>): void {
    this.standing = { ...this.standing, ...change };
    this.on.standing(this.standing);
    if (this.leads) this.say({ type: "standing", standing: this.standing });
  }

  #hear(word: Word): void {
    switch (word.type) {
      case "hello":
        if (this.leads) void this.#tellWhere();
        return;
      case "at":
        if (!this.leads) for (const [id, cursor] of word.cursors) this.#copies.get(id)?.compare(cursor);
        return;
      case "standing":
        if (this.leads) return;
        this.standing = word.standing;
        this.on.standing(word.standing);
        this.#compare();
        return;
      case "retry":
        if (this.leads) this.retry();
        return;
      case "workspaces":
        this.on.workspacesChanged();
        return;
      case "signedOut":
        this.on.signedOut();
        return;
      default:
        this.#copies.get(word.workspace)?.hear(word);
    }
  }
}
