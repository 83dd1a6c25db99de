// One workspace as reactive state: what this tab's copy of it holds, painted as it changes.
import { asProblem, sentence, type Problem } from "../api/problem";
import { fetchTask, fetchTasks } from "../api/tasks";
import type { RefusalRow } from "../db/tables";
import type { Command, Draft, ShownCard } from "../model/commands";
import { PAGE } from "../model/limits";
import {
  isListed,
  needsPerson,
  type Actor,
  type Agent,
  type Attachment,
  type Delivery,
  type Id,
  type Listed,
  type Message,
  type Task,
  type Workspace,
} from "../model/types";
import type { Copy } from "../sync/copy";
import type { Queued } from "../sync/pending";
import type { Told } from "../sync/surroundings";
import type { Replica } from "../sync/replica";
import type { StreamState } from "../sync/stream";
import { frame, whenIdle } from "../idle";
import { subjectOf } from "../sync/subjects";
import type { Archive } from "../db/archive";
import type { Tab } from "../sync/tab";
import { announcer } from "./announcer.svelte";
import { clock } from "./clock.svelte";
import { keptDrafts } from "./drafts";
import { Frames, isFresh } from "./frames";
import { changed, keep } from "./keep";
import { newsOf } from "./news";
import { ENOUGH, lackingFrom, Older, type Lacking } from "./older";
import { newest, taskIn } from "./place";
import { Refusals } from "./refusals.svelte";
import { follow } from "./sorted";
import { ThreadViews } from "./thread-views";
import { Threads } from "./threads.svelte";
import { verdictsIn, type VerdictCommand, type Verdicts } from "./verdicts";

export type { Refusal } from "./refusals.svelte";

/** What has become of a command: it waits here, the server has it, or refused it; null: it is part of the history, or none of ours. */
export type Fate = "pending" | "sent" | "refused" | null;

/** This device asks for as little as possible over the network. */
const SAVES_DATA = "connection" in navigator && (navigator.connection as { saveData?: boolean }).saveData === true;
const ME_UNKNOWN: Actor = { kind: "system" };
const NOT_LOADED: Problem = {
  code: "not_loaded",
  title: "Still loading",
  detail: "The workspace is still loading.",
  status: 0,
};
/** As many tasks are made ready for the search at once as leave a frame its time. */
const PREPARED_AT_ONCE = 500;

export class WorkspaceStore {
  phase = $state<"loading" | "ready" | "failed">("loading");
  problem = $state.raw<Problem | null>(null);
  workspace = $state.raw<Workspace | null>(null);
  /** Newest first. */
  tasks = $state.raw<readonly Task[]>([]);
  /** Those of them that wait for a person, newest first. */
  needsYou = $state.raw<readonly Task[]>([]);
  /** Those of them that agents keep on lists or in the background, newest first. */
  listed = $state.raw<readonly Listed[]>([]);
  agents = $state.raw<readonly Agent[]>([]);
  me = $state.raw<Actor>(ME_UNKNOWN);
  stream = $state<StreamState>("connecting");
  /** The stream has been open at least once: from then on its absence is worth a word. */
  wasOpen = $state(false);
  online = $state(navigator.onLine);
  /** How many commands the server has not answered for. */
  unsent = $state(0);
  trouble = $state.raw<Problem | null>(null);
  olderCursor = $state<string | null>(null);
  /** Tasks that are kept here are still being read. */
  filling = $state(false);
  /** What the server refused after this page had shown it. */
  readonly refusals: Refusals;
  readonly threads: Threads;
  /** Unsent words, by task: they outlive a look at another task, and the page. */
  readonly drafts: Record<Id, string>;
  /** Hears of every frame of a commit, once it has taken effect here. */
  readonly frames = new Frames();

  readonly connected: Agent[] = $derived(this.agents.filter((agent) => agent.presence === "connected"));
  readonly meId: Id | null = $derived(this.me.kind === "person" ? this.me.id : null);

