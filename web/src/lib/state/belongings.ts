// What is a person's in this page goes with them, all of it: each part that holds something of theirs says here how it is ended and forgotten.

/** What stays of this page in the browser is the device's (theme, preferences, columns of a diff), but for these. */
export const STORED = {
  person: "agentrq.person",
  lastWorkspace: "agentrq.last-workspace",
  told: "agentrq.told",
  viewed: "agentrq.diff.viewed",
  practice: "agentrq.practice",
} as const;

export interface Belonging {
  /** What only a session that is still good can end. Throws if it could not. */
  end?: () => Promise<void>;
  /** Nobody is signed in any more. */
  forget: () => void;
}

const all = new Set<Belonging>();

export function belongs(one: Belonging): void {
  all.add(one);
}

export async function endAll(): Promise<void> {
  for (const one of all) await one.end?.();
}

export function forgetAll(): void {
  for (const one of all) one.forget();
  for (const key of Object.values(STORED)) {
    try {
      localStorage.removeItem(key);
      sessionStorage.removeItem(key);
    } catch {
      return; // storage is switched off: nothing was kept there
    }
  }
}
