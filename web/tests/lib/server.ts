// A server of one workspace for the page's tests: it takes commands that rename the workspace, remembers each by its id, and tells of them.
// What a real server decides is tested where it stands; here it matters what comes through, how often, and in which order.
import type { Command } from "../../src/lib/model/commands";
import type { Id, Task } from "../../src/lib/model/types";

interface Sent {
  clientId: string;
  commands: { mutationId: number; command: Command }[];
}
type Refusal = { status: number; code: string } | null;

const ME = { kind: "person", id: "00000000p01", name: "Ada" };
const AT = "2026-01-01T00:00:00.000Z";

export class Server {
  readonly workspace = "wsOne";
  /** The ids of what took effect, in order. */
  readonly effects: Id[] = [];
  readonly batches: Sent[] = [];
  readonly uploads: Id[] = [];
  name = "first";
  /** What a snapshot holds. */
  tasks: readonly Task[] = [];
  online = true;
  /** How many event streams are open. */
  streams = 0;
  snapshots = 0;
  /** Refuses the next batch as a whole. */
  refuseNext: Refusal = null;
  /** Refuses each command of this name, for good. */
  refusedName: string | null = null;
  /** What its hello says that it speaks. */
  protocol = 1;
  /** Writes what only a page of another version can read. */
  writes: { frames: "known" | "unknown"; snapshots: "known" | "unknown" } = { frames: "known", snapshots: "known" };
  /** Takes the next batch; then the network goes before anything comes back. */
  loseAnswer = false;
  /** The next one never comes here, and its sender is not told so. */
  loses: "commands" | "attachments" | null = null;

  #epoch = "e";
  #seq = 1;
  #frames: { seq: number; text: string }[] = [];
  #ended = new Map<Id, Refusal>();
  #clients = new Map<string, number>();
  #readers = new Set<ReadableStreamDefaultController<Uint8Array>>();

  get cursor(): string {
    return `${this.#epoch}-${this.#seq}-t${this.#seq}`;
  }

  fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    if (!this.online) throw new TypeError("no network");
    const { pathname } = new URL(path, "http://localhost");
    if (pathname.endsWith("/snapshot")) return this.#snapshot();
    if (this.loses !== null && pathname.endsWith(`/${this.loses}`)) return this.#lost(init.signal);
    if (pathname.endsWith("/commands")) return this.#commands(JSON.parse(String(init.body)) as Sent);
    if (pathname.endsWith("/attachments")) return this.#upload(new URL(path, "http://localhost"));
    if (pathname === "/api/events") return this.#events(new Headers(init.headers).get("Last-Event-ID"), init.signal);
    return json(404, { code: "not_found", title: "There is no such thing" });
  };

  /** Breaks every stream. */
  cut(): void {
    for (const reader of this.#readers) close(reader);
    this.#readers.clear();
    this.streams = 0;
  }

  /** Another history from here on, as after a restore: what was told before is not known any more. */
  restore(): void {
    this.#epoch += "x";
    this.#frames = [];
    this.cut();
  }

  /** Somebody else renames the workspace. */
  rename(name: string): void {
    this.name = name;
    this.#commit([]);
  }

  #snapshot(): Response {
    this.snapshots++;
    return json(200, {
      cursor: this.cursor,
      workspace: this.writes.snapshots === "known" ? this.#entity() : { called: this.name },
      tasks: this.tasks,
      nextCursor: null,
      agents: [],
      deliveries: [],
      me: ME,
    });
  }

  #entity(): object {
    return { id: this.workspace, name: this.name, mission: "", createdAt: AT, revision: this.#seq };
  }

  #commands(sent: Sent): Response {
    this.batches.push(sent);
    const refused = this.refuseNext;
    this.refuseNext = null;
    if (refused) return json(refused.status, { code: refused.code, title: "No" });
    if (this.loseAnswer) this.cut();
    const results = [];
    for (const { mutationId, command } of sent.commands) {
      const last = this.#clients.get(sent.clientId) ?? 0;
      if (mutationId > last + 1) return json(400, { code: "mutation_gap", title: "The batch is not valid" });
      this.#clients.set(sent.clientId, Math.max(last, mutationId));
      if (!this.#ended.has(command.id)) this.#run(sent.clientId, mutationId, command);
      results.push({ mutationId, command: command.id, rejection: this.#ended.get(command.id) ?? null });
    }
    if (this.loseAnswer) {
      this.loseAnswer = false;
      this.online = false;
      throw new TypeError("the answer got lost");
    }
    return json(200, { cursor: this.cursor, results });
  }

  #lost(signal: AbortSignal | null | undefined): Promise<never> {
    this.loses = null;
    return new Promise((_, fail) => signal?.addEventListener("abort", () => fail(signal.reason as Error)));
  }

  #run(clientId: string, mutationId: number, command: Command): void {
    const name = command.type === "editWorkspace" ? (command.name ?? this.name) : this.name;
    const refused = name === this.refusedName;
    const rejection = refused ? { code: "taken", title: "The name is taken", detail: "", status: 409 } : null;
    this.#ended.set(command.id, rejection);
    if (!refused) {
      this.name = name;
      this.effects.push(command.id);
    }
    this.#commit([{ clientId, mutationId, command: command.id, rejection }]);
  }

  #commit(mutations: object[]): void {
    const base = this.cursor;
    this.#seq++;
    const entity = { type: "workspace", ...this.#entity() };
    const frame = {
      workspace: this.workspace,
      type: this.writes.frames === "known" ? "workspace.updated" : "workspace.moved",
      taskId: null,
      actor: ME,
      at: AT,
      changes: [{ op: "put", entity }],
      base,
      cursor: this.cursor,
      mutations,
    };
    const text = `event: workspace.updated\nid: ${this.workspace}=${this.cursor}\ndata: ${JSON.stringify(frame)}\n\n`;
    this.#frames.push({ seq: this.#seq, text });
    for (const reader of this.#readers) reader.enqueue(bytes(text));
  }

  #events(last: string | null, signal: AbortSignal | null | undefined): Response {
    const place = last?.split("=")[1]?.split("-");
    const known = place?.[0] === this.#epoch;
    const body = new ReadableStream<Uint8Array>({
      start: (reader) => {
        this.#readers.add(reader);
        this.streams++;
        const hello = { workspace: this.workspace, cursor: this.cursor, build: "b", protocol: this.protocol };
        reader.enqueue(bytes(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`));
        if (place && !known)
          reader.enqueue(bytes(`event: reset\ndata: ${JSON.stringify({ workspace: this.workspace })}\n\n`));
        for (const { seq, text } of this.#frames) if (known && seq > Number(place[1])) reader.enqueue(bytes(text));
        signal?.addEventListener("abort", () => {
          if (this.#readers.delete(reader)) this.streams--;
          close(reader);
        });
      },
    });
    return new Response(body, { status: 200, headers: { "Content-Type": "text/event-stream" } });
  }

  #upload(url: URL): Response {
    const id = url.searchParams.get("id") ?? "";
    this.uploads.push(id);
    return json(201, { id, filename: url.searchParams.get("filename"), mimeType: "text/plain", size: 1, sha256: "" });
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (status: number, body: unknown): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

function close(reader: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    reader.close();
  } catch {
    // it is closed already
  }
}
