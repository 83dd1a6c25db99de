// Who wants to hear of what happens in a workspace: the activity feed and the notifications listen here.
import type { Frame } from "../model/sync";

export interface Hearing {
  /** It happened just now; otherwise it was caught up with after an absence. */
  fresh: boolean;
}
export type Listener = (frame: Frame, hearing: Hearing) => void;

/** Older than this, a frame was missed at the time and tells of the past. */
const FRESH_MS = 60_000;

export const isFresh = (frame: Frame, now = Date.now()): boolean => now - Date.parse(frame.at) < FRESH_MS;

export class Frames {
  #listeners = new Set<Listener>();

  /** Calls back for each frame, once per tab. Returns how to stop. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(frame: Frame, hearing: Hearing): void {
    for (const listener of this.#listeners) listener(frame, hearing);
  }
}
