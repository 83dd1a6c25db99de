// Whether this page is still the server's: another build is offered, and taken by itself while nobody looks and nothing waits; where the two
// do not understand each other, the page has stopped until it is.
import type { Misfit } from "../sync/tab";
import type { Standing } from "../sync/words";

/** The build that this page is of, as the build wrote it into the page; null: vite's own server. */
export const ownBuild = (): string | null =>
  document.querySelector<HTMLMetaElement>('meta[name="agentrq-build"]')?.content ?? null;

/** The build that was taken without being asked for. */
const TAKEN = "agentrq.build-taken";

export class Version {
  #server = "";
  /** The server serves another page than this. */
  isNew = $state(false);
  /** This page and the server do not understand each other. */
  misfit = $state<Misfit | null>(null);

  constructor(readonly busy: () => boolean) {
    document.addEventListener("visibilitychange", () => this.takeUnseen());
  }

  heard({ build, protocol }: Pick<Standing, "build" | "protocol">): void {
    const own = ownBuild();
    this.#server = `${build}/${protocol}`;
    this.isNew = own !== null && build !== null && build !== own;
    this.takeUnseen();
  }

  ends(misfit: Misfit): void {
    this.misfit = misfit;
    this.takeUnseen();
  }

  /** Goes on with the server's page. */
  reload(): void {
    void import("../../sw/update").then(({ takeUpdate }) => takeUpdate()).finally(() => location.reload());
  }

  /**
   * Goes on with the server's page while nobody looks and nothing waits. By itself only once for each build: if that did not help, it is the
   * person's to try again.
   */
  takeUnseen(): void {
    if (document.visibilityState !== "hidden" || !(this.isNew || this.misfit !== null) || this.busy()) return;
    try {
      if (sessionStorage.getItem(TAKEN) === this.#server) return;
      sessionStorage.setItem(TAKEN, this.#server);
    } catch {
      return;
    }
    this.reload();
  }
}
