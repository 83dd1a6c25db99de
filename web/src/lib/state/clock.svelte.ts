// The one clock of the page: "4 min" turns into "5 min" everywhere at once.
import { noonOf } from "../text/format";

class Clock {
  now = $state(Date.now());
  /** Noon of today: for what is another with another day only. */
  readonly noon: number = $derived(noonOf(this.now));
  look(): void {
    this.now = Date.now();
  }
  /** Looks at the time if a day has begun since: what is done now must not stand under tomorrow. */
  turn(): void {
    if (noonOf(Date.now()) !== this.noon) this.look();
  }
  constructor() {
    setInterval(() => {
      if (document.visibilityState === "visible") this.look();
    }, 15_000);
    document.addEventListener("visibilitychange", () => this.look());
  }
}

export const clock = new Clock();
