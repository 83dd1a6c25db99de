// A run from a seed: one browser with several tabs, in front of the authority of the simulation, over a network that drops, delays and cuts; tabs
// that die, storage that is cleared or set back, a server that dies, and others who act meanwhile. Then everything comes to rest, and every
// promise must hold.
import { IDBFactory } from "fake-indexeddb";
import { expect, vi } from "vitest";
import { TABLES, type Tables } from "../../src/lib/db/tables";
import type { Command, Draft } from "../../src/lib/model/commands";
import type { Actor, Id, Task } from "../../src/lib/model/types";
import type { Core } from "../../src/lib/sync/replica";
import { asManager, Locks } from "../lib/locks";
import { Authority } from "./authority";
import { Hub } from "./channel";
import { Network } from "./network";
import { Page, storageOf } from "./page";
import { Random } from "./random";

const PERSON = "p-ada";
const ME: Actor = { kind: "person", id: PERSON, name: "Ada" };
const OTHERS: Actor[] = [
  { kind: "person", id: "p-bob", name: "Bob" },
  { kind: "agent", name: "claude" },
];
const WORKSPACE = "W".repeat(22);
const START = Date.UTC(2026, 2, 24, 14, 33, 41);
/** A run that moves for longer than this many rounds without faults does not come to rest. */
const ROUNDS = 60;

/** What is kept of the workspace. */
const OURS = TABLES.filter((table) => table !== "person");
type Kept = { [T in keyof Tables]: Tables[T][] };

/** The rules, with ids that a seed repeats. */
export interface SeededCore extends Core {
  idAt(ms: number, random: number): Id;
}

export class World {
  readonly steps: string[] = [];
  readonly random: Random;
  readonly authority = new Authority();
  readonly hub = new Hub();
  readonly network: Network;
  readonly counts = { proposed: 0, tabsDied: 0, storageLost: 0, setBack: 0, refused: 0 };
  #pages: Page[] = [];
  #proposed = new Set<Id>();
  /** What may be lost: nobody had it when the one place that did was gone. */
  #doubtful = new Set<Id>();
  /** Refusals that were kept in a storage that is gone. */
  #forgotten = new Set<Id>();
  #earlier: Kept | null = null;
  #events = new EventTarget();
  #core: Core;

