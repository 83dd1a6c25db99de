// Which of the tabs talks to the server: the one that holds the lock. When it closes or dies, the browser hands the lock to the next.
// Without locks every tab leads. That costs streams, not truth: whatever is sent twice takes effect once.

export interface Leadership {
  /** Lets the next one lead. */
  end(): void;
}

export function lead(name: string, begin: () => void, locks: LockManager | undefined = lockManager()): Leadership {
  if (!locks) {
    begin();
    return { end: () => {} };
  }
  const abort = new AbortController();
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  locks
    .request(name, { signal: abort.signal }, () => {
      begin();
      return held;
    })
    .catch(() => {
      // It was given up before it was had; or the browser has no locks for this page after all.
      if (!abort.signal.aborted) begin();
    });
  return {
    end: () => {
      abort.abort();
      release();
    },
  };
}

const lockManager = (): LockManager | undefined =>
  typeof navigator !== "undefined" && "locks" in navigator ? navigator.locks : undefined;
