// core's face in the browser, typed: the replica that holds what the server confirmed plus what this person still has to say, and the rules
// by which the queue is sent. The wasm behind it is fetched once, beside the page's own code.
import * as wasm from "@agentrq/wasm";
import type { Problem } from "../api/problem";
import type { Command } from "../model/commands";
import type { Actor, Agent, Attachment, Delivery, Id, Message, Task, Workspace } from "../model/types";

export interface Proposal {
  /** accepted: painted at once. sending: only the server can tell. rejected: never sent. */
  outcome: "accepted" | "sending" | "rejected";
  rejection: Problem | null;
}

export interface Applied {
  /** It does not follow on what is here. */
  reset: boolean;
  /** A commit is complete. */
  committed: boolean;
  /** It cannot be read. */
  unreadable: boolean;
}

/** What may look different than at the last look. */
export interface Changes {
  /** All of it may; the rest is left empty. */
  everything: boolean;
  /** The workspace itself or its agents. */
  around: boolean;
  /** These tasks or something of their threads. */
  touched: Id[];
  /** Those of them that are here, as they are now. */
  tasks: Task[];
  /** Of their threads, these messages and deliveries, by their ids. */
  parts: Id[];
  /** Those of them that are here. */
  messages: Message[];
  deliveries: Delivery[];
}

/** Texts are JSON as the server sends it. */
export interface Replica {
  loadSnapshot(text: string): void;
  loadThread(task: Id, text: string): void;
  loadTasks(text: string): void;
  /** Makes a file known, so that a command may name it. */
  attach(attachment: Attachment): void;
  applyFrame(text: string): Applied;
  /** Why a command would be refused as things are shown here; nothing is queued. */
  refusal(command: Command, nowMs: number): Problem | null;
  propose(command: Command, nowMs: number): Proposal;
  /** Takes over what was queued before, or in another tab: it is pending, whatever it decides to here. */
  adopt(command: Command, atMs: number): void;
  /** A refusal takes the command back; a cursor says which commit will bring it. */
  settle(command: Id, rejection: Problem | null, cursor?: string): void;
  /** What is not confirmed, in order. */
  pending(): { id: Id }[];
  /** Everything that is confirmed, with the threads of these tasks. */
  checkpoint(keepThreads: Id[]): string[];
  /** Throws if the texts are of an older or newer page. */
  restore(texts: string[]): void;
  /** Where earlier messages begin; null if the thread has never been loaded. */
  threadState(task: Id): { nextCursor: string | null } | null;
  search(words: string): Id[];
  /** Makes so many more tasks ready for the search. Whether there are more. */
  prepareSearch(tasks: number): boolean;
  /** What may look different since this was asked for last. */
  changes(): Changes;
  me(): Actor | null;
  workspace(): Workspace | null;
  /** All of them, in several lists and in no order. */
  tasks(): Task[][];
  task(id: Id): Task | null;
  /** What is pending comes last. */
  thread(task: Id): Message[];
  deliveries(task: Id): Delivery[];
  agents(): Agent[];
  cursor(): string | null;
  free(): void;
}

/** A row of the queue, as the rules want it. */
export interface OutboxRow {
  mutationId: number;
  command: Command;
  at: number;
  acknowledged: string | null;
}

export interface Batch {
  clientId: Id;
  commands: { mutationId: number; command: Command }[];
}

export interface BatchAnswer {
  cursor: string;
  results: { mutationId: number; command: Id; rejection: Problem | null }[];
}

export interface Refused {
  command: Command;
  rejection: Problem;
}

/** What to do about a batch that failed as a whole. */
export type Failed = { what: "retry" } | { what: "anew" } | { what: "refused"; refused: Refused[] };

export interface Outbox {
  load(rows: OutboxRow[], next: number): void;
  /** What to send next; null: nothing. */
  batch(): Batch | null;
  answered(answer: BatchAnswer): void;
  failed(problem: Problem): Failed;
  free(): void;
}

/** What in a text should make its reader slow down. */
export interface Found {
  word: string;
  /** What is done cannot be taken back. */
  high: boolean;
  /** The words that say so; null where it is something that cannot be read. */
  passage: string | null;
}

export interface Core {
  newReplica(): Replica;
  newOutbox(client: Id): Outbox;
  /** A fresh, time-ordered id. */
  newId(): Id;
  /** At most three, the gravest first. */
  risks(text: string): Found[];
  /** How urgent a task is whose metadata say this of its priority, from 0, the most urgent, to 4, not said. */
  urgency(priority: string): number;
  /** Where in a text something stands that its reader cannot see. */
  hidden(text: string): number[];
  /** In hex. */
  sha256(bytes: Uint8Array): string;
  /** What has changed between two texts, as the diff that an agent reads. */
  unifiedDiff(before: string, after: string): string;
  /** The sync's protocol as this page knows it. */
  readonly protocol: number;
  setback(problem: Problem): Setback;
}

/** What a request that came to nothing means for the next try: it may succeed later; or after a sign-in; no try mends it; or it was wrong. */
export type Setback = "passing" | "signedOut" | "shut" | "refused";

/** Whether whoever asks is not let in, so that asking again is of no use. */
export async function isKeptOut(problem: Problem): Promise<boolean> {
  const setback = (await loadCore()).setback(problem);
  return setback === "signedOut" || setback === "shut";
}

let loading: Promise<Core> | undefined;
let loaded: Core | undefined;

/** The rules, for who shows what a replica holds: where there is one, they are here. */
export function rules(): Core {
  if (!loaded) throw new Error("the rules are not loaded yet");
  return loaded;
}

/** Fetches the rules and starts them, once. `bytes` are those of the wasm where nothing is to be fetched. */
export function loadCore(bytes?: Uint8Array<ArrayBuffer>): Promise<Core> {
  loading ??= wasm.default(bytes && { module_or_path: bytes }).then(() => (loaded = core));
  // A download that broke must not be remembered as the answer for ever.
  loading.catch(() => (loading = undefined));
  return loading;
}

/** The wasm module by the types above. */
const core: Core = {
  newReplica: () => new wasm.Replica() as unknown as Replica,
  newOutbox: (client) => new wasm.Outbox(client) as unknown as Outbox,
  newId: freshId,
  risks: (text) => wasm.risks(text) as Found[],
  urgency: (priority) => wasm.urgency(priority),
  hidden: (text) => wasm.hidden(text) as number[],
  sha256: wasm.sha256,
  unifiedDiff: wasm.unifiedDiff,
  get protocol() {
    return wasm.protocol();
  },
  setback: ({ status }) => wasm.setback(status) as Setback,
};

let last = { at: 0, random: 0 };

/** No two of a page are the same: of one millisecond, they count on from the first. */
function freshId(): Id {
  const at = Date.now();
  last = { at, random: at === last.at ? (last.random + 1) & BITS_22 : randomBits22() };
  return wasm.newId(at, last.random);
}

const BITS_22 = 0x3f_ffff;
function randomBits22(): number {
  const [bits = 0] = crypto.getRandomValues(new Uint32Array(1));
  return bits & BITS_22;
}
