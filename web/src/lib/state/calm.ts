// What the address names has the network and the processor for itself until it is there: everything else waits for the calm after it.
import { nextTask } from "../idle";

/** It does not wait longer for what does not come. */
const MOST_MS = 10_000;
/** What may never be wanted leaves whoever is quick that much more. */
const LATER_MS = 5000;

let resolve = (): void => {};
let awaited = 0;
export const calm = new Promise<void>((done) => (resolve = done));
setTimeout(resolve, MOST_MS);

/** The page has time for what may be wanted next. */
export const later = calm.then(() => new Promise<void>((done) => setTimeout(done, LATER_MS)));

/** This belongs to what the address names. It is calm once all of that is there, or cannot be had. */
export function awaits(work: Promise<unknown>): void {
  awaited += 1;
  // One may bring the next: who shows what came with this has said so before the task ends.
  const done = (): Promise<void> => nextTask().then(() => void (--awaited === 0 && resolve()));
  void work.then(done, done);
}
