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

/** One of the answers that a question offers. */
export interface Choice {
  id: string;
  label: string;
  description?: string;
  recommended?: boolean;
}

export interface Options {
  choices: Choice[];
  /** More than one may be chosen. */
  multiple: boolean;
  /** Own words will do too. */
  freeText: boolean;
}

/** What was chosen, with the label that it bore then. */
export interface Chosen {
  id: string;
  label: string;
}

/** A change of the body that was approved with the rest. */
export interface Edited {
  /** The digest of what was shown. */
  before: string;
  /** The digest of what was approved. */
  after: string;
  text: string;
  /** Unified; null where it would be longer than it helps. */
  diff: string | null;
}

export interface Task {
  id: Id;
  /** null until the server has given it. */
  number: number | null;
  title: string;
  excerpt: string;
  /** What in the whole of it should make a reader slow down, the gravest first; absent where it was not yet noted. */
  risks?: string[];
  assignee: Side;
  options: Options | null;
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
  /** Files in all of these messages. */
  attachments: number;
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
  choices: Chosen[] | null;
  edited: Edited | null;
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

/** A way by which an agent can be told something. */
export type Reach = "wait" | "channel" | "result" | "hook";

/** What a token opens, the widest first. */
export type Scope = "agent" | "ask" | "read";

export interface Token {
  id: Id;
  label: string;
  agent: string | null;
  scopes: Scope[];
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
  scopes: Scope[];
  expiresAt: Time;
}

export const isOpen = ({ status }: { status?: string }): boolean => status === "notstarted" || status === "ongoing";
/** A yes or no is open: nobody has given one, and it is a person's to give. */
export const awaitsVerdict = (task: Task): boolean =>
  isOpen(task) && task.verdict === null && (task.assignee === "human" || task.turn === "human");
export const needsPerson = (task: Task): boolean => isOpen(task) && task.turn === "human";
