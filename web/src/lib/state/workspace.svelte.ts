// One workspace as this page knows it: the replica fed by deltas, the commands on their way, and both as reactive state.
import { SvelteMap } from "svelte/reactivity";
import { asProblem, sentence, type Problem } from "../api/problem";
import { fetchSnapshot, fetchTask, fetchTasks } from "../api/tasks";
import { workspacePath } from "../api/workspaces";
import type { Command, Draft } from "../model/commands";
import type { Frame, Snapshot } from "../model/sync";
import {
  needsPerson,
  type Actor,
  type Agent,
  type Attachment,
  type Delivery,
  type Id,
  type Message,
  type Task,
  type Workspace,
} from "../model/types";
import { MemoryStorage, Outbox, type Queued } from "../sync/outbox";
import { loadCore, type Core, type Replica } from "../sync/replica";
import type { ServerEvent } from "../sync/sse";
import { EventStream, FINAL, type StreamState } from "../sync/stream";
import { announcer } from "./announcer.svelte";
import { clock } from "./clock.svelte";
import { keep } from "./keep";
import { newsOf } from "./news";
import { subjectOf, subjectsOf } from "./subjects";
import { EMPTY_THREAD, Threads, type ThreadView } from "./threads.svelte";
import { Touched, type Changes } from "./touched";

export interface Refusal {
  command: Command;
  problem: Problem;
}

const ME_UNKNOWN: Actor = { kind: "system" };

export class WorkspaceStore {
  phase = $state<"loading" | "ready" | "failed">("loading");
  problem = $state.raw<Problem | null>(null);
  workspace = $state.raw<Workspace | null>(null);
  tasks = $state.raw<Task[]>([]);
  agents = $state.raw<Agent[]>([]);
  me = $state.raw<Actor>(ME_UNKNOWN);
  stream = $state<StreamState>("connecting");
  /** The stream has been open at least once: from then on its absence is worth a word. */
  wasOpen = $state(false);
  online = $state(navigator.onLine);
  unsent = $state(0);
  trouble = $state.raw<Problem | null>(null);
  olderCursor = $state<string | null>(null);
  /** What the server refused after this page had shown it, by task ("" for the workspace itself). */
  readonly refusals = new SvelteMap<Id, Refusal>();
  readonly threads: Threads;
  /** Unsent words, by task: they outlive a look at another task. */
  readonly drafts: Record<Id, string> = {};

  readonly needsYou: Task[] = $derived(this.tasks.filter(needsPerson));
  readonly connected: Agent[] = $derived(this.agents.filter((agent) => agent.presence === "connected"));
  readonly meId: Id | null = $derived(this.me.kind === "person" ? this.me.id : null);

  /** Grows with every change of what is shown. */
  #version = $state(0);
  /** The same for the thread of each task that has been looked at: news of one task repaints no other. */
  readonly #looked = new SvelteMap<Id, ThreadView>();
  #core: Core | null = null;
  #replica: Replica | null = null;
  #outbox: Outbox | null = null;
  #stream: EventStream | null = null;
  readonly #touched = new Touched();
  /** The frames of the commit that is under way, each with its task as it was before. */
  #commit: { frame: Frame; before: Task | null }[] = [];
  #resetting = false;
  #stopped = false;

  constructor(readonly id: Id) {
    this.threads = new Threads(id, (task, page) => {
      this.#replica?.loadThread(page);
      this.#touch(task);
    });
  }

