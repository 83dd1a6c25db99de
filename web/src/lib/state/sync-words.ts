// How this page stands with the server, in words that are true.
import { sentence, type Problem } from "../api/problem";
import type { StreamState } from "../sync/stream";
import { count } from "../text/format";

export interface Sync {
  state: "offline" | "connecting" | "syncing" | "saved" | "trouble" | "stopped";
  /** How many changes the server has not answered for. */
  unsent: number;
  words: string;
}

export interface Standing {
  online: boolean;
  stream: StreamState;
  /** The page does not fit the server, and has stopped. */
  misfit: boolean;
  /** The stream has been open at least once since the page began. */
  wasOpen: boolean;
  unsent: number;
  /** Why the last try to send failed, while it is tried again. */
  trouble: Problem | null;
}

export function syncOf({ online, stream, misfit, wasOpen, unsent, trouble }: Standing): Sync {
  const waiting = unsent === 0 ? "" : ` · ${count(unsent, "change")} ${unsent === 1 ? "waits" : "wait"}`;
  if (misfit) return { state: "stopped", unsent, words: `Stopped${waiting}` };
  if (!online) return { state: "offline", unsent, words: `Offline${waiting}` };
  if (stream !== "open") {
    return { state: "connecting", unsent, words: `${wasOpen ? "Reconnecting" : "Connecting"}…${waiting}` };
  }
  if (unsent > 0 && trouble !== null) {
    return { state: "trouble", unsent, words: `${count(unsent, "change")} not sent: ${sentence(trouble)}` };
  }
  if (unsent > 0) return { state: "syncing", unsent, words: `Syncing ${count(unsent, "change")}` };
  return { state: "saved", unsent, words: "All saved" };
}

/** Does the server answer, as far as this page knows? */
export const isReached = ({ state }: Sync): boolean => state === "syncing" || state === "saved";
