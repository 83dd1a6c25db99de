// The shapes that the server, core and this page share. Every one of them travels as JSON.

export type Id = string;
/** RFC 3339, UTC, with milliseconds. */
export type Time = string;

export type Actor = { kind: "person"; id: Id; name: string } | { kind: "agent"; name: string } | { kind: "system" };

export interface Person {
  id: Id;
  name: string;
}

export interface Workspace {
  id: Id;
  name: string;
  mission: string;
  createdAt: Time;
  revision: number;
  url?: string;
}

export type Status = "notstarted" | "ongoing" | "completed" | "rejected" | "failed" | "killed";
export type Side = "human" | "agent";
export type Verdict = "approved" | "rejected";

export interface GivenVerdict {
  kind: Verdict;
  by: Actor;
  at: Time;
  digest: string;
  message: Id;
}

export interface Task {
  id: Id;
  /** null until the server has given it. */
  number: number | null;
  title: string;
  excerpt: string;
  assignee: Side;
  status: Status;
  reason: string | null;
  turn: Side | "nobody";
  waitingSince: Time;
  createdBy: Actor;
  agent: string | null;
  session?: Id | null;
  digest: string;
  verdict: GivenVerdict | null;
  messages: number;
  createdAt: Time;
  updatedAt: Time;
  revision: number;
  /** A command of ours on it is not confirmed yet. */
  pending?: boolean;
}

export interface Attachment {
  id: Id;
  filename: string;
  mimeType: string;
  size: number;
  sha256: string;
}

export interface Message {
  id: Id;
  task: Id;
  index: number;
  author: Actor;
  text: string;
  attachments: Attachment[];
  verdict: Verdict | null;
  inReplyTo: Id | null;
  at: Time;
  revision: number;
  pending?: boolean;
}

export type DeliveryState = "queued" | "sent" | "received" | "seen";

export interface Delivery {
  id: Id;
  task: Id;
  kind: "reply" | "verdict" | "task" | "status";
  note?: string | null;
  agent: string | null;
  state: DeliveryState;
  route: "channel" | "hook" | "wait" | "result" | null;
  session: Id | null;
  queuedAt: Time;
  sentAt: Time | null;
  receivedAt: Time | null;
  seenAt: Time | null;
  copies: number;
  redelivered: boolean;
  revision: number;
}

export interface Agent {
  name: string;
  displayName: string;
  presence: "connected" | "disconnected" | "unknown";
  since: Time;
  lastHeardAt: Time | null;
  client: { name: string; version: string } | null;
  revision: number;
  pending?: boolean;
}

export interface Token {
  id: Id;
  label: string;
  agent: string | null;
  createdAt: Time;
  expiresAt: Time;
  lastUsedAt: Time | null;
  expiresSoon: boolean;
}

export interface NewToken {
  id: Id;
  token: string;
  mcpUrl: string;
  label: string;
  expiresAt: Time;
}

export const isOpen = (task: Task): boolean => task.status === "notstarted" || task.status === "ongoing";
/** A yes or no is open: nobody has given one, and it is a person's to give. */
export const awaitsVerdict = (task: Task): boolean =>
  isOpen(task) && task.verdict === null && (task.assignee === "human" || task.turn === "human");
export const needsPerson = (task: Task): boolean => isOpen(task) && task.turn === "human";