  constructor(seed: number, core: SeededCore) {
    this.random = new Random(seed);
    let minted = 0;
    this.#core = { ...core, newId: () => core.idAt(Date.now(), ++minted) };
    this.network = new Network(this.authority, WORKSPACE, ME, () => Date.now());
    vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    vi.spyOn(Math, "random").mockImplementation(this.random.fraction);
    vi.stubGlobal("indexedDB", new IDBFactory());
    vi.stubGlobal("fetch", this.network.fetch);
    vi.stubGlobal("BroadcastChannel", this.hub.type);
    vi.stubGlobal("navigator", { onLine: true, locks: asManager(new Locks()) });
    vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
    vi.stubGlobal("addEventListener", this.#events.addEventListener.bind(this.#events));
    vi.stubGlobal("removeEventListener", this.#events.removeEventListener.bind(this.#events));
  }

  /** Ends all that runs. */
  async end(): Promise<void> {
    for (const page of this.#pages.splice(0)) page.tab.stop();
    this.network.cut();
    await this.#ticks(50);
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  }

  async run(): Promise<void> {
    await this.#open();
    const length = 40 + this.random.below(80);
    for (let step = 0; step < length; step++) {
      await this.#step();
      await this.#ticks(this.random.below(12));
    }
    await this.#comeToRest();
    // One more commit: what was cleared is kept again from the next one on.
    const last: Draft = { type: "createTask", title: "the last", body: "", assignee: "human", attachments: [] };
    this.authority.act(OTHERS[1] ?? ME, { ...last, id: this.#core.newId() } as Command, Date.now());
    this.network.publish();
    await this.#comeToRest();
    await this.#check();
  }

  async #step(): Promise<void> {
    const { random, network } = this;
    const page = random.of(this.#pages);
    const who = page ? `tab ${this.#pages.indexOf(page)}` : "nobody";
    const kind = random.below(1000);
    if (kind < 200) this.#propose(page, who);
    else if (kind < 290) this.#other();
    else if (kind < 560) this.#note("arrives", network.arrive(random));
    else if (kind < 720) this.#note("word heard", this.hub.arrive(random));
    else if (kind < 750) this.#note("dropped", network.drop(random));
    else if (kind < 765) this.#note("streams cut", network.cut());
    else if (kind < 780) this.#note("offline", network.goOffline());
    else if (kind < 830) this.#note("online", this.#goOnline());
    else if (kind < 870) this.#note("time passes", void vi.advanceTimersByTime(random.below(5_000)));
    else if (kind < 900)
      this.#note("will crash", void (network.crash = random.below(2) === 0 ? "beforePersisting" : "beforePublishing"));
    else if (kind < 925) this.#note(`${who} looks`, this.#look(page));
    else if (kind < 950) this.#note("a tab opens", await this.#open());
    else if (kind < 975) this.#note(`${who} dies`, await this.#die(page));
    else if (kind < 985) this.#note("kept", await this.#keep());
    else if (kind < 990) this.#note("storage cleared", await this.#clear());
    else if (kind < 995) this.#note("storage set back", await this.#setBack());
  }

  #note(step: string, what?: unknown): void {
    this.steps.push(typeof what === "string" ? `${step}: ${what}` : step);
  }

  // What people and agents do

  #propose(page: Page | undefined, who: string): void {
    if (!page) return;
    const tasks = page.copy.replica?.tasks().flat() ?? [];
    const command = { ...this.#act(tasks), id: this.#core.newId() } as Command;
    const isTaken = page.propose(command, Date.now());
    this.#note(`${who}: ${command.type} ${command.id}${isTaken ? "" : ", refused at once"}`);
    if (!isTaken) return;
    this.counts.proposed++;
    this.#proposed.add(command.id);
  }

  #other(): void {
    const actor = this.random.of(OTHERS) ?? ME;
    const { tasks } = this.authority.snapshot(actor);
    const command = { ...this.#act(tasks), id: this.#core.newId() } as Command;
    const refused = this.authority.act(actor, command, Date.now());
    this.#note(`somebody else: ${command.type} ${command.id}${refused ? `: ${refused.code}` : ""}`);
    this.network.publish();
  }

  #act(tasks: readonly Task[]): Draft {
    const { random } = this;
    const task = random.of(tasks);
    const text = `said ${random.below(1_000_000)}`;
    const attachments: Id[] = [];
    const act = random.below(16);
    if (!task || act < 3)
      return {
        type: "createTask",
        title: text,
        body: "the body",
        assignee: act % 2 === 0 ? "agent" : "human",
        attachments,
      };
    if (act < 7) return { type: "postMessage", task: task.id, text, attachments };
    if (act < 9)
      return {
        type: "setStatus",
        task: task.id,
        to: random.of(["notstarted", "ongoing", "completed", "rejected"] as const) ?? "ongoing",
      };
    if (act < 12) {
      const verdict = random.of(["approved", "rejected"] as const) ?? "approved";
      return {
        type: "giveVerdict",
        task: task.id,
        verdict,
        digest: task.digest,
        text: "",
        attachments,
        then: "complete",
      };
    }
    if (act === 12) return { type: "editTask", task: task.id, title: text };
    if (act === 13) return { type: "reopen", task: task.id };
    if (act === 14) return { type: "deleteTask", task: task.id };
    return { type: "editWorkspace", name: text };
  }

  #look(page: Page | undefined): void {
    const task = this.random.of(page?.copy.replica?.tasks().flat() ?? []);
    if (page && task) page.look(task.id);
  }

  // What happens to the browser

  async #open(): Promise<void> {
    if (this.#pages.length >= 3) return;
    this.#pages.push(await Page.open(PERSON, WORKSPACE, this.#core));
  }

  /** As a browser ends a page: at once. What it alone had is lost with it. */
  async #die(page: Page | undefined): Promise<void> {
    if (!page) return;
    this.counts.tabsDied++;
    this.#pages = this.#pages.filter((other) => other !== page);
    const held = [...page.copy.pending.queued.keys()];
    page.tab.stop();
    this.#lose(held, (await this.#stored()).queue);
  }

  /** Notes what may be lost of these: what is neither kept nor in any tab. */
  #lose(held: readonly Id[], kept: readonly { id: Id }[]): void {
    const there = new Set([
      ...kept.map(({ id }) => id),
      ...this.#pages.flatMap(({ copy }) => [...copy.pending.queued.keys()]),
    ]);
    for (const id of held) if (!there.has(id)) this.#doubtful.add(id);
  }

