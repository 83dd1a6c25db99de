// A list that may be long is made in slices: its head at once, the rest while the page stays free to draw and to hear.
import { nextTask } from "../idle";

const FIRST = 4;
const MORE = 8;

export class Slices {
  #made = $state(FIRST);

  /** Of a list of so many, in the component that makes this. */
  constructor(count: () => number) {
    $effect(() => {
      if (this.#made >= count()) return;
      let isLeft = false;
      void nextTask().then(() => {
        if (!isLeft) this.#made += MORE;
      });
      return () => (isLeft = true);
    });
  }

  /** What of it is made by now. */
  of<T>(all: readonly T[]): readonly T[] {
    return all.slice(0, this.#made);
  }
}
