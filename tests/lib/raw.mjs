// An MCP client over HTTP+SSE that does only what a test tells it: it may reconnect without `initialize`, or keep its pongs back.
import assert from "node:assert/strict";
import { SseReader } from "./sse.mjs";

export class RawAgent {
  #next;

  /** Opens a stream and waits for its endpoint. Says nothing on it. */
  static async open(mcpUrl, { agent, pongs = true, firstId = 0 } = {}) {
    const self = new RawAgent();
    const url = new URL(mcpUrl);
    if (agent) url.searchParams.set("agent", agent);
    Object.assign(self, { url, pongs });
    self.#next = firstId;
    self.stream = await SseReader.open(url);
    assert.equal(self.stream.status, 200, self.stream.refusal);
    self.endpoint = (await self.stream.until("endpoint")).data;
    self.stream.onEvent = (event) => {
      if (self.pongs && event.json?.method === "ping") self.pong(event.json.id).catch(() => {});
    };
    for (const event of self.stream.events) self.stream.onEvent(event);
    return self;
  }

  /** The same, and the handshake of a new client. */
  static async connect(mcpUrl, options) {
    const self = await RawAgent.open(mcpUrl, options);
    await self.initialize();
    return self;
  }

  async initialize() {
    const clientInfo = { name: "raw", version: "1" };
    const id = await this.ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    await this.answerTo(id);
    await this.post({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  /** Posts a message; resolves with the status. */
  async post(message, endpoint = this.endpoint) {
    const response = await fetch(new URL(endpoint, this.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
    });
    await response.arrayBuffer();
    return response.status;
  }

  pong(id) {
    return this.post({ jsonrpc: "2.0", id, result: {} });
  }

  /** Posts a request and returns its id; the answer comes over the stream. */
  async ask(method, params) {
    const id = this.#next++;
    assert.equal(await this.post({ jsonrpc: "2.0", id, method, params }), 202);
    return id;
  }

  askTool(name, args = {}) {
    return this.ask("tools/call", { name, arguments: args });
  }

  answerTo(id, ms) {
    return this.stream
      .until((event) => event.json?.id === id && !event.json.method, ms, `the answer to request ${id}`)
      .then((event) => event.json);
  }

  /** Calls a tool; resolves with its result. */
  async tool(name, args) {
    return (await this.answerTo(await this.askTool(name, args))).result;
  }

  /** Ids of the answers that have come, in order. */
  get answered() {
    return this.stream.events.filter(({ json }) => json && "result" in json).map(({ json }) => json.id);
  }

  /** The channel events that have come. */
  get heard() {
    return this.stream.events
      .filter(({ json }) => json?.method === "notifications/claude/channel")
      .map(({ json }) => json.params);
  }

  hears(fits, ms) {
    return this.stream
      .until(
        ({ json }) => json?.method === "notifications/claude/channel" && fits(json.params),
        ms,
        "the channel event",
      )
      .then(({ json }) => json.params);
  }

  get pings() {
    return this.stream.events.filter(({ json }) => json?.method === "ping").map(({ json }) => json.id);
  }

  /** Drops the stream as a client does that loses its network: without a word. */
  drop() {
    this.stream.close();
  }
}
