// A person as a script: a session by cookie, JSON in and out, and the workspace's event stream.
import assert from "node:assert/strict";
import { SseReader } from "./sse.mjs";

export class Person {
  constructor(url, cookie, person) {
    Object.assign(this, { url, cookie, person });
  }

  static async signIn(url, key) {
    const response = await fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key }),
    });
    assert.equal(response.status, 200, `sign-in answered ${response.status}`);
    const { person } = await response.json();
    return new Person(url, response.headers.get("set-cookie").split(";")[0], person);
  }

  /** One request, whatever comes of it: `{status, headers, body}` with the body read as JSON where it is JSON. */
  async ask(method, path, body, headers = {}) {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        cookie: this.cookie,
        ...(body === undefined || isBytes ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined || isBytes ? body : JSON.stringify(body),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(new TextDecoder().decode(bytes)) : bytes,
    };
  }

  async #must(method, path, body, headers) {
    const answer = await this.ask(method, path, body, headers);
    // Written out only if it is needed: a file as JSON takes its time.
    if (answer.status >= 300)
      assert.fail(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get(path) {
    return this.#must("GET", path);
  }
  make(path, body, headers) {
    return this.#must("POST", path, body, headers);
  }
  change(path, body) {
    return this.#must("PATCH", path, body);
  }
  remove(path) {
    return this.#must("DELETE", path);
  }

  /** The same, inside one workspace: paths begin after `/api/workspaces/{ws}`. */
  room(workspace) {
    const base = `/api/workspaces/${workspace}`;
    return {
      base,
      person: this,
      get: (path) => this.get(base + path),
      make: (path, body, headers) => this.make(base + path, body, headers),
      change: (path, body) => this.change(base + path, body),
      remove: (path) => this.remove(base + path),
      ask: (method, path, body, headers) => this.ask(method, base + path, body, headers),
      /** Opens the dashboard's stream; resolves once it is open. */
      watch: (cursor) =>
        SseReader.open(`${this.url}${base}/events${cursor ? `?cursor=${cursor}` : ""}`, { cookie: this.cookie }),
      /** A person's yes or no on what the task shows now. */
      decide: async (task, verdict, text = "", more = {}) => {
        const { digest } = await this.get(`${base}/tasks/${task}`);
        return this.make(`${base}/tasks/${task}/messages`, { text, verdict, digest, ...more });
      },
    };
  }
}
