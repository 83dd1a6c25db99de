// Reads server-sent events off a byte stream, by the rules of the HTML standard. EventSource itself can send no header, so it can't be used.

export interface ServerEvent {
  event: string;
  data: string;
  /** As it was written last; empty: none was. */
  id: string;
}

export class SseParser {
  #rest = "";
  #event = "";
  #id = "";
  #data: string[] = [];
  #started = false;

  /** Takes the next piece of text and gives the events that it completed. */
  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    let buffer = this.#rest + text;
    if (!this.#started && buffer.length > 0) {
      this.#started = true;
      if (buffer.charCodeAt(0) === 0xfeff) buffer = buffer.slice(1);
    }
    let start = 0;
    for (let at = 0; at < buffer.length; at++) {
      const code = buffer.charCodeAt(at);
      if (code !== 10 && code !== 13) continue;
      // A CR at the very end may be the first half of a CRLF: wait for the next piece.
      if (code === 13 && at === buffer.length - 1) break;
      const event = this.#line(buffer.slice(start, at));
      if (event) events.push(event);
      if (code === 13 && buffer.charCodeAt(at + 1) === 10) at++;
      start = at + 1;
    }
    this.#rest = buffer.slice(start);
    return events;
  }

  #line(line: string): ServerEvent | null {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id") this.#id = value;
    // Times to wait are the page's own.
    return null;
  }

  #dispatch(): ServerEvent | null {
    const has = this.#data.length > 0;
    const event: ServerEvent = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    this.#event = "";
    this.#data = [];
    return has ? event : null;
  }
}

/** Reads a body to its end and calls back for each event, and for each sign of life (keepalive comments too). */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  on: { event: (event: ServerEvent) => void; alive: () => void },
): Promise<void> {
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      on.alive();
      for (const event of parser.push(decoder.decode(value, { stream: true }))) on.event(event);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
