// Who is signed in, their workspaces, each of them live, and the one that is open.
import { cacheFilesIn } from "../api/attachments";
import { keepSessionKey, sessionKey, whenSignedOut } from "../api/http";
import { asProblem, UNREACHABLE, type Problem } from "../api/problem";
import { signIn, signOut, whoAmI } from "../api/session";
import { listWorkspaces } from "../api/workspaces";
import { openDatabase } from "../db/open";
import type { FallbackDatabase } from "../db/fallback";
import type { RefusalRow } from "../db/tables";
import type { Id, Person, Workspace } from "../model/types";
import { loadCore } from "../sync/replica";
import { Tab } from "../sync/tab";
import { UNHEARD, type Standing } from "../sync/words";
import { endAll, forgetAll } from "./belongings";
import { awaits, calm } from "./calm";
import { kept } from "./kept.svelte";
import { rememberedPerson, rememberedWorkspace, rememberPerson, rememberWorkspace } from "./remembered";
import { syncOf, type Sync } from "./sync-words";
import { undo } from "./undo.svelte";
import { Version } from "./version.svelte";
import { WorkspaceStore } from "./workspace.svelte";

class App {
  #online = $state(navigator.onLine);
  #standing = $state.raw<Standing>(UNHEARD);
  #wasOpen = $state(false);

