// No button answers within 400 ms of a shift: a tap meant for what stood there before must not decide.

const INERT_MS = 400;

export class Settling {
  #now = $state(true);

  /** Call it with what, if it changes, has shifted the page; inside a component, while it is being made. */
  constructor(shown: () => unknown) {
    $effect(() => {
      void shown();
      this.#now = true;
      const timer = setTimeout(() => (this.#now = false), INERT_MS);
      return () => clearTimeout(timer);
    });
  }

  get now(): boolean {
    return this.#now;
  }
}
