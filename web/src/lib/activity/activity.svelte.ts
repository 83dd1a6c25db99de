// The activity that a view shows: one feed a workspace, live from the moment the view opens, with pages of the past on demand.
import { asProblem, type Problem } from "../api/problem";
import { fetchActivity } from "../api/activity";
import { PAGE } from "../model/limits";
import type { Delivery, Task, Time } from "../model/types";
import type { WorkspaceStore } from "../state/workspace.svelte";
import type { Entry } from "./entries";
import { ActivityFeed } from "./feed";

/** An entry with what it refers to. */
export interface Row {
  key: string;
  entry: Entry;
  store: WorkspaceStore;
  task: Task | null;
  delivery: Delivery | null;
}

/** A workspace, and what is known of its activity. */
interface Source {
  store: WorkspaceStore;
  feed: ActivityFeed;
  /** Where the next page of the past begins; null: nothing is left; undefined: none has been asked for. */
  before: number | null | undefined;
  /** The time of the oldest commit that is here. */
  oldest: Time;
  /** The beginning is kept no longer. */
  isCut: boolean;
}

export class Activity {
  problem = $state.raw<Problem | null>(null);
  loading = $state(false);
  #version = $state(0);
  readonly #sources: Source[];
  readonly #stops: (() => void)[];

  constructor(stores: readonly WorkspaceStore[]) {
    this.#sources = stores.map((store) => ({
      store,
      feed: new ActivityFeed(),
      before: undefined,
      oldest: "",
      isCut: false,
    }));
    this.#stops = this.#sources.map(({ store, feed }) =>
      store.frames.subscribe((frame) => {
        feed.frame(frame);
        this.#version++;
      }),
    );
    void this.earlier();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** Is there more of the past? */
  get hasMore(): boolean {
    void this.#version;
    return this.#sources.some(({ before }) => before !== null);
  }

  /** Has the server forgotten how it began? */
  get isCut(): boolean {
    void this.#version;
    return this.#sources.some((source) => source.isCut);
  }

  /** Has something of every workspace come? */
  get isReady(): boolean {
    void this.#version;
    return this.#sources.every(({ before }) => before !== undefined);
  }

  /** Newest first. Of several workspaces, only as far back as all of them are known: further pages must not put anything in between. */
  get rows(): Row[] {
    void this.#version;
    const rows = this.#sources.flatMap(({ store, feed }) =>
      feed.entries.map((entry) => ({
        key: `${store.id} ${entry.key}`,
        entry,
        store,
        task: entry.task === null ? null : (store.task(entry.task) ?? feed.tasks.get(entry.task) ?? null),
        delivery: entry.delivery === null ? null : (feed.deliveries.get(entry.delivery) ?? null),
      })),
    );
    if (this.#sources.length === 1) return rows;
    const open = this.#sources.filter(({ before }) => before !== null);
    const horizon = open.reduce<Time>((latest, { oldest }) => (oldest > latest ? oldest : latest), "");
    return rows
      .filter(({ entry }) => entry.at >= horizon)
      .sort((one, other) => (one.entry.at === other.entry.at ? 0 : one.entry.at < other.entry.at ? 1 : -1));
  }

  /** Loads the next page of each workspace that has one. */
  async earlier(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.problem = null;
    const pages = await Promise.allSettled(this.#sources.map((source) => nextPage(source)));
    const failed = pages.find((page) => page.status === "rejected");
    if (failed) this.problem = asProblem(failed.reason);
    this.loading = false;
    this.#version++;
  }
}

async function nextPage(source: Source): Promise<void> {
  if (source.before === null) return;
  const page = await fetchActivity(source.store.id, source.before ?? null, PAGE);
  source.feed.commits(page.commits);
  source.before = page.nextBefore;
  source.oldest = page.commits.at(-1)?.at ?? source.oldest;
  source.isCut = page.compactedBefore !== null;
}
