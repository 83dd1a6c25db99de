// core's face in the browser, typed: the replica that holds what the server confirmed plus what this page still has to say.
// The wasm behind it is fetched once, beside the page's own code.
import type { Problem } from "../api/problem";
import type { Command } from "../model/commands";
import type { Frame, Snapshot, ThreadPage } from "../model/sync";
import type { Actor, Agent, Attachment, Delivery, Id, Message, Task, Workspace } from "../model/types";

export interface Proposal {
  /** accepted: painted at once. sending: only the server can tell. rejected: never sent. */
  outcome: "accepted" | "sending" | "rejected";
  rejection: Problem | null;
}

export interface Replica {
  loadSnapshot(snapshot: Snapshot): void;
  loadThread(page: ThreadPage): void;
  loadTasks(page: { tasks: Task[] }): void;
  /** Makes an uploaded file known, so that a command may name it. */
  attach(attachment: Attachment): void;
  applyFrame(frame: Frame): { reset: boolean; committed: boolean };
  propose(mutation: number, command: Command, nowMs: number): Proposal;
  /** A refusal takes the command back; a cursor says which commit will bring it. */
  settle(mutation: number, rejection: Problem | null, cursor?: string): void;
  me(): Actor | null;
  workspace(): Workspace | null;
  tasks(): Task[];
  task(id: Id): Task | null;
  thread(task: Id): Message[];
  deliveries(task: Id): Delivery[];
  agents(): Agent[];
  cursor(): string | null;
  free(): void;
}

export interface Core {
  /** A replica for the commands that this client numbers. */
  newReplica(client: Id): Replica;
  /** A fresh, time-ordered id. */
  newId(): Id;
}

let loading: Promise<Core> | undefined;

export function loadCore(): Promise<Core> {
  loading ??= (async () => {
    const wasm = await import("@agentrq/wasm");
    await wasm.default();
    return {
      newReplica: (client) => new wasm.Replica(client) as unknown as Replica,
      newId: () => wasm.newId(Date.now(), randomBits22()),
    };
  })();
  // A download that broke must not be remembered as the answer for ever.
  loading.catch(() => (loading = undefined));
  return loading;
}

function randomBits22(): number {
  const [bits = 0] = crypto.getRandomValues(new Uint32Array(1));
  return bits >>> 10;
}
