// Keeps the objects of the last look where nothing has changed, so that only what has changed is painted again.

export interface Versioned {
  revision: number;
  pending?: boolean;
}

/** What is pending has no revision of its own yet: it is always new. */
const isSame = (one: Versioned, other: Versioned): boolean =>
  one.revision === other.revision && !one.pending && !other.pending;

/** The new list, with each entry that is the same as before replaced by the very object from before; the very list, if all are the same. */
export function keep<T extends Versioned>(before: readonly T[], after: T[], key: (item: T) => string): readonly T[] {
  const known = new Map(before.map((item) => [key(item), item]));
  const kept = after.map((item) => {
    const old = known.get(key(item));
    return old && isSame(old, item) ? old : item;
  });
  return kept.length === before.length && kept.every((item, at) => item === before[at]) ? before : kept;
}

/** Which of these are other ones now, as they were and as they are; those that are here no more are not among `here`. */
export function changed<T extends Versioned & { id: string }>(
  known: (id: string) => T | null | undefined,
  ids: readonly string[],
  here: readonly T[],
): { gone: T[]; come: T[] } {
  const now = new Map(here.map((item) => [item.id, item]));
  const gone: T[] = [];
  const come: T[] = [];
  for (const id of ids) {
    const old = known(id);
    const item = now.get(id);
    if (old && item && isSame(old, item)) continue;
    if (old) gone.push(old);
    if (item) come.push(item);
  }
  return { gone, come };
}
