// The frames of a workspace's event stream, and the snapshot that a replica starts from.
import type { Problem } from "../api/problem";
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

export interface Snapshot {
  cursor: string;
  workspace: Workspace;
  tasks: Task[];
  nextCursor: string | null;
  agents: Agent[];
  deliveries: Delivery[];
  me: Actor;
}

export interface ThreadPage {
  messages: Message[];
  deliveries: Delivery[];
  nextCursor: string | null;
}
