// Work that nobody waits for: done when the page has nothing else to do, after some seconds at the latest.

export function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 5000 });
  else setTimeout(work, 0);
}
