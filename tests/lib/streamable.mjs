// An MCP client over Streamable HTTP that does only what a test tells it: each header, stream, pong and cut is the test's own.
import assert from "node:assert/strict";
import { SseReader } from "./sse.mjs";

export const REVISIONS = ["2025-03-26", "2025-06-18", "2025-11-25"];

const isAnswer = ({ json }) => json && !json.method && ("result" in json || "error" in json);
const isPing = ({ json }) => json?.method === "ping";
const isPush = ({ json }) => json?.method === "notifications/claude/channel";

/** The channel events that have come on a stream. */
export const heardOn = (stream) => stream.events.filter(isPush).map(({ json }) => json.params);
export const pingsOn = (stream) => stream.events.filter(isPing);
/** Ids of the messages that were pushed on these streams, in the order of each. */
export const messagesOn = (...streams) => streams.flatMap(heardOn).map(({ meta }) => meta.message_id);
/** The ids of a stream's events, in their order. */
export const idsOn = (stream) => stream.events.map(({ id }) => id).filter(Boolean);
export const hearsOn = (stream, message, ms) =>
  stream.until((event) => isPush(event) && event.json.params.meta.message_id === message.id, ms, "the channel event");
export const answerOn = (stream, id, ms) =>
  stream
    .until((event) => isAnswer(event) && event.json.id === id, ms, `the answer to request ${id}`)
    .then(({ json }) => json);

export class StreamableAgent {
  /** Every stream that was opened, also by a post. */
  streams = [];
  session;
  #next;

  /** A client that has said nothing yet: it names no session. `pongs`: does it answer pings, as every SDK does? */
  constructor(mcpUrl, { agent, pongs = true, version = "2025-11-25", firstId = 0, session } = {}) {
    const url = new URL(mcpUrl);
    if (agent) url.searchParams.set("agent", agent);
    Object.assign(this, { url, pongs, version, session });
    this.#next = firstId;
  }

  /** A client after its handshake. */
  static async connect(mcpUrl, options) {
    const self = new StreamableAgent(mcpUrl, options);
    await self.initialize();
    await self.say("notifications/initialized");
    return self;
  }

  /** The same, with the session's own stream open: its first ping has come. */
  static async listen(mcpUrl, options) {
    const self = await StreamableAgent.connect(mcpUrl, options);
    self.stream = await self.open();
    await isReady(self.stream);
    return self;
  }

  /** The answer to `initialize`, whose session is this client's from now on. */
  async initialize(version = this.version) {
    const clientInfo = { name: "streamable", version: "1" };
    const params = { protocolVersion: version, capabilities: {}, clientInfo };
    const answer = await this.ask("initialize", params, {
      "mcp-session-id": undefined,
      "mcp-protocol-version": undefined,
    });
    assert.equal(answer.status, 200, answer.text);
    this.session = answer.headers.get("mcp-session-id") ?? undefined;
    return answer.body.result;
  }

  /** The headers of a request; `undefined` leaves one out. */
  headers(more = {}) {
    const headers = { "mcp-session-id": this.session, "mcp-protocol-version": this.version, ...more };
    return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  }

  /** Posts a message, or a body as it is. `{status, headers, text, body, stream}`: `body` is JSON, `stream` is there if it is one. */
  async post(message, more = {}) {
    const stream = await SseReader.ask(this.url, {
      method: "POST",
      headers: this.headers({
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...more,
      }),
      body: typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message),
    });
    const { status, headers, refusal: text } = stream;
    if (text === undefined) return { status, headers, stream: this.#heed(stream) };
    return { status, headers, text, body: /json/.test(headers.get("content-type")) ? JSON.parse(text) : undefined };
  }

  #heed(stream) {
    this.streams.push(stream);
    stream.onEvent = (event) => {
      if (this.pongs && isPing(event)) this.pong(event.json.id).catch(() => {});
    };
    for (const event of stream.events) stream.onEvent(event);
    return stream;
  }

  /** Posts a request; what comes of it has the request's `id`. */
  async ask(method, params, headers) {
    const id = this.#next++;
    return { id, ...(await this.post({ jsonrpc: "2.0", id, method, params }, headers)) };
  }

  /** Posts a notification. */
  async say(method, params) {
    const answer = await this.post({ jsonrpc: "2.0", method, params });
    assert.equal(answer.status, 202, answer.text);
  }

  async pong(id) {
    const { status } = await this.post({ jsonrpc: "2.0", id, result: {} });
    assert.equal(status, 202);
  }

  /** The result of a request, whether it is answered at once or on a stream. */
  async result(method, params) {
    const { id, status, text, body, stream } = await this.ask(method, params);
    assert.equal(status, 200, text);
    const message = stream ? await answerOn(stream, id) : body;
    assert.ok(message.result, JSON.stringify(message.error));
    assert.equal(message.id, id);
    return message.result;
  }

  /** The structured answer of a tool, which must not fail. */
  async tool(name, args = {}) {
    const result = await this.result("tools/call", { name, arguments: args });
    assert.ok(!result.isError, result.content?.map(({ text }) => text).join("\n"));
    return result.structuredContent;
  }

  /** A task for a person; its id. */
  async createTask(title = "Question: which way?") {
    return (await this.tool("createTask", { title, assignee: "human" })).task_id;
  }

  /** Calls `waitForMessages`, which waits on a stream of its own. `{id, stream}` */
  async wait({ progressToken, ...args } = {}) {
    const meta = progressToken === undefined ? {} : { _meta: { progressToken } };
    const call = await this.ask("tools/call", { name: "waitForMessages", arguments: args, ...meta });
    assert.equal(call.status, 200, call.text);
    assert.ok(call.stream, `the call did not wait: ${call.text}`);
    return call;
  }

  /** Opens the session's stream, or takes up the one on which `last` came. Resolves once it is answered, whatever the answer is. */
  async open(last, more = {}) {
    const headers = this.headers({ accept: "text/event-stream", "last-event-id": last, ...more });
    const stream = await SseReader.ask(this.url, { headers });
    return stream.status === 200 ? this.#heed(stream) : stream;
  }

  /** Ends the session. */
  async end(more = {}) {
    const response = await fetch(this.url, { method: "DELETE", headers: this.headers(more) });
    return { status: response.status, text: await response.text() };
  }

  /** Drops every stream without a word. */
  drop() {
    for (const stream of this.streams) stream.close();
  }
}

/** Waits for the ping with which each stream of a session begins. */
export const isReady = (stream, ms) => stream.until(isPing, ms, "the first ping");