  /** Grows with every change of a task or a thread. */
  #texts = $state(0);
  /** Grows with every change of what waits to be sent. */
  #queue = $state(0);
  /** Verdicts of ours that the server has not confirmed, by task. */
  #verdicts = $state.raw<Verdicts>(verdictsIn([]));
  readonly #views = new ThreadViews();
  /** Something has changed since the page was painted last. */
  #due = false;
  #queueMoved = false;
  #preparing = false;
  /** Files of ours that commands of ours may name. */
  #files: Attachment[] = [];
  #tab: Tab | null = null;
  #copy: Copy | null = null;
  #stopped = false;
  #begun: Promise<void> | null = null;
  #loadingOlder: Promise<void> | null = null;
  /** Brings in by itself what is not here, while this workspace is the one that is looked at. */
  readonly older = new Older({
    wanted: () =>
      this.phase === "ready" &&
      this.stream === "open" &&
      this.olderComes &&
      !this.filling &&
      (this.#tab?.keeps() ?? false),
    load: () =>
      this.loadOlder().then(
        () => true,
        () => false,
      ),
  });
  /** What is not here of the tasks. */
  readonly lacking: Lacking = $derived(this.filling ? "open" : lackingFrom(this.olderCursor));
  /** It comes by itself, as soon as it can. */
  readonly olderComes: boolean = $derived(this.lacking !== "nothing" && this.tasks.length < ENOUGH && !SAVES_DATA);

  constructor(
    readonly id: Id,
    /** This tab among its siblings: it comes with the wasm and the storage. */
    readonly tab: () => Promise<Tab>,
    /** Every try is made at once. */
    readonly again: () => void,
    /** Something of ours waits here: the browser should not clear it away. */
    readonly worthKeeping: () => void,
  ) {
    this.drafts = keptDrafts((task, text) => void this.#tab?.archive.keepDraft(id, task, text));
    this.refusals = new Refusals((commands) => this.#copy?.dismiss(commands));
    this.threads = new Threads(id, {
      held: (task) => this.#threadHeld(task),
      era: () => this.#copy?.era ?? 0,
      arrived: (task, page, era) => {
        this.#copy?.page("thread", task, page, era);
        this.#paint(task);
      },
      looked: (task) => {
        this.#copy?.looked(task);
        this.#paint(task);
      },
    });
  }

  /** Starts it, unless it was. Settles once it is here, or could not be had at the first try. */
  begin(): Promise<void> {
    this.#begun ??= this.start();
    return this.#begun;
  }

  async start(): Promise<void> {
    if (this.#stopped) return;
    addEventListener("online", this.#network);
    addEventListener("offline", this.#network);
    this.phase = "loading";
    this.problem = null;
    try {
      this.#tab ??= await this.tab();
      if (this.#stopped) return;
      this.#copy ??= this.#makeCopy(this.#tab);
      const copy = this.#copy;
      if (!(await copy.open()) && !this.#stopped) await copy.begin();
    } catch (error) {
      if (!this.#stopped) this.#lost(asProblem(error));
    }
  }

  stop(): void {
    this.#stopped = true;
    removeEventListener("online", this.#network);
    removeEventListener("offline", this.#network);
    this.older.stop();
    this.#tab?.drop(this.id);
    this.#copy = null;
  }

  /** Asks the network again, now. */
  retry(): void {
    if (this.phase === "failed") void this.start();
    this.again();
  }

  // Looking

  task(id: Id): Task | null {
    return taskIn(this.tasks, id);
  }

  /** Finds a task by its id or its number. */
  find(name: string): Task | null {
    const byId = this.task(name);
    if (byId || !/^\d{1,9}$/.test(name)) return byId;
    return this.tasks.find((task) => task.number === Number(name)) ?? null;
  }

  thread(task: Id): readonly Message[] {
    return this.#views.of(task).messages;
  }

  /** The deliveries of a task's messages, oldest first. Each has its message's id. */
  deliveries(task: Id): readonly Delivery[] {
    return this.#views.of(task).deliveries;
  }

  /** A verdict of ours on this task that the server has not confirmed: it is "sending", never done. */
  verdictOnItsWay(task: Id): VerdictCommand | null {
    return this.#verdicts.get(task) ?? null;
  }

  /** Commands of ours that the server has not answered for, in order. */
  get waiting(): Queued[] {
    void this.#queue;
    return this.#copy?.pending.unsent ?? [];
  }

  fate(command: Id): Fate {
    void this.#queue;
    const queued = this.#copy?.pending.queued.get(command);
    if (queued) return queued.acknowledged === null ? "pending" : "sent";
    return this.refusals.of(command) ? "refused" : null;
  }

  /** The tasks in which all of these words stand, the best first. */
  search(words: string): Id[] {
    void this.#texts;
    return this.#replica?.search(words) ?? [];
  }

  /** Somebody may search soon: what that needs is made ready meanwhile, so that the first letter takes no longer than the next ones. */
  prepareSearch(): void {
    if (this.#preparing) return;
    this.#preparing = true;
    whenIdle(() => {
      this.#preparing = false;
      if (this.#replica?.prepareSearch(PREPARED_AT_ONCE)) this.prepareSearch();
    });
  }

  /** The same, asked of the server: of the tasks that are not here as well. They are here afterwards. */
  async lookUp(query: Record<string, string>): Promise<Id[]> {
    const era = this.#copy?.era ?? 0;
    const text = await fetchTasks(this.id, query);
    const { tasks } = JSON.parse(text) as { tasks: Task[] };
    this.#copy?.found(tasks, era);
    this.#paint();
    return tasks.map(({ id }) => id);
  }

  /** Asks the server for a task that is not here. */
  async fetch(name: string): Promise<Task> {
    const era = this.#copy?.era ?? 0;
    const text = await fetchTask(this.id, name);
    const task = JSON.parse(text) as Task;
    this.#copy?.found([task], era);
    this.#paint();
    return task;
  }

  /** The next page of what is not here. */
  loadOlder(): Promise<void> {
    this.#loadingOlder ??= this.#loadOlder().finally(() => (this.#loadingOlder = null));
    return this.#loadingOlder;
  }

  async #loadOlder(): Promise<void> {
    const copy = this.#copy;
    if (!copy || copy.older === null) return;
    const { era, older } = copy;
    const page = await fetchTasks(this.id, { cursor: older, limit: String(PAGE) });
    copy.page("tasks", null, page, era);
    this.#paint();
  }

  // Doing

  /** What this browser keeps; null, before it is known. */
  get archive(): Archive | null {
    return this.#tab?.archive ?? null;
  }

  newId(): Id {
    if (!this.#tab) throw new Error("the workspace is not loaded yet");
    return this.#tab.core.newId();
  }

  /** Decides a command here and now and sends it on, given on what was `shown`. The problem, if core refuses it; nothing is sent then. */
  do(draft: Draft, shown: ShownCard | null = null, id?: Id): Problem | null {
    if (!this.#copy?.ready) return NOT_LOADED;
    const command = { ...draft, id: id ?? this.newId() } as Command;
    clock.turn();
    const named = "attachments" in command ? command.attachments : [];
    const files = this.#files.filter(({ id }) => named.includes(id));
    const proposal = this.#copy.propose(command, Date.now(), { files, shown });
    if (proposal === null) return NOT_LOADED;
    if (proposal.outcome === "rejected") {
      return proposal.rejection ?? { code: "refused", title: "This can't be done", detail: "", status: 409 };
    }
    this.refusals.delete(subjectOf(command));
    this.#paint();
    this.worthKeeping();
    return null;
  }

  /** Why core would refuse this as things stand here; nothing is done. */
  may(draft: Draft): Problem | null {
    return this.#replica?.refusal({ ...draft, id: this.newId() } as Command, Date.now()) ?? null;
  }

  /** Makes a file of ours known, so that a message with it can be shown before the server has it. */
  attach(attachment: Attachment): void {
    this.#files.push(attachment);
    this.#copy?.attach(attachment);
  }

  // Feeding

  /** How the stream stands that brings this workspace's news. */
  connection(state: StreamState): void {
    const opened = state === "open" && this.stream !== "open";
    this.stream = state;
    if (!opened) return;
    this.wasOpen = true;
    // What could not be had without a network is asked for again.
    this.threads.retry();
    this.older.wake();
  }

  get #replica(): Replica | null {
    return this.#copy?.ready ? this.#copy.replica : null;
  }

  #makeCopy(tab: Tab): Copy {
    const copy = tab.copy(this.id, {
      committed: (told) => this.#committed(told),
      renewed: (known) => {
        if (!copy.ready) return;
        this.me = copy.replica?.me() ?? ME_UNKNOWN;
        this.phase = "ready";
        this.problem = null;
        this.#paint(null, known);
        this.threads.renew();
        this.older.wake();
      },
      touched: () => this.#note(),
      refused: (rows, fresh) => this.#refused(rows, fresh),
      dismissed: (commands) => this.refusals.forget(commands),
      drafts: (drafts) => {
        for (const [task, text] of Object.entries(drafts)) this.drafts[task] ??= text;
      },
      queueChanged: () => {
        this.unsent = copy.pending.unsent.length;
        this.#queueMoved = true;
        this.#note();
      },
      trouble: (problem) => {
        this.trouble = problem;
        // With nothing to show, the reason is shown instead.
        if (problem === null || copy.ready) return;
        this.problem = problem;
        this.phase = "failed";
      },
      lost: (problem) => this.#lost(problem),
    });
    return copy;
  }

  /** No try will bring this workspace back. A refused sign-in is not its fault: that is asked for anew. */
  #lost(problem: Problem): void {
    this.problem = problem;
    if (problem.status === 401) return;
    this.phase = "failed";
    this.tasks = this.needsYou = this.listed = [];
  }

  #committed(told: Told[]): void {
    const replica = this.#replica;
    if (!replica) return;
    this.#note();
    for (const { frame, before } of told) {
      const after = frame.taskId ? replica.task(frame.taskId) : null;
      const news = newsOf(frame, before, after, replica.agents(), this.meId);
      if (news) announcer.tell(news);
      this.frames.tell(frame, { fresh: isFresh(frame) });
    }
  }

  #refused(rows: RefusalRow[], fresh: boolean): void {
    for (const row of rows) {
      this.refusals.add(row);
      if (fresh) announcer.say(`Not done: ${sentence(row.problem)}`);
    }
    this.#note();
  }

  #threadHeld(task: Id): { earlier: string | null } | null {
    const held = this.#replica?.threadState(task);
    if (held) return { earlier: this.#replica?.thread(task)[1]?.index === 1 ? null : held.nextCursor };
    // A task of ours that the server does not have yet: all there is of it is here.
    return this.#copy?.pending.queued.has(task) ? { earlier: null } : null;
  }

  #network = (): void => {
    this.online = navigator.onLine;
  };

  // Painting

  /** Something has changed: it is painted with the next frame of the screen. */
  #note(): void {
    if (this.#due) return;
    this.#due = true;
    const paint = (): void => {
      if (this.#due) this.#paint();
    };
    // A hidden page draws no frames, but its title still counts.
    if (document.visibilityState === "visible") void frame().then(paint);
    else setTimeout(paint, 50);
  }

  /**
   * What has changed is painted at once, and nothing else is looked at but a thread that is looked at for the first time. Where all begins
   * anew, the tasks may be known as they were before what has changed.
   */
  #paint(look: Id | null = null, known: Task[] | null = null): void {
    const replica = this.#replica;
    if (!replica) return;
    this.#due = false;
    const changes = replica.changes();
    const { everything, around, touched, tasks } = changes;
    const all = everything ? replica.tasks().flat() : known;
    if (all !== null || around) {
      this.workspace = replica.workspace();
      this.agents = keep(this.agents, replica.agents(), (agent) => agent.name);
    }
    this.olderCursor = this.#copy?.older ?? null;
    const filled = this.filling && !this.#copy?.filling;
    this.filling = this.#copy?.filling ?? false;
    if (filled) this.older.wake();
    if (all !== null) {
      this.tasks = keep(this.tasks, all.toSorted(newest), (task) => task.id);
      this.needsYou = this.tasks.filter(needsPerson);
      this.listed = this.tasks.filter(isListed);
    }
    const { gone, come } = changed((id) => taskIn(this.tasks, id), touched, tasks);
    this.tasks = follow(this.tasks, gone, come, newest);
    this.needsYou = follow(this.needsYou, gone.filter(needsPerson), come.filter(needsPerson), newest);
    this.listed = follow(this.listed, gone.filter(isListed), come.filter(isListed), newest);
    if (all === null) this.#views.follow(replica, changes, look);
    else this.#views.readAll(replica, look);
    if (this.#queueMoved) this.#readQueue();
    if (all !== null || touched.length > 0) this.#texts++;
  }

  #readQueue(): void {
    this.#queueMoved = false;
    this.#queue++;
    const verdicts = verdictsIn([...(this.#copy?.pending.queued.values() ?? [])].map(({ command }) => command));
    if (verdicts.size + this.#verdicts.size > 0) this.#verdicts = verdicts;
  }
}