  phase = $state<"unknown" | "in" | "out">("unknown");
  person = $state.raw<Person | null>(null);
  workspaces = $state.raw<Workspace[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  open = $state.raw<WorkspaceStore | null>(null);
  /** Every workspace of the person, live, the open one first; and those that are gone but in which refused words of theirs wait. */
  stores = $state.raw<WorkspaceStore[]>([]);
  /** Of all tabs, this one talks to the server and to the person's system. */
  isLeader = $state(false);
  /** Nothing outlives the page: this browser does not keep it. */
  forgets = $state(false);
  /** Somebody wants to sign out while words of theirs wait. */
  leaving = $state(false);
  /** What waits is sent first; by a page that fits, if this one does not. */
  readonly version: Version = new Version(() => this.sync.unsent > 0 && (this.version.misfit === null || this.forgets));
  readonly sync: Sync = $derived(
    syncOf({
      online: this.#online,
      stream: this.#standing.stream,
      wasOpen: this.#wasOpen,
      unsent: this.stores.reduce((sum, store) => sum + store.unsent, 0),
      misfit: this.version.misfit !== null,
      trouble: this.#standing.trouble ?? this.stores.find((store) => store.trouble !== null)?.trouble ?? null,
    }),
  );
  /** What was refused anywhere and has not been dealt with. */
  readonly refused: { store: WorkspaceStore; row: RefusalRow }[] = $derived(
    this.stores.flatMap((store) => store.refusals.all.map((row) => ({ store, row }))),
  );
  /** Where to go on after signing in. */
  wanted: string | null = null;

  #tab: Promise<Tab> | null = null;
  #database: FallbackDatabase | null = null;
  #asked = false;
  #listing: Promise<Workspace[]> | null = null;

  constructor() {
    whenSignedOut(() => this.#end());
    const network = (): void => void (this.#online = navigator.onLine);
    addEventListener("online", network);
    addEventListener("offline", network);
  }

  /** Begins with who was here last, without waiting for the network; the server then says who it is. */
  async start(): Promise<void> {
    this.problem = null;
    const last = rememberedPerson();
    if (last && sessionKey() !== null) await this.#begin(last);
    try {
      await this.#signedIn(await whoAmI());
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 401 || problem.status === 403) this.#end();
      else if (this.phase !== "in") this.problem = problem;
    }
  }

  async signIn(key: string): Promise<void> {
    await this.#signedIn(await signIn(key));
  }

  /** Signs out; with words still waiting it asks first, and "anyway" is the answer. */
  async signOut(waiting: "ask" | "anyway" = "ask"): Promise<void> {
    undo.flush();
    // What waits may not have been read from the storage yet: that is waited for, as it is what would be lost.
    const tab = await this.#tab?.catch(() => null);
    if (waiting === "ask" && (this.sync.unsent > 0 || (await tab?.archive.hasUnsent()))) {
      this.leaving = true;
      return;
    }
    // Whatever says meanwhile that the session is over: this is deleted.
    const database = this.#database;
    await endAll();
    await signOut();
    this.leaving = false;
    tab?.say({ type: "signedOut" });
    this.#end();
    this.wanted = null;
    await database?.destroy();
  }

  /** Asks for the list. */
  loadWorkspaces(): Promise<Workspace[]> {
    const listing = this.#list(this.person).finally(() => {
      if (this.#listing === listing) this.#listing = null;
    });
    this.#listing = listing;
    return listing;
  }

  /** Asks for the list, unless it is being asked for already. */
  listWorkspaces(): Promise<Workspace[]> {
    return this.#listing ?? this.loadWorkspaces();
  }

  /** While it is on its way somebody else may sign in: then it is neither theirs to see nor to keep. */
  async #list(person: Person | null): Promise<Workspace[]> {
    this.problem = null;
    try {
      const workspaces = await listWorkspaces();
      if (this.person !== person) return [];
      await this.#keepWorkspaces(workspaces);
      if (this.workspaces === workspaces) await (await this.#tab)?.archive.keepWorkspaces(workspaces);
    } catch (error) {
      if (this.person !== person) return [];
      const problem = asProblem(error);
      // Those that are known are better than none.
      if (problem.code !== UNREACHABLE || this.workspaces === null) this.problem = problem;
    }
    return this.workspaces ?? [];
  }

  /** The store of this workspace; it comes first from now on. */
  enter(id: Id): WorkspaceStore {
    const store = this.#store(id) ?? this.#makeStore(id);
    void store.begin();
    if (this.open !== store) this.open?.older.stop();
    this.open = store;
    store.older.start();
    this.#keepStores([id, ...this.stores.map((one) => one.id)]);
    rememberWorkspace(id);
    return store;
  }

  /** None is open. All of them stay live, but for one that an address has named and that is not theirs. */
  close(): void {
    const left = this.open;
    left?.older.stop();
    this.open = null;
    if (left?.phase !== "failed" || (this.workspaces ?? []).some(({ id }) => id === left.id)) return;
    left.stop();
    this.stores = this.stores.filter((store) => store !== left);
  }

  /** Asks the network again, now. */
  retry(): void {
    for (const store of this.stores) if (store.phase === "failed") void store.start();
    void this.#tab?.then((tab) => tab.retry()).catch(() => {});
  }

  /** This tab among its siblings, made once for the person; a try that failed is made again. */
  tab(): Promise<Tab> {
    const person = this.person;
    if (!person) return Promise.reject(new Error("nobody is signed in"));
    this.#tab ??= this.#makeTab(person).catch((error: unknown) => {
      this.#tab = null;
      throw error;
    });
    return this.#tab;
  }

  async #makeTab(person: Person): Promise<Tab> {
    // What is kept is opened while the rules are on their way.
    const rules = loadCore();
    let lost = (): void => void (this.forgets = true);
    const newId = (): Promise<Id> => rules.then((core) => core.newId());
    const opening = openDatabase(person.id, newId, () => lost());
    const core = await rules.catch(async (error: unknown) => {
      (await opening).close();
      throw error;
    });
    const database = await opening;
    const tab = new Tab(person.id, core, database, {
      standing: (standing) => this.#stand(standing),
      leads: () => {
        this.isLeader = true;
        this.open?.older.wake();
      },
      misfit: (misfit) => {
        this.isLeader = false;
        this.version.ends(misfit);
      },
      workspacesChanged: () => void this.loadWorkspaces(),
      signedOut: () => this.#end(),
    });
    if (this.person?.id !== person.id) {
      tab.stop();
      throw new Error("somebody else has signed in");
    }
    this.#database = database;
    lost = () => {
      if (this.#database !== database) return;
      this.forgets = true;
      void tab.alone();
    };
    cacheFilesIn(tab.files);
    tab.start();
    return tab;
  }

  async #signedIn(person: Person): Promise<void> {
    if (this.person !== null && this.person.id !== person.id) this.#clear();
    rememberPerson(person);
    this.problem = null;
    await this.#begin(person);
    await this.listWorkspaces();
  }

  /** What is kept of this person is shown at once. */
  async #begin(person: Person): Promise<void> {
    if (this.person?.id === person.id && this.phase === "in") return;
    this.person = person;
    this.phase = "in";
    try {
      const { archive } = await this.tab();
      const kept = await archive.workspaces();
      if (kept && this.person.id === person.id && this.workspaces === null) await this.#keepWorkspaces(kept);
    } catch {
      // each store says for itself what is missing
    }
  }

  /** Nobody is signed in any more. What they have not sent stays where it is kept, for nobody else. */
  #end(): void {
    this.#clear();
    keepSessionKey(null);
    this.phase = "out";
  }

  /** Nothing of the person stays on the screen. */
  #clear(): void {
    void this.#tab?.then((tab) => tab.stop()).catch(() => {});
    this.#tab = null;
    this.#database = null;
    cacheFilesIn(null);
    forgetAll();
    this.close();
    for (const store of this.stores) store.stop();
    this.stores = [];
    this.person = null;
    this.workspaces = null;
    this.#listing = null;
    this.isLeader = false;
    this.#standing = UNHEARD;
    this.#wasOpen = false;
    this.leaving = false;
    this.forgets = false;
  }

  async #keepWorkspaces(workspaces: Workspace[]): Promise<void> {
    this.workspaces = workspaces;
    const waiting = (await (await this.#tab)?.archive.waiting()) ?? [];
    // A newer list, or another person's, is kept by whoever brought it.
    if (this.workspaces !== workspaces) return;
    const open = this.open;
    this.#keepStores([...(open ? [open.id] : []), ...workspaces.map(({ id }) => id), ...waiting]);
  }

  #store(id: Id): WorkspaceStore | undefined {
    return this.stores.find((store) => store.id === id);
  }

  #makeStore(id: Id): WorkspaceStore {
    const store = new WorkspaceStore(
      id,
      () => this.tab(),
      () => void this.#tab?.then((tab) => tab.retry()).catch(() => {}),
      () => this.#keepStorage(),
    );
    store.connection(this.#standing.stream);
    return store;
  }

  /** What is looked at comes first. */
  async #beginStores(): Promise<void> {
    const stores = this.stores;
    const near = this.open ?? this.#store(rememberedWorkspace() ?? "") ?? stores[0];
    awaits(near?.begin() ?? Promise.resolve());
    await calm;
    for (const store of stores) void store.begin();
  }

  /** Keeps exactly these live, in this order. */
  #keepStores(ids: readonly Id[]): void {
    const wanted = [...new Set(ids)];
    for (const store of this.stores) if (!wanted.includes(store.id)) store.stop();
    this.stores = wanted.map((id) => this.#store(id) ?? (this.open?.id === id ? this.open : this.#makeStore(id)));
    void this.#beginStores();
    // An address may name a workspace that is not theirs: the stream would be refused for it. The order of what is watched says nothing:
    // another workspace in front must not cut the stream.
    const theirs = new Set(this.workspaces?.map(({ id }) => id));
    const watched = wanted.filter((id) => theirs.has(id)).toSorted();
    void this.#tab?.then((tab) => tab.watch(watched)).catch(() => {});
  }

  #stand(standing: Standing): void {
    const changed = standing.stream !== this.#standing.stream;
    this.#standing = standing;
    if (standing.stream === "open") this.#wasOpen = true;
    if (changed) for (const store of this.stores) store.connection(standing.stream);
    if (changed && standing.stream === "open") kept.again();
    this.version.heard(standing);
  }

  /** Asked once there is something that the browser should not clear away by itself. */
  #keepStorage(): void {
    if (this.#asked) return;
    this.#asked = true;
    void navigator.storage?.persist?.().catch(() => {});
  }
}

export const app = new App();
