// Web Locks among the "tabs" of one process: first come, first served.
interface Waiting {
  begin: () => void;
}

export class Locks {
  #held = new Set<string>();
  #queues = new Map<string, Waiting[]>();

  request = async (
    name: string,
    { signal }: { signal: AbortSignal },
    callback: () => Promise<unknown> | undefined,
  ): Promise<void> => {
    await this.#turn(name, signal);
    this.#held.add(name);
    try {
      await callback();
    } finally {
      this.#held.delete(name);
      this.#queues.get(name)?.shift()?.begin();
    }
  };

  async #turn(name: string, signal: AbortSignal): Promise<void> {
    if (!this.#held.has(name)) return;
    await new Promise<void>((begin, refuse) => {
      const waiting = { begin };
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, [...queue, waiting]);
      signal.addEventListener("abort", () => {
        this.#queues.set(
          name,
          (this.#queues.get(name) ?? []).filter((one) => one !== waiting),
        );
        refuse(new Error("given up"));
      });
    });
  }
}

export const asManager = (locks: Locks): LockManager => locks as unknown as LockManager;
