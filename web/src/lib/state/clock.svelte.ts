// The one clock of the page: "4 min" turns into "5 min" everywhere at once.

class Clock {
  now = $state(Date.now());
  /** Looks at the time at once: a duration shown next to fresh news must not be older than it. */
  look(): void {
    this.now = Date.now();
  }
  constructor() {
    setInterval(() => {
      if (document.visibilityState === "visible") this.look();
    }, 15_000);
    document.addEventListener("visibilitychange", () => this.look());
  }
}

export const clock = new Clock();
