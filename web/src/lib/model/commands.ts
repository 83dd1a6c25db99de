// What a person may ask of a workspace. The same commands are decided in the browser and in the workspace's object.
import type { Id, Side, Status, Verdict } from "./types";

export type Command =
  | { type: "createTask"; id: Id; title: string; body: string; assignee: Side; attachments: Id[] }
  | { type: "editTask"; id: Id; task: Id; title?: string; body?: string; assignee?: Side }
  | { type: "setStatus"; id: Id; task: Id; to: Status; reason?: string }
  | { type: "reopen"; id: Id; task: Id }
  | { type: "postMessage"; id: Id; task: Id; text: string; attachments: Id[]; inReplyTo?: Id }
  | {
      type: "giveVerdict";
      id: Id;
      task: Id;
      verdict: Verdict;
      digest: string;
      text: string;
      attachments: Id[];
      then: "handBack" | "complete";
    }
  | { type: "deleteTask"; id: Id; task: Id }
  | { type: "editWorkspace"; id: Id; name?: string; mission?: string }
  | { type: "nameAgent"; id: Id; agent: string; displayName: string };

type WithoutId<C> = C extends { id: Id } ? Omit<C, "id"> : never;
/** A command before it has been given the id of what it makes. */
export type Draft = WithoutId<Command>;
