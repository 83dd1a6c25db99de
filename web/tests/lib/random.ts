// Random choices that can be repeated (mulberry32).

export interface Randomly {
  /** A whole number from 0 to below `many`. */
  to(many: number): number;
  of<T>(all: readonly T[]): T;
}

export function randomly(seed: number): Randomly {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const to = (many: number): number => Math.floor(next() * many);
  return { to, of: (all) => all[to(all.length)] as (typeof all)[number] };
}
