// The authority of the simulation (tests/sim), as WebAssembly: it decides with core's own code, remembers commands by their ids, and may die in
// a commit. What it can be asked stands in tests/sim/src/host.rs.
import { readFileSync } from "node:fs";
import type { Problem } from "../../src/lib/api/problem";
import type { Command } from "../../src/lib/model/commands";
import type { Frame } from "../../src/lib/model/sync";
import type { Actor, Id, Message, Task, Workspace } from "../../src/lib/model/types";
import type { Batch, BatchAnswer } from "../../src/lib/sync/replica";

interface Exports {
  memory: WebAssembly.Memory;
  room(bytes: number): number;
  ask(): number;
  answer(): number;
}

export type Dies = "beforePersisting" | "beforePublishing";
export type Answered = { answer: BatchAnswer } | { problem: Problem } | "crashed";

export interface Snapshot {
  cursor: string;
  workspace: Workspace;
  tasks: Task[];
}

/** Where cargo leaves it; `npm test -- web` builds it first, and says where. */
const path = process.env["AGENTRQ_SIM_WASM"] ?? "../target/wasm32-unknown-unknown/release/agentrq_sim.wasm";
const wasm = new WebAssembly.Module(readFileSync(path));

export class Authority {
  #exports: Exports;

  constructor() {
    this.#exports = new WebAssembly.Instance(wasm).exports as unknown as Exports;
    this.#ask("begin");
  }

  act(actor: Actor, command: Command, now: number): Problem | null {
    return this.#ask({ act: { actor, command, now } }) as Problem | null;
  }

  commands(actor: Actor, batch: Batch, now: number, crash: Dies | null): Answered {
    return this.#ask({ commands: { actor, batch, now, crash } }) as Answered;
  }

  snapshot(actor: Actor): Snapshot {
    return this.#ask({ snapshot: { actor } }) as Snapshot;
  }

  /** Null: there is no such task. */
  thread(task: Id): { messages: Message[] } | null {
    return this.#ask({ thread: { task } }) as { messages: Message[] } | null;
  }

  since(cursor: string | null): { head: string; missed: Frame[][] | null } {
    return this.#ask({ since: { cursor } }) as { head: string; missed: Frame[][] | null };
  }

  /** What open streams are to be told since the last time. */
  told(): { commits: Frame[][]; died: boolean } {
    return this.#ask("told") as { commits: Frame[][]; died: boolean };
  }

  /** How often each command took effect, and how often it was refused. */
  effects(): Record<Id, [number, number]> {
    return this.#ask("effects") as Record<Id, [number, number]>;
  }

  #ask(question: unknown): unknown {
    const { memory, room, ask, answer } = this.#exports;
    const text = new TextEncoder().encode(JSON.stringify(question));
    const at = room(text.length);
    new Uint8Array(memory.buffer).set(text, at);
    const length = ask();
    const said: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, answer(), length)));
    if (typeof said === "object" && said !== null && "wrong" in said)
      throw new Error(`a question was wrong: ${String(said.wrong)}`);
    return said;
  }
}