  async start(): Promise<void> {
    addEventListener("online", this.#network);
    addEventListener("offline", this.#network);
    this.phase = "loading";
    this.problem = null;
    try {
      const [core, snapshot] = await Promise.all([loadCore(), fetchSnapshot(this.id)]);
      if (this.#stopped) return;
      this.#core = core;
      this.#outbox ??= this.#makeOutbox(core);
      this.#replica ??= core.newReplica(this.#outbox.client);
      this.#begin(this.#replica, snapshot);
      this.#stream ??= this.#makeStream();
      this.#paint({ all: true });
      this.phase = "ready";
      this.#stream.start();
    } catch (error) {
      if (this.#stopped) return;
      this.problem = asProblem(error);
      this.phase = "failed";
    }
  }

  stop(): void {
    this.#stopped = true;
    removeEventListener("online", this.#network);
    removeEventListener("offline", this.#network);
    this.#stream?.stop();
    this.#outbox?.close();
    this.#replica?.free();
    this.#replica = null;
  }

  /** Asks the network again, now. */
  retry(): void {
    if (this.phase === "failed") void this.start();
    else this.#stream?.restart();
  }

  // Looking

  task(id: Id): Task | null {
    void this.#version;
    return this.#replica?.task(id) ?? null;
  }

  /** Finds a task by its id or its number. */
  find(name: string): Task | null {
    const byId = this.task(name);
    if (byId || !/^\d{1,9}$/.test(name)) return byId;
    return this.tasks.find((task) => task.number === Number(name)) ?? null;
  }

  thread(task: Id): Message[] {
    return this.#look(task).messages;
  }

  /** The deliveries of a task's messages, by the message's id. */
  deliveries(task: Id): Record<Id, Delivery> {
    return this.#look(task).deliveries;
  }

  #look(task: Id): ThreadView {
    return this.#looked.get(task) ?? EMPTY_THREAD;
  }

  /** A verdict of ours on this task that the server has not confirmed: it is "sending", never done. */
  verdictOnItsWay(task: Id): Extract<Command, { type: "giveVerdict" }> | null {
    void this.#version;
    for (const { command } of this.#outbox?.entries ?? []) {
      if (command.type === "giveVerdict" && command.task === task) return command;
    }
    return null;
  }

  /** Asks the server for a task that the snapshot did not hold. */
  async fetch(name: string): Promise<Task> {
    const task = await fetchTask(this.id, name);
    this.#replica?.loadTasks({ tasks: [task] });
    this.#touch(task.id);
    return task;
  }

  async loadOlder(): Promise<void> {
    if (this.olderCursor === null) return;
    const page = await fetchTasks(this.id, { cursor: this.olderCursor, limit: "100" });
    this.#replica?.loadTasks(page);
    this.olderCursor = page.nextCursor;
    this.#paint({ all: true });
  }

  // Doing

  newId(): Id {
    if (!this.#core) throw new Error("the workspace is not loaded yet");
    return this.#core.newId();
  }

  /** Decides a command here and now and sends it on. The problem, if core refuses it; nothing is sent then. */
  do(draft: Draft): Problem | null {
    const replica = this.#replica;
    const outbox = this.#outbox;
    if (!replica || !outbox)
      return { code: "not_loaded", title: "Still loading", detail: "The workspace is still loading.", status: 0 };
    const command = { ...draft, id: this.newId() } as Command;
    clock.look();
    const proposal = replica.propose(outbox.nextMutation, command, Date.now());
    if (proposal.outcome === "rejected") {
      return proposal.rejection ?? { code: "refused", title: "This can't be done", detail: "", status: 409 };
    }
    this.refusals.delete(subjectOf(command));
    outbox.add(command);
    this.#touch(subjectOf(command));
    return null;
  }

  /** Makes an uploaded file known, so that a message with it can be shown before the server has it. */
  attach(attachment: Attachment): void {
    this.#replica?.attach(attachment);
  }

  // Feeding

  #begin(replica: Replica, snapshot: Snapshot): void {
    replica.loadSnapshot(snapshot);
    this.me = snapshot.me;
    this.olderCursor = snapshot.nextCursor;
  }

  #makeStream(): EventStream {
    return new EventStream(`${workspacePath(this.id)}/events`, () => this.#replica?.cursor() ?? null, {
      event: (event) => this.#event(event),
      state: (state) => {
        this.stream = state;
        if (state === "open") this.wasOpen = true;
      },
      refused: (error) => this.#lost(error.problem),
    });
  }

  /** No try will bring this workspace back. A refused sign-in is not its fault: that is asked for anew. */
  #lost(problem: Problem): void {
    this.#stream?.stop();
    this.problem = problem;
    if (problem.status !== 401) this.phase = "failed";
  }

  #makeOutbox(core: Core): Outbox {
    return new Outbox(`${workspacePath(this.id)}/commands`, core.newId, new MemoryStorage(), {
      accepted: (entry, cursor) => {
        this.#replica?.settle(entry.mutationId, null, cursor);
        this.#note(subjectOf(entry.command));
      },
      rejected: (entry, problem) => this.#refused(entry, problem),
      // The replica knows its commands by the old name and numbers: it starts anew as well.
      renumbered: (client, entries) => void this.#reset(core.newReplica(client), entries),
      changed: () => {
        this.unsent = this.#outbox?.unsent ?? 0;
        this.trouble = this.#outbox?.trouble ?? null;
      },
    });
  }

  #event(event: ServerEvent): void {
    if (event.event === "hello") return;
    if (event.event === "reset") {
      void this.#reset();
      return;
    }
    const replica = this.#replica;
    if (!replica) return;
    try {
      this.#apply(replica, JSON.parse(event.data) as Frame);
    } catch {
      // A frame that this page cannot read, of a newer server perhaps: what it changed is in the next snapshot.
      void this.#reset();
    }
  }

