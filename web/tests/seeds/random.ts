// Random choices that a seed repeats (SplitMix64, cut to 32 bits).
export class Random {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed);
  }

  next = (): number => {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) & 0xffff_ffffn);
  };

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return this.next() % count;
  }

  of<T>(known: readonly T[]): T | undefined {
    return known[this.below(Math.max(1, known.length))];
  }

  /** From 0 to 1. */
  fraction = (): number => this.next() / 0x1_0000_0000;
}
