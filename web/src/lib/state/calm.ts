// What the address names has the network and the processor for itself until it is there: everything else waits for the calm after it.

/** It does not wait longer for what does not come. */
const MOST_MS = 3000;

let resolve = (): void => {};
export const calm = new Promise<void>((done) => (resolve = done));
setTimeout(resolve, MOST_MS);

/** It is there, or cannot be had. */
export function becomesCalm(): void {
  resolve();
}
