// What the tabs of one person tell each other.
import type { Problem } from "../api/problem";
import type { Beside, Command } from "../model/commands";
import type { Id } from "../model/types";
import type { StreamState } from "./stream";

/** How the leader stands with the server. */
export interface Standing {
  stream: StreamState;
  /** Why the last try to send failed, while it is tried again. */
  trouble: Problem | null;
  /** The server's page is another one than this tab's, or has left it behind. */
  build: string | null;
  protocol: number | null;
}

/** Nobody has said yet how they stand. */
export const UNHEARD: Standing = { stream: "connecting", trouble: null, build: null, protocol: null };

export interface Answer {
  command: Id;
  rejection: Problem | null;
}

export type Word =
  /** A new tab asks how things stand. */
  | { type: "hello" }
  | { type: "standing"; standing: Standing }
  /** Where the leader stands in each workspace; all of it is kept. */
  | { type: "at"; cursors: [Id, string][] }
  /** A commit, as its frames came. */
  | { type: "commit"; workspace: Id; texts: string[] }
  /** A command has been queued; it is durable. */
  | { type: "queued"; workspace: Id; command: Command; at: number; beside: Beside }
  /** These wait in a tab that may have missed how they ended. */
  | { type: "pending"; workspace: Id; commands: Id[] }
  /** The server has answered for these. */
  | { type: "answered"; workspace: Id; cursor: string | null; results: Answer[] }
  /** All that waits is sent again, under another name. */
  | { type: "anew"; workspace: Id }
  /** A page of a thread or of earlier tasks has come in. */
  | { type: "page"; workspace: Id; kind: "thread" | "tasks"; task: Id | null; text: string }
  /** A workspace has begun again: what is kept of it is all new. */
  | { type: "begun"; workspace: Id }
  /** A refusal has been dealt with. */
  | { type: "dismissed"; workspace: Id; commands: Id[] }
  /** A file waits to be sent. */
  | { type: "file"; workspace: Id }
  /** There are other workspaces than before. */
  | { type: "workspaces" }
  /** Somebody wants another try at once. */
  | { type: "retry" }
  /** The person has signed out in this profile: nothing of theirs stays on the screen. */
  | { type: "signedOut" };

export interface Channel {
  say(word: Word): void;
  close(): void;
}

const SILENT: Channel = { say: () => {}, close: () => {} };

/** The other tabs of this person. Without BroadcastChannel there is none to talk to. */
export function openChannel(name: string, hear: (word: Word) => void): Channel {
  if (typeof BroadcastChannel === "undefined") return SILENT;
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event: MessageEvent<Word>) => hear(event.data);
  return { say: (word) => channel.postMessage(word), close: () => channel.close() };
}
