// The network between the page and the authority: what is under way arrives when the world says so, in any order, or never. Streams keep theirs.
import type { Problem } from "../../src/lib/api/problem";
import type { Frame } from "../../src/lib/model/sync";
import type { Actor, Id } from "../../src/lib/model/types";
import type { Batch } from "../../src/lib/sync/replica";
import type { Authority, Dies } from "./authority";
import type { Random } from "./random";

interface Under {
  path: string;
  init: RequestInit;
  resolve: (response: Response) => void;
  reject: (error: unknown) => void;
  /** The server has answered, and this is on its way back. */
  back: Response | null;
}

interface Stream {
  reader: ReadableStreamDefaultController<Uint8Array>;
  under: string[];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lost = (): TypeError => new TypeError("no network");

export class Network {
  online = true;
  /** Where the server dies in its next batch. */
  crash: Dies | null = null;
  counts = { dropped: 0, cut: 0, crashes: 0, resets: 0 };
  #under: Under[] = [];
  #streams: Stream[] = [];

  constructor(
    readonly authority: Authority,
    readonly workspace: Id,
    readonly me: Actor,
    readonly now: () => number,
  ) {}

  fetch = (path: string, init: RequestInit = {}): Promise<Response> => {
    if (!this.online) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      const under: Under = { path, init, resolve, reject, back: null };
      this.#under.push(under);
      init.signal?.addEventListener("abort", () => {
        this.#under = this.#under.filter((one) => one !== under);
        reject(new DOMException("aborted", "AbortError"));
      });
    });
  };

  get isQuiet(): boolean {
    return this.#under.length === 0 && this.#streams.every(({ under }) => under.length === 0);
  }

  /** One thing moves on. Returns what. */
  arrive(random: Random): string {
    const moving = [...this.#under, ...this.#streams.filter(({ under }) => under.length > 0)];
    const one = random.of(moving);
    if (!one) return "nothing";
    if ("reader" in one) {
      const text = one.under.shift() ?? "";
      one.reader.enqueue(bytes(text));
      return `on the stream, ${text.slice(0, text.indexOf("data:")).replaceAll("\n", " ")}`;
    }
    if (!one.back) {
      this.#serve(one);
      return `${one.path}, at the server`;
    }
    this.#under = this.#under.filter((other) => other !== one);
    one.resolve(one.back);
    return `${one.path}, back with ${one.back.status}`;
  }

  drop(random: Random): string {
    const one = random.of(this.#under);
    if (!one) return "nothing";
    this.counts.dropped++;
    this.#lose(one);
    return `${one.path}, ${one.back ? "on its way back" : "on its way"}`;
  }

  /** Every stream breaks; what was on it is lost. */
  cut(): void {
    this.counts.cut += this.#streams.length;
    for (const { reader } of this.#streams.splice(0)) close(reader);
  }

  /** Nothing gets through from now on, and what is under way is lost. */
  goOffline(): void {
    this.online = false;
    this.cut();
    for (const one of [...this.#under]) this.#lose(one);
  }

  /** What the authority has to tell goes onto the streams. */
  publish(): void {
    const { commits, died } = this.authority.told();
    for (const stream of this.#streams) stream.under.push(...commits.map((commit) => this.#text(commit)));
    if (died) {
      this.counts.crashes++;
      this.cut();
    }
  }

  #lose(one: Under): void {
    this.#under = this.#under.filter((other) => other !== one);
    one.reject(lost());
  }

  #serve(one: Under): void {
    const { pathname } = new URL(one.path, "http://localhost");
    const last = pathname.split("/").at(-1);
    if (last === "commands") this.#commands(one);
    else if (last === "snapshot") one.back = json(200, this.authority.snapshot(this.me));
    else if (last === "messages") one.back = this.#thread(pathname.split("/").at(-2) ?? "");
    else if (last === "events")
      one.back = this.#events(new Headers(one.init.headers).get("Last-Event-ID"), one.init.signal);
    else one.back = json(404, { code: "not_found", title: "There is no such thing", status: 404 });
  }

  #commands(one: Under): void {
    const crash = this.crash;
    this.crash = null;
    const batch = JSON.parse(String(one.init.body)) as Batch;
    const answered = this.authority.commands(this.me, batch, this.now(), crash);
    if (answered === "crashed") this.#lose(one);
    else one.back = "answer" in answered ? json(200, answered.answer) : json(answered.problem.status, answered.problem);
    this.publish();
  }

  #thread(task: Id): Response {
    const page = this.authority.thread(task);
    return page ? json(200, page) : json(404, { code: "task_not_found", title: "Not found", status: 404 });
  }

  #events(last: string | null, signal: AbortSignal | null | undefined): Response {
    const cursor = last?.split("=")[1] ?? null;
    const { head, missed } = this.authority.since(cursor);
    const body = new ReadableStream<Uint8Array>({
      start: (reader) => {
        const stream: Stream = { reader, under: [this.#event("hello", { cursor: head })] };
        if (missed) stream.under.push(...(cursor === null ? [] : missed).map((commit) => this.#text(commit)));
        else {
          this.counts.resets++;
          stream.under.push(this.#event("reset", {}));
        }
        this.#streams.push(stream);
        signal?.addEventListener("abort", () => {
          this.#streams = this.#streams.filter((other) => other !== stream);
          close(reader);
        });
      },
    });
    return new Response(body, { status: 200, headers: { "Content-Type": "text/event-stream" } });
  }

  #text(commit: Frame[]): string {
    return commit.map((frame) => this.#event(frame.type, frame, frame.cursor)).join("");
  }

  #event(name: string, data: object, cursor?: string): string {
    const id = cursor === undefined ? "" : `id: ${this.workspace}=${cursor}\n`;
    return `event: ${name}\n${id}data: ${JSON.stringify({ workspace: this.workspace, ...data })}\n\n`;
  }
}

const json = (status: number, body: object | Problem): Response =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

function close(reader: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    reader.close();
  } catch {
    // it is closed already
  }
}