  #goOnline(): void {
    this.network.online = true;
    this.#events.dispatchEvent(new Event("online"));
  }

  /** Notes what is kept now, to set the storage back to it. */
  async #keep(): Promise<void> {
    this.#earlier = await this.#stored();
  }

  async #stored(): Promise<Kept> {
    const database = await storageOf(PERSON, this.#core);
    const rows = database.read(OURS, async (tx) => {
      const all = await Promise.all(OURS.map((table) => tx.all(table)));
      return Object.fromEntries(OURS.map((table, at) => [table, all[at]])) as unknown as Kept;
    });
    const kept = await rows;
    database.close();
    return kept;
  }

  async #store(kept: Kept | null): Promise<void> {
    for (const { id } of (await this.#stored()).refusals) this.#forgotten.add(id);
    const database = await storageOf(PERSON, this.#core);
    const written = database.write(OURS, async (tx) => {
      for (const table of OURS) {
        await tx.clear(table, WORKSPACE);
        for (const row of kept?.[table] ?? []) await tx.put(table, row);
      }
    });
    await written;
    database.close();
  }

  /** The person clears the storage while pages are open: what stands in a page is not lost with it. */
  async #clear(): Promise<void> {
    this.counts.storageLost++;
    const { queue } = await this.#stored();
    await this.#store(null);
    this.#lose(
      queue.map(({ id }) => id),
      [],
    );
  }

  /** The browser starts with its storage as it was some time ago. */
  async #setBack(): Promise<void> {
    const earlier = this.#earlier;
    if (!earlier) return;
    this.counts.setBack++;
    for (const page of [...this.#pages]) await this.#die(page);
    const { queue } = await this.#stored();
    await this.#store(earlier);
    this.#lose(
      queue.map(({ id }) => id),
      earlier.queue,
    );
    await this.#open();
  }

  // How time passes

  /** Lets what the page has begun go on for a while: each tick is one turn of the event loop. */
  async #ticks(count: number): Promise<void> {
    for (let tick = 0; tick < count; tick++) await new Promise((done) => setImmediate(done));
  }

  async #comeToRest(): Promise<void> {
    this.network.crash = null;
    if (this.#pages.length === 0) await this.#open();
    this.#goOnline();
    for (let round = 0; round < ROUNDS; round++) {
      do {
        while (!this.network.isQuiet) this.network.arrive(this.random);
        while (!this.hub.isQuiet) this.hub.arrive(this.random);
        await this.#ticks(40);
      } while (!this.network.isQuiet || !this.hub.isQuiet);
      if (round > 2 && this.#pages.every(({ copy }) => this.#isAtRest(copy))) return;
      vi.advanceTimersByTime(20_000);
      this.#events.dispatchEvent(new Event("online"));
      await this.#ticks(40);
    }
  }

  #isAtRest(copy: Page["copy"]): boolean {
    return copy.pending.queued.size === 0 && copy.cursor === this.authority.snapshot(ME).cursor;
  }

  // What must hold

  async #check(): Promise<void> {
    const truth = this.authority.snapshot(ME);
    for (const [at, page] of this.#pages.entries()) this.#checkPage(page, `tab ${at}`);
    // What is kept comes to the same, without a network.
    const stored = await this.#stored();
    this.network.goOffline();
    for (const page of [...this.#pages]) await this.#die(page);
    await this.#open();
    const [again] = this.#pages;
    if (again) this.#checkPage(again, "what is kept");
    expect(stored.queue, "nothing waits").toEqual([]);

    const effects = this.authority.effects();
    const shown = new Set(stored.refusals.map(({ id }) => id));
    for (const id of this.#proposed) {
      const [took, refused] = effects[id] ?? [0, 0];
      expect(took, `${id} took effect`).toBeLessThanOrEqual(1);
      expect(took > 0 && refused > 0, `${id} took effect and was refused`).toBe(false);
      if (took > 0) expect(shown.has(id), `${id} took effect and is shown as refused`).toBe(false);
      if (!this.#doubtful.has(id)) expect(took + refused, `${id} reached the server`).toBeGreaterThan(0);
      if (refused > 0 && took === 0) this.counts.refused++;
      if (refused > 0 && !this.#doubtful.has(id) && !this.#forgotten.has(id))
        expect(shown.has(id), `${id} was refused, and somebody can see it`).toBe(true);
    }
    expect(truth.cursor).toBe(this.authority.snapshot(ME).cursor);
  }

  #checkPage({ copy }: Page, who: string): void {
    const truth = this.authority.snapshot(ME);
    const { replica } = copy;
    expect(copy.cursor, `${who} stands where the server does`).toBe(truth.cursor);
    expect([...copy.pending.queued.keys()], `${who} has nothing pending`).toEqual([]);
    expect(replica?.workspace()?.name, `${who}: the workspace`).toBe(truth.workspace.name);
    const head = ({ id, title, status, turn, digest, messages, revision }: Task): object => ({
      id,
      title,
      status,
      turn,
      digest,
      messages,
      revision,
    });
    const byId = (one: Task, other: Task): number => (one.id < other.id ? -1 : 1);
    expect((replica?.tasks().flat() ?? []).toSorted(byId).map(head), `${who}: the tasks`).toEqual(
      truth.tasks.toSorted(byId).map(head),
    );
    for (const { id } of replica?.tasks().flat() ?? []) {
      if (!replica?.threadState(id)) continue;
      const said = (this.authority.thread(id)?.messages ?? []).map((message) => message.id).toSorted();
      expect(
        replica
          .thread(id)
          .map((message) => message.id)
          .toSorted(),
        `${who}: the thread of ${id}`,
      ).toEqual(said);
    }
  }
}
