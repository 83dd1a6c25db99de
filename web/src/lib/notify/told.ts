// What was told of, and what of it may still stand on the person's screen: remembered over a reload, and taken back. Small: whoever signs out
// needs it, also where nobody is told of anything any more.
import { belongs, STORED } from "../state/belongings";

/** What this page shows by itself, by tag. */
export const shown = new Map<string, Notification>();

/** Takes back what is shown under this tag; without one, everything. */
export async function withdraw(tag?: string): Promise<void> {
  for (const [key, one] of [...shown]) {
    if (tag !== undefined && key !== tag) continue;
    one.close();
    shown.delete(key);
  }
  const worker = await navigator.serviceWorker?.getRegistration();
  for (const one of (await worker?.getNotifications(tag === undefined ? {} : { tag })) ?? []) one.close();
}

export function recall(): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED.told) ?? "[]");
    return Array.isArray(stored) ? stored.filter((key) => typeof key === "string") : [];
  } catch {
    return [];
  }
}

export function remember(keys: readonly string[]): void {
  try {
    localStorage.setItem(STORED.told, JSON.stringify(keys));
  } catch {
    // this tab still remembers nothing across a reload: better told twice than not
  }
}

// A browser that does not say what it shows cannot take it back.
belongs({ forget: () => void withdraw().catch(() => {}) });
