// What the address names has the network and the processor for itself until it is there: everything else waits for the calm after it.

/** It does not wait longer for what does not come. */
const MOST_MS = 10_000;
/** What may never be wanted leaves whoever is quick that much more. */
const LATER_MS = 5000;

let resolve = (): void => {};
export const calm = new Promise<void>((done) => (resolve = done));
setTimeout(resolve, MOST_MS);

/** The page has time for what may be wanted next. */
export const later = calm.then(() => new Promise<void>((done) => setTimeout(done, LATER_MS)));

/** It is there, or cannot be had. */
export function becomesCalm(): void {
  resolve();
}
