// The frames of a workspace's event stream.
import type { Problem } from "./problem";
import type { Actor, Agent, Delivery, Id, Message, Task, Time, Workspace } from "./types";

export type Entity =
  | ({ type: "task" } & Task)
  | ({ type: "message" } & Message)
  | ({ type: "delivery" } & Delivery)
  | ({ type: "agent" } & Agent)
  | ({ type: "workspace" } & Workspace);

export type Change = { op: "put"; entity: Entity } | { op: "delete"; entity: { type: Entity["type"]; id: Id } };

export interface Acknowledged {
  clientId: Id;
  /** The command's own id: by it everyone knows their own, whoever sent it. */
  command: Id;
  mutationId: number;
  rejection: Problem | null;
}

export interface Frame {
  type: string;
  taskId: Id | null;
  actor: Actor | null;
  at: Time;
  changes: Change[];
  /** These three only on the last frame of a commit. */
  base?: string;
  cursor?: string;
  mutations?: Acknowledged[];
}

/** A commit of the past, as the activity has it. */
export interface Commit {
  seq: number;
  frames: Frame[];
}
