// When work is done: what nobody waits for, when the page has nothing else to do; what is long, in pieces between which the page can draw and hear.

export function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 5000 });
  else setTimeout(work, 0);
}

/** Resolves when the page has nothing else to do, after so many milliseconds at the latest; in a hidden page, which draws nothing, very soon. */
export function idle(most: number): Promise<void> {
  if (typeof requestIdleCallback !== "function" || document.visibilityState === "hidden") return nextTask();
  return new Promise((resolve) => requestIdleCallback(() => resolve(), { timeout: most }));
}

/** Resolves in a task of its own, very soon; in a hidden page as well, where timers wait for minutes. */
export function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Resolves as the next frame is made, or as soon as the page is hidden: from then on it makes none. */
export function frame(): Promise<void> {
  return new Promise((resolve) => {
    const made = (): void => {
      document.removeEventListener("visibilitychange", made);
      resolve();
    };
    document.addEventListener("visibilitychange", made);
    requestAnimationFrame(made);
  });
}

/** Resolves once the next frame has been drawn; in a hidden page, which draws none, very soon. */
export function drawn(): Promise<void> {
  return document.visibilityState === "hidden" ? nextTask() : frame().then(nextTask);
}
