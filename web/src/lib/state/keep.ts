// Keeps the objects of the last look where nothing has changed, so that only what has changed is painted again.

interface Versioned {
  revision: number;
  pending?: boolean;
}

/** The new list, with each entry that is the same as before replaced by the very object from before; the very list, if all are the same. */
export function keep<T extends Versioned>(before: readonly T[], after: T[], key: (item: T) => string): readonly T[] {
  const known = new Map(before.map((item) => [key(item), item]));
  const kept = after.map((item) => {
    const old = known.get(key(item));
    // What is pending has no revision of its own yet: it is always new.
    return old && old.revision === item.revision && !old.pending && !item.pending ? old : item;
  });
  return kept.length === before.length && kept.every((item, at) => item === before[at]) ? before : kept;
}
