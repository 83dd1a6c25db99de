// Tasks that are not here yet: they come in by themselves, page by page, while nobody needs the page for anything else.

/** So many tasks are kept here. What is older stays with the server, which searches it; who wants it here asks for it. */
export const ENOUGH = 10_000;
/** Between two pages everything else has its turn. */
const PAUSE_MS = 100;
/** What could not be had is asked for again after this, or as soon as something has changed. */
const AGAIN_MS = 30_000;

export interface OlderHandlers {
  /** There are more that should be here, and this is the page that fetches them. */
  wanted: () => boolean;
  /** Fetches the next page. False: it could not be had. */
  load: () => Promise<boolean>;
}

/** What is not here, by the place in the server's list where what is here ends: open tasks come before the others. */
export type Lacking = "nothing" | "over" | "open";
export const lackingFrom = (cursor: string | null): Lacking =>
  cursor === null ? "nothing" : cursor.startsWith("1") ? "open" : "over";

/** Are some of these not here: of those that are open, or of those that are over? */
export const isPart = (lacking: Lacking, open: boolean): boolean => lacking === "open" || (lacking === "over" && !open);

export class Older {
  #running = false;
  #stopped = true;
  #cutShort = (): void => {};

  constructor(readonly on: OlderHandlers) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    document.addEventListener("visibilitychange", this.wake);
    this.wake();
  }

  stop(): void {
    this.#stopped = true;
    document.removeEventListener("visibilitychange", this.wake);
  }

  /** Something has changed that may have held it up. */
  wake = (): void => {
    this.#cutShort();
    if (!this.#running && this.#goesOn()) void this.#run();
  };

  #goesOn(): boolean {
    return !this.#stopped && document.visibilityState === "visible" && this.on.wanted();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (;;) {
        await idle();
        if (!this.#goesOn()) return;
        await this.#rest((await this.on.load()) ? PAUSE_MS : AGAIN_MS);
      }
    } finally {
      this.#running = false;
    }
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#cutShort = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const idle = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve());
    else setTimeout(resolve, PAUSE_MS);
  });
