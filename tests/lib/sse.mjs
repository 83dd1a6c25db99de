// Reads a stream of server-sent events as it comes, and waits for what a test expects of it.
import { setTimeout as sleep } from "node:timers/promises";

/** A server that has not answered by then never will. */
const ANSWERS_MS = 20_000;

export class SseReader {
  events = [];
  comments = 0;
  ended = false;
  /** The first event or comment as it came: what a client or proxy that waits for a byte sees. */
  first;
  /** Called with each event as it comes. */
  onEvent;
  #waiters = new Set();
  #abort = new AbortController();

  /** Opens a stream; resolves once the server has answered. */
  static open(url, headers = {}) {
    return SseReader.ask(url, { headers: { accept: "text/event-stream", ...headers } });
  }

  /** The same for any request whose answer may be a stream. */
  static async ask(url, request) {
    const reader = new SseReader();
    const late = setTimeout(() => reader.#abort.abort(new Error(`no answer in ${ANSWERS_MS} ms`)), ANSWERS_MS);
    const asked = fetch(url, { ...request, signal: reader.#abort.signal });
    const response = await asked.finally(() => clearTimeout(late));
    reader.status = response.status;
    reader.headers = response.headers;
    if (response.status !== 200 || !/event-stream/.test(response.headers.get("content-type"))) {
      reader.refusal = await response.text();
      reader.ended = true;
      return reader;
    }
    reader.done = reader.#read(response.body).catch(() => {});
    return reader;
  }

  async #read(body) {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          this.#take(text.slice(0, end));
          text = text.slice(end + 2);
        }
      }
    } finally {
      this.ended = true;
      this.#tell();
    }
  }

  #take(block) {
    this.first ??= block;
    const event = { event: "message", data: "", id: undefined, at: performance.now() };
    const data = [];
    for (const line of block.split("\n")) {
      if (line.startsWith(":")) this.comments += 1;
      else if (line.startsWith("event: ")) event.event = line.slice(7);
      else if (line.startsWith("id: ")) event.id = line.slice(4);
      else if (line.startsWith("retry: ")) event.retry = line.slice(7);
      else if (line.startsWith("data: ")) data.push(line.slice(6));
    }
    if (data.length === 0) return;
    event.data = data.join("\n");
    try {
      event.json = JSON.parse(event.data);
    } catch {
      // Not every event holds JSON: `endpoint` does not.
    }
    this.events.push(event);
    this.onEvent?.(event);
    this.#tell();
  }

  #tell() {
    for (const waiter of this.#waiters) waiter();
  }

  /** The first event that fits, already here or still to come; fails after `ms`. */
  async until(fits, ms = 20_000, what = "an event") {
    const test = typeof fits === "string" ? (event) => event.event === fits : fits;
    const deadline = Date.now() + ms;
    for (;;) {
      const found = this.events.find(test);
      if (found) return found;
      if (this.ended || Date.now() > deadline) {
        const seen = this.events.map((event) => event.event).join(", ");
        throw new Error(
          `${typeof fits === "string" ? fits : what} did not come${this.ended ? " before the stream ended" : ""}; seen: ${seen}`,
        );
      }
      await Promise.race([new Promise((tell) => this.#waiters.add(tell)), sleep(Math.min(200, ms))]);
    }
  }

  close() {
    this.#abort.abort();
  }
}