  #apply(replica: Replica, frame: Frame): void {
    const before = frame.taskId ? replica.task(frame.taskId) : null;
    const { reset, committed } = replica.applyFrame(frame);
    if (reset) {
      this.#commit = [];
      void this.#reset();
      return;
    }
    // A commit takes effect as a whole, with its last frame; only then is there something to show and to say.
    this.#commit.push({ frame, before });
    if (frame.cursor === undefined) return;
    const parts = this.#commit;
    this.#commit = [];
    this.#settle(frame);
    if (!committed) return;
    this.#note("");
    for (const part of parts) {
      for (const id of subjectsOf(part.frame)) this.#note(id);
      const after = part.frame.taskId ? replica.task(part.frame.taskId) : null;
      const news = newsOf(part.frame, part.before, after, replica.agents(), this.meId);
      if (news) announcer.say(news);
    }
  }

  /** What this frame says of our own commands. */
  #settle(frame: Frame): void {
    const outbox = this.#outbox;
    if (!outbox || !frame.mutations) return;
    const ours = frame.mutations.filter(({ clientId }) => clientId === outbox.client);
    for (const { mutationId, rejection } of ours) {
      const entry = outbox.entries.find((one) => one.mutationId === mutationId);
      if (entry && rejection) this.#refused(entry, rejection);
    }
    outbox.confirm(ours.map(({ mutationId }) => mutationId));
  }

  #refused(entry: Queued, problem: Problem): void {
    this.#replica?.settle(entry.mutationId, problem);
    this.refusals.set(subjectOf(entry.command), { command: entry.command, problem });
    announcer.say(`Not done: ${sentence(problem)}`);
    this.#touch(subjectOf(entry.command));
  }

  /** The server's history is another one than ours: begin again from a snapshot, keeping what is still to be sent. */
  async #reset(fresh?: Replica, entries: readonly Queued[] = []): Promise<void> {
    if (this.#resetting && !fresh) return;
    this.#resetting = true;
    try {
      const snapshot = await fetchSnapshot(this.id);
      const old = this.#replica;
      if (this.#stopped || !old) return;
      const replica = fresh ?? old;
      this.#begin(replica, snapshot);
      for (const { mutationId, command } of entries) replica.propose(mutationId, command, Date.now());
      this.#replica = replica;
      if (replica !== old) old.free();
      this.#outbox?.forgetAcknowledged();
      this.#paint({ all: true });
      this.#resetting = false;
      this.#stream?.restart();
      void this.#outbox?.flush();
      await this.threads.reload();
    } catch (error) {
      const problem = asProblem(error);
      if (FINAL.has(problem.status)) {
        this.#lost(problem);
        return;
      }
      this.trouble = problem;
      setTimeout(() => {
        this.#resetting = false;
        if (!this.#stopped) void this.#reset(fresh, entries);
      }, 2000);
    }
  }

  #network = (): void => {
    this.online = navigator.onLine;
  };

  /** Something about this task ("" for the workspace) has changed: it is painted with the next frame of the screen. */
  #note(task: Id): void {
    if (!this.#touched.note(task)) return;
    const paint = (): void => {
      if (this.#touched.any) this.#paint(this.#touched.take());
    };
    // A hidden page draws no frames, but its title still counts.
    if (document.visibilityState === "visible") requestAnimationFrame(paint);
    else setTimeout(paint, 50);
  }

  /** The same, painted at once: what this person just did. */
  #touch(task: Id): void {
    this.#touched.note(task);
    this.#paint(this.#touched.take());
  }

  #paint(changes: Changes): void {
    const replica = this.#replica;
    if (!replica) return;
    this.workspace = replica.workspace();
    this.agents = keep(this.agents, replica.agents(), (agent) => agent.name);
    if (changes.all) {
      this.#touched.take();
      this.tasks = keep(this.tasks, replica.tasks(), (task) => task.id);
      for (const id of this.#looked.keys()) this.#read(replica, id);
    } else {
      // A command that waits is decided anew on every delta: its task may look different as well.
      const waiting = this.#outbox?.entries.map(({ command }) => subjectOf(command)) ?? [];
      const ids = [...changes.tasks, ...waiting].filter((id, at, all) => id !== "" && all.indexOf(id) === at);
      if (ids.length > 0) this.#replace(replica, ids);
      for (const id of ids) this.#read(replica, id);
    }
    this.#version++;
  }

  #replace(replica: Replica, ids: Id[]): void {
    const others = this.tasks.filter((task) => !ids.includes(task.id));
    const changed = ids.flatMap((id) => replica.task(id) ?? []);
    // Newest first, as the replica has them: ids are ordered by time.
    this.tasks = [...others, ...keep(this.tasks, changed, (task) => task.id)].sort((one, other) =>
      one.id < other.id ? 1 : -1,
    );
  }

  #read(replica: Replica, task: Id): void {
    if (!this.threads.states.has(task)) return;
    const before = this.#looked.get(task) ?? EMPTY_THREAD;
    const deliveries = keep(Object.values(before.deliveries), replica.deliveries(task), (delivery) => delivery.id);
    this.#looked.set(task, {
      messages: keep(before.messages, replica.thread(task), (message) => message.id),
      deliveries: Object.fromEntries(deliveries.map((delivery) => [delivery.id, delivery])),
    });
  }
}
