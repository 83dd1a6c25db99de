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
  /** A task of a list may not begin before what it waits for is completed. */
  enforceDependencies?: boolean;
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
  /** Its part in a list of agents' work, if it is of one. */
  work?: Work;
  createdAt: Time;
  updatedAt: Time;
  revision: number;
  /** A command of ours on it is not confirmed yet. */
  pending?: boolean;
}

/** A task's part in a list that agents keep. */
export interface Work {
  list: string;
  /** Its number in the list; null until the server has given it. */
  number: number | null;
  /** What it is called while it is under way. */
  activeForm?: string;
  owner?: string;
  /** The agent whose claim stands. */
  holder?: string;
  fence: number;
  /** The wave in which it may begin; absent while it waits. */
  wave?: number;
  blockedBy?: Id[];
  metadata?: Record<string, unknown>;
  /** What makes it background work, if it is. */
  job?: Job;
  /** The task of the workflow's run whose step it is. */
  stepOf?: Id;
}

/** What runs. */
export type JobKind =
  "local_bash" | "local_agent" | "remote_agent" | "in_process_teammate" | "local_workflow" | "monitor_mcp" | "dream";

/** What runs in the background. The holder of its task runs it; what it prints is read by itself. */
export interface Job {
  kind: JobKind;
  command?: string;
  prompt?: string;
  timeoutMs?: number;
  startedAt?: Time;
  endedAt?: Time;
  exitCode?: number;
  /** The wish that it end before it would. */
  stop?: {
    at: Time;
    /** Absent: its time was over. */
    by?: Actor;
    /** Whoever runs it has had time enough to end it, and has not said so. */
    unconfirmed?: boolean;
  };
  /** Since when nothing has been heard of whoever runs it. */
  lostAt?: Time;
  /** The run of a workflow that it stands for. */
  run?: Run;
}

/** What was started of a workflow, and how far it is. */
export interface Run {
  workflow: string;
  revision: number;
  parameters?: Record<string, string>;
  steps: Id[];
  completed: number;
}

export interface Todo {
  content: string;
  status: "pending" | "in_progress" | "completed";
  activeForm: string;
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
  kind: "reply" | "verdict" | "task" | "status" | "stop" | "ended";
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
  /** Its checklist. */
  todos?: Todo[];
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
/** That a stop has ended it is only what this page makes of it: nobody ran it here, and somebody may have begun it meanwhile. */
export const isGuess = ({ status, pending, work }: Task): boolean =>
  status === "killed" && pending === true && work?.job !== undefined && work.job.stop === undefined;
export const isEnded = (task: Task): boolean => !isOpen(task) && !isGuess(task);
/** A yes or no is open: nobody has given one, and it is a person's to give. */
export const awaitsVerdict = (task: Task): boolean =>
  isOpen(task) && task.verdict === null && (task.assignee === "human" || task.turn === "human");
export const needsPerson = (task: Task): boolean => isOpen(task) && task.turn === "human";
/** A task that agents keep on a list of theirs, or in the background. */
export type Listed = Task & { work: Work };
export const isListed = (task: Task): task is Listed => task.work !== undefined;
