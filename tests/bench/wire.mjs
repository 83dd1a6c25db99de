// The same bare client for both sides: one kept connection for posts, one for each stream, and nothing in between.
import { Agent, request } from "node:http";

export class Wire {
  #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(url) {
    this.url = new URL(url);
  }

  /** One request to its end: `{status, headers, text}`. */
  ask(method, path, body, headers = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const length =
      text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const options = { method, agent: this.#agent, headers: { ...length, ...headers } };
    return new Promise((done, fail) => {
      const sent = request(new URL(path, this.url), options, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => (text += chunk));
        response.on("error", fail);
        response.on("end", () => done({ status: response.statusCode, headers: response.headers, text }));
      });
      sent.on("error", fail);
      sent.end(text);
    });
  }

  /** Asks and takes nothing but success. */
  async must(method, path, body, headers) {
    const answer = await this.ask(method, path, body, headers);
    if (answer.status >= 300)
      throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    return answer.headers["content-type"]?.includes("json") ? JSON.parse(answer.text) : answer;
  }

  listen(path, headers = {}, onEvent = undefined) {
    return Listener.open(new URL(path, this.url), headers, onEvent);
  }

  end() {
    this.#agent.destroy();
  }
}

/** A stream's bytes as they come. Each wait names a text that only one event holds. */
class Listener {
  #text = "";
  #wait;
  static open(url, headers, onEvent) {
    return new Promise((done, fail) => {
      const self = new Listener();
      /** Called with every whole event. */
      self.onEvent = onEvent;
      self.request = request(
        url,
        { headers: { accept: "text/event-stream", ...headers }, agent: new Agent() },
        (response) => {
          if (response.statusCode !== 200) return fail(new Error(`the stream answered ${response.statusCode}`));
          response.setEncoding("utf8");
          response.on("data", (chunk) => self.#take(chunk, performance.now()));
          response.on("error", () => {});
          done(self);
        },
      );
      self.request.on("error", fail);
      self.request.end();
    });
  }

  #take(chunk, now) {
    this.#text += chunk;
    if (this.#wait && this.#text.includes(this.#wait.mark)) {
      this.#wait.done(now);
      this.#wait = undefined;
    }
    for (let end = this.#text.indexOf("\n\n"); end >= 0; end = this.#text.indexOf("\n\n")) {
      const event = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      this.onEvent?.(event);
    }
  }

  /** When the bytes that hold `mark` arrived. */
  hears(mark) {
    return new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`${mark} did not come within 10 s`)), 10_000);
      this.#wait = { mark, done: (now) => (clearTimeout(late), done(now)) };
    });
  }

  close() {
    this.request.on("error", () => {});
    this.request.destroy();
  }
}
