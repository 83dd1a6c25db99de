// Measured times and what they come to; things that are compared take turns, so that whatever else the machine does slows all alike.

/** The values of one measured thing, in milliseconds unless it says otherwise. */
export class Series {
  #all = [];
  #sorted;

  add(value) {
    this.#all.push(value);
    this.#sorted = undefined;
  }

  get size() {
    return this.#all.length;
  }

  at(q) {
    this.#sorted ??= this.#all.toSorted((a, b) => a - b);
    return this.#sorted[Math.max(0, Math.min(this.#sorted.length - 1, Math.ceil(q * this.#sorted.length) - 1))];
  }

  get p50() {
    return this.at(0.5);
  }
  get p99() {
    return this.at(0.99);
  }
}

let runs = 0;

/** A text that no other measure of this run uses. */
export const mark = () => `mark-${(runs += 1)}-end`;

/** Takes turns through the measured things, each `(mark) => milliseconds`; the first rounds are not counted. */
export async function takeTurns(things, { samples, warmup }) {
  const series = Object.fromEntries(Object.keys(things).map((name) => [name, new Series()]));
  for (let round = -warmup; round < samples; round += 1)
    for (const [name, thing] of Object.entries(things)) {
      const took = await thing(mark());
      if (round >= 0) series[name].add(took);
    }
  return series;
}

/** How long something took. */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
