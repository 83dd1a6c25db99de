// A tab as a page has it: its copy of the one workspace, and the refusals that it shows.
import type { FallbackDatabase } from "../../src/lib/db/fallback";
import { openDatabase } from "../../src/lib/db/open";
import { fetchThread } from "../../src/lib/api/tasks";
import type { Command } from "../../src/lib/model/commands";
import type { Id } from "../../src/lib/model/types";
import type { Copy } from "../../src/lib/sync/copy";
import type { Core } from "../../src/lib/sync/replica";
import { Tab } from "../../src/lib/sync/tab";

/** The storage of this browser; one that fails would be another story. */
export function storageOf(person: Id, core: Core): Promise<FallbackDatabase> {
  return openDatabase(person, core.newId, (why) => {
    throw why instanceof Error ? why : new Error(String(why));
  });
}

export class Page {
  /** Refusals that it shows. */
  readonly refused = new Set<Id>();
  readonly copy: Copy;
  readonly tab: Tab;

  constructor(
    readonly database: FallbackDatabase,
    person: Id,
    readonly workspace: Id,
    readonly core: Core,
  ) {
    this.tab = new Tab(person, core, database, {
      standing: () => {},
      misfit: () => {},
      leads: () => {},
      workspacesChanged: () => {},
      signedOut: () => {},
    });
    this.copy = this.tab.copy(workspace, {
      committed: () => {},
      renewed: () => {},
      touched: () => {},
      refused: (rows) => rows.forEach(({ id }) => this.refused.add(id)),
      dismissed: () => {},
      drafts: () => {},
      queueChanged: () => {},
      trouble: () => {},
      lost: () => {},
    });
  }

  /** Opens as the page does: from what is kept, else from the server. */
  static async open(person: Id, workspace: Id, core: Core): Promise<Page> {
    const page = new Page(await storageOf(person, core), person, workspace, core);
    const shown = await page.copy.open();
    page.tab.watch([workspace]);
    page.tab.start();
    if (!shown) void page.copy.begin();
    return page;
  }

  /** Returns whether it was taken. */
  propose(command: Command, at: number): boolean {
    const outcome = this.copy.propose(command, at, { files: [], shown: null })?.outcome;
    const isTaken = outcome === "accepted" || outcome === "sending";
    if (command.type === "giveVerdict" && outcome === "accepted")
      throw new Error(`the verdict ${command.id} was painted as done`);
    return isTaken;
  }

  look(task: Id): void {
    const { era } = this.copy;
    fetchThread(this.workspace, task, { order: "desc", limit: 100, cursor: null }).then(
      (text) => this.copy.page("thread", task, text, era),
      () => {},
    );
  }
}
