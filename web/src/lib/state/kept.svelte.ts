// Whether this browser holds the whole page, so that every part of it opens without a network. Where that was interrupted it is taken up again.
import type { Kept } from "../../sw/update";
import { router } from "../router/router.svelte";
import { Backoff } from "../sync/backoff";

const CALM_MS = 5_000;
const SELDOM_MS = 300_000;

class KeptPage {
  /** Null: not known yet. */
  state = $state<Kept | null>(null);

  #backoff = new Backoff(CALM_MS, SELDOM_MS);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;

  /** Once the page stands and has time. */
  start(): void {
    addEventListener("online", () => this.again());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.again());
    void this.#ask();
  }

  /** The network may be back. */
  again(): void {
    if (this.state === "part") void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      const { keepPage, whenOpened } = await import("../../sw/update");
      whenOpened((url) => router.go(url));
      this.state = await keepPage();
    } catch {
      this.state = "part";
    } finally {
      this.#asking = false;
    }
    if (this.state === "part") this.#timer = setTimeout(() => this.again(), this.#backoff.next());
  }
}

export const kept = new KeptPage();
