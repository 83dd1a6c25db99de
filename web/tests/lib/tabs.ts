// Tabs of one person over one storage, one network and one server, each as a page has it: what it holds, and what it was told.
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Problem } from "../../src/lib/api/problem";
import { openDatabase } from "../../src/lib/db/open";
import type { FallbackDatabase } from "../../src/lib/db/fallback";
import type { ShownCard } from "../../src/lib/model/commands";
import type { RefusalRow } from "../../src/lib/db/tables";
import type { Copy } from "../../src/lib/sync/copy";
import type { CopyHandlers } from "../../src/lib/sync/surroundings";
import { Tab, type Misfit } from "../../src/lib/sync/tab";
import type { Standing } from "../../src/lib/sync/words";
import { realCore } from "./core";
import { asManager, Locks } from "./locks";
import { Server } from "./server";

export const core = await realCore();
let persons = 0;
export let person: string;
export let server: Server;
let locks: Locks;
let opened: Page[] = [];

/** A tab: its copy of the workspace, and what it was told. */
export class Page {
  refused: RefusalRow[] = [];
  standing: Standing | null = null;
  misfit: Misfit | null = null;
  trouble: Problem | null = null;
  begun = 0;
  /** How many tasks there were each time that all began anew. */
  shown: number[] = [];
  /** The commits it was told of, by the places that they lead to. */
  told: string[] = [];
  readonly copy: Copy;

  constructor(
    readonly tab: Tab,
    readonly database: FallbackDatabase,
    id: string,
    told: { standing: (standing: Standing) => void; misfit: (misfit: Misfit) => void },
  ) {
    told.standing = (standing) => (this.standing = standing);
    told.misfit = (misfit) => (this.misfit = misfit);
    const on: CopyHandlers = {
      committed: (told) => this.told.push(...told.map(({ frame }) => frame.cursor ?? "")),
      renewed: () => {
        this.begun++;
        this.shown.push(this.count);
      },
      touched: () => {},
      refused: (rows) => this.refused.push(...rows),
      dismissed: (ids) => (this.refused = this.refused.filter((row) => !ids.includes(row.id))),
      drafts: () => {},
      queueChanged: () => {},
      trouble: (problem) => (this.trouble = problem),
      lost: () => {},
    };
    this.copy = tab.copy(id, on);
  }

  static async open(database?: FallbackDatabase, protocol = core.protocol): Promise<Page> {
    const told = { standing: (_: Standing): void => {}, misfit: (_: Misfit): void => {} };
    let lost = (): unknown => null;
    const db = database ?? (await openDatabase(person, core.newId, () => lost()));
    const tab = new Tab(person, { ...core, protocol }, db, {
      standing: (standing) => told.standing(standing),
      misfit: (misfit) => told.misfit(misfit),
      leads: () => {},
      workspacesChanged: () => {},
      signedOut: () => {},
    });
    lost = () => tab.alone();
    const page = new Page(tab, db, server.workspace, told);
    opened.push(page);
    const shown = await page.copy.open();
    tab.watch([server.workspace]);
    tab.start();
    if (!shown) await page.copy.begin();
    return page;
  }

  get count(): number {
    return this.copy.replica?.tasks().flat().length ?? 0;
  }

  get name(): string | undefined {
    return this.copy.replica?.workspace()?.name;
  }

  /** Renames the workspace. Returns the command's id. */
  rename(name: string, shown: ShownCard | null = null): string {
    const id = core.newId();
    const proposal = this.copy.propose({ type: "editWorkspace", id, name }, Date.now(), { files: [], shown });
    expect(proposal?.outcome).toBe("accepted");
    return id;
  }

  /** As a browser ends a page: at once, with whatever was under way. */
  die(): void {
    opened = opened.filter((page) => page !== this);
    this.tab.stop();
  }
}

export const until = (what: () => unknown): Promise<void> =>
  vi.waitFor(async () => expect(await what()).toBeTruthy(), { timeout: 60_000, interval: 5 });
export const settled = (page: Page) => () => page.copy.pending.queued.size === 0;

/** From here on somebody else sits at this browser, or one who was there before. */
export function sits(id: string): void {
  person = id;
}

beforeEach(() => {
  person = `person-${++persons}`;
  server = new Server();
  locks = new Locks();
  vi.stubGlobal("fetch", server.fetch);
  vi.stubGlobal("navigator", { onLine: true, locks: asManager(locks) });
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
  const events = new EventTarget();
  vi.stubGlobal("addEventListener", events.addEventListener.bind(events));
  vi.stubGlobal("removeEventListener", events.removeEventListener.bind(events));
  vi.stubGlobal("dispatchEvent", events.dispatchEvent.bind(events));
});
afterEach(() => {
  for (const page of opened) page.die();
  server.cut();
  vi.unstubAllGlobals();
});
