// How long to wait before the next try: doubling, with jitter, so that many pages do not come back in step.

export class Backoff {
  #tries = 0;

  constructor(
    readonly first = 500,
    readonly most = 20_000,
    readonly random: () => number = Math.random,
  ) {}

  /** The next wait in milliseconds: between half of the doubled step and the whole of it. */
  next(): number {
    const step = Math.min(this.most, this.first * 2 ** this.#tries);
    this.#tries++;
    return Math.round(step / 2 + this.random() * (step / 2));
  }

  reset(): void {
    this.#tries = 0;
  }
}
