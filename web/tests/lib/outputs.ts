// A server with the output of one task, as the page knows it: a stream that stays open, and pieces on demand.
import { vi } from "vitest";

interface Asked {
  path: string;
  stream: boolean;
}

const encoder = new TextEncoder();

export class OutputServer {
  bytes = new Uint8Array();
  /** What is before this is no longer kept. */
  kept = 0;
  /** No piece is longer. */
  most = Infinity;
  online = true;
  status = 200;
  ended = false;
  readonly asked: Asked[] = [];
  #open = new Set<{ reader: ReadableStreamDefaultController<Uint8Array>; at: number }>();

  constructor() {
    vi.stubGlobal("fetch", this.fetch);
  }

  get streams(): number {
    return this.#open.size;
  }

  fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const stream = new Headers(init.headers).get("Accept") === "text/event-stream";
    this.asked.push({ path, stream });
    if (!this.online) throw new TypeError("no network");
    if (this.status !== 200) return Response.json({ code: "gone", title: "Gone" }, { status: this.status });
    const query = new URL(path, "http://localhost").searchParams;
    return stream ? this.#stream(query, init.signal) : this.#piece(query);
  };

  print(text: string): void {
    this.bytes = new Uint8Array([...this.bytes, ...encoder.encode(text)]);
    for (const one of this.#open) this.#tell(one);
  }

  /** Nothing more will come. */
  end(): void {
    this.ended = true;
    for (const one of this.#open) this.#tell(one);
  }

  /** Another run begins, with an output of its own; whoever follows the last one still does. */
  begin(): void {
    this.bytes = new Uint8Array();
    this.ended = false;
    this.kept = 0;
    this.#open.clear();
  }

  /** Lets the oldest bytes go, up to here. */
  cut(to: number): void {
    this.kept = to;
  }

  /** Breaks every stream. */
  break(): void {
    for (const { reader } of this.#open) reader.close();
    this.#open.clear();
  }

  #stream(query: URLSearchParams, signal: AbortSignal | null | undefined): Response {
    const tail = query.get("tail");
    const from = tail === null ? Number(query.get("offset")) : Math.max(this.kept, this.bytes.length - Number(tail));
    const body = new ReadableStream<Uint8Array>({
      start: (reader) => {
        const one = { reader, at: this.#whole(from) };
        this.#open.add(one);
        signal?.addEventListener("abort", () => {
          if (this.#open.delete(one)) reader.error(new DOMException("aborted", "AbortError"));
        });
        this.#tell(one);
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  #tell(one: { reader: ReadableStreamDefaultController<Uint8Array>; at: number }): void {
    const say = (event: string, data: object, id: number): void =>
      one.reader.enqueue(encoder.encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`));
    if (one.at < this.kept) {
      say("cut", { from: one.at, to: this.kept }, this.kept);
      one.at = this.kept;
    }
    while (one.at < this.bytes.length) {
      const to = this.#whole(Math.min(this.bytes.length, one.at + 10_000));
      say("output", { offset: one.at, text: new TextDecoder().decode(this.bytes.slice(one.at, to)) }, to);
      one.at = to;
    }
    if (this.ended) say("end", { length: this.bytes.length }, this.bytes.length);
  }

  #whole(at: number): number {
    let to = at;
    while (to < this.bytes.length && ((this.bytes[to] ?? 0) & 0xc0) === 0x80) to++;
    return to;
  }

  #piece(query: URLSearchParams): Response {
    const from = Math.max(this.kept, Number(query.get("offset")));
    const to = Math.min(this.bytes.length, from + Math.min(this.most, Number(query.get("limit"))));
    const range = to > from ? `${from}-${to - 1}` : "*";
    return new Response(this.bytes.slice(from, Math.max(from, to)), {
      headers: { "Content-Range": `bytes ${range}/${this.bytes.length}` },
    });
  }
}
