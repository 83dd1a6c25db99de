// What a person may ask of a workspace. The same commands are decided in the browser and in the workspace's object.
import type { Attachment, Id, Options, Side, Status, Task, Verdict } from "./types";

export type Command =
  | { type: "createTask"; id: Id; title: string; body: string; assignee: Side; attachments: Id[]; options?: Options }
  | { type: "editTask"; id: Id; task: Id; title?: string; body?: string; assignee?: Side; options?: Options | null }
  | { type: "setStatus"; id: Id; task: Id; to: Status; reason?: string }
  | { type: "reopen"; id: Id; task: Id }
  | {
      type: "postMessage";
      id: Id;
      task: Id;
      text: string;
      attachments: Id[];
      inReplyTo?: Id;
      /** Which of the task's options are chosen, and the digest of what was shown. */
      choices?: string[];
      digest?: string;
    }
  | {
      type: "giveVerdict";
      id: Id;
      task: Id;
      verdict: Verdict;
      digest: string;
      text: string;
      attachments: Id[];
      then: "handBack" | "complete";
      /** The body as it is approved, where it was changed. */
      edited?: string;
    }
  | { type: "deleteTask"; id: Id; task: Id }
  /** Changes a task's place in its list; only what is given changes. */
  | {
      type: "updateWork";
      id: Id;
      task: Id;
      /** null: nobody's. */
      owner?: string | null;
      /** Name by name; null takes one away. */
      metadata?: Record<string, unknown>;
      addBlockedBy?: Id[];
      removeBlockedBy?: Id[];
    }
  /** Ends what runs in the background. */
  | { type: "stopWork"; id: Id; task: Id }
  /** Puts the steps of a workflow on a list, and a task for its run, which bears the id. */
  | { type: "startWorkflow"; id: Id; list: string; workflow: string; parameters: Record<string, string> }
  | { type: "editWorkspace"; id: Id; name?: string; mission?: string }
  | { type: "nameAgent"; id: Id; agent: string; displayName: string };

/** What stood on a card when a person decided about it: if it has changed by the time the server hears of it, the change can be shown. */
export interface ShownCard {
  title: string;
  body: string;
  options: Options | null;
}

/** What goes with a command without being part of it. */
export interface Beside {
  /** The files that it names, as they were attached here. */
  files: Attachment[];
  /** What it was given on. */
  shown: ShownCard | null;
}

type WithoutId<C> = C extends { id: Id } ? Omit<C, "id"> : never;
/** A command before it has been given the id of what it makes. */
export type Draft = WithoutId<Command>;

/** The same command once more, whole. null: it answered something else than what stands there now, and is given anew, or not. */
export function repeatable(command: Command, task: Pick<Task, "digest">): Draft | null {
  const { id: _, ...draft } = command;
  return "digest" in draft && draft.digest !== task.digest ? null : draft;
}
