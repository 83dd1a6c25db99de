// The same bare client for both sides: kept connections for posts, one for each stream, and nothing in between.
import { Agent, request } from "node:http";

/** What a wait looks for in a stream: a text that only one event holds. */
const marks = /mark-\d+-end/g;
const lateMs = 20_000;

export class Wire {
  #agent;

  constructor(url, { connections = 4 } = {}) {
    this.url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** One request to its end: `{status, headers, bytes, text}`. A body is bytes, or becomes JSON. */
  ask(method, path, body, headers = {}) {
    const isBytes = body instanceof Uint8Array;
    const payload = body === undefined || isBytes ? body : JSON.stringify(body);
    const length = payload === undefined ? {} : { "content-length": Buffer.byteLength(payload) };
    const type = payload === undefined || isBytes ? {} : { "content-type": "application/json" };
    const options = { method, agent: this.#agent, headers: { ...type, ...length, ...headers } };
    return new Promise((done, fail) => {
      const sent = request(new URL(path, this.url), options, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          done({ status: response.statusCode, headers: response.headers, bytes, text: bytes.toString() });
        });
      });
      sent.on("error", fail);
      sent.end(payload);
    });
  }

  /** Asks and takes nothing but success. */
  async must(method, path, body, headers) {
    const answer = await this.ask(method, path, body, headers);
    if (answer.status >= 300)
      throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    return answer.headers["content-type"]?.includes("json") ? JSON.parse(answer.text) : answer;
  }

  /** Opens a stream; `onEvent` is called with every whole event and when it came. */
  listen(path, { headers = {}, onEvent, method = "GET", body } = {}) {
    return Listener.open(new URL(path, this.url), { headers, onEvent, method, body });
  }

  end() {
    this.#agent.destroy();
  }
}

/** A stream's events as they come. */
class Listener {
  #text = "";
  #waits = new Map();

  static open(url, { headers, onEvent, method, body }) {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const type =
      payload === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) };
    return new Promise((done, fail) => {
      const self = new Listener();
      self.onEvent = onEvent;
      const options = { method, headers: { accept: "text/event-stream", ...type, ...headers }, agent: new Agent() };
      self.request = request(url, options, (response) => {
        if (response.statusCode !== 200) return fail(new Error(`the stream answered ${response.statusCode}`));
        self.headers = response.headers;
        response.setEncoding("utf8");
        response.on("data", (chunk) => self.#take(chunk, performance.now()));
        response.on("error", () => {});
        done(self);
      });
      self.request.on("error", fail);
      self.request.end(payload);
    });
  }

  #take(chunk, now) {
    this.#text += chunk;
    for (let end = this.#text.indexOf("\n\n"); end >= 0; end = this.#text.indexOf("\n\n")) {
      const event = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      this.heard(event, now);
      this.onEvent?.(event, now);
    }
  }

  /** Tells whoever waits for a mark that stands in `text`. */
  heard(text, now) {
    if (this.#waits.size === 0) return;
    for (const [mark] of text.matchAll(marks)) {
      this.#waits.get(mark)?.(now);
      this.#waits.delete(mark);
    }
  }

  /** When the event that holds `mark` arrived. */
  hears(mark) {
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`${mark} did not come within ${lateMs / 1000} s`)), lateMs);
      this.#waits.set(mark, (now) => (clearTimeout(late), done(now)));
    });
  }

  close() {
    this.request.on("error", () => {});
    this.request.destroy();
  }
}
