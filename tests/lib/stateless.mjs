// An MCP client of revision 2026-07-28 that does only what a test tells it: the envelope and the headers that mirror it, each of them overridable.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { SseReader } from "./sse.mjs";

export const VERSION = "2026-07-28";
const key = (name) => `io.modelcontextprotocol/${name}`;
export const SUBSCRIPTION = key("subscriptionId");

const present = (record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

/** A value as `Mcp-Name` carries it: as it is where a header can hold it, else as base64 between markers. */
export const headerValue = (text) => (/^[!-~]([ -~]*[!-~])?$/.test(text) ? text : sentinel(text));
export const sentinel = (text) => `=?base64?${Buffer.from(text).toString("base64")}?=`;

export class StatelessClient {
  #next;

  constructor(mcpUrl, { agent, firstId = 1, info = { name: "stateless", version: "1" } } = {}) {
    this.url = new URL(mcpUrl);
    if (agent) this.url.searchParams.set("agent", agent);
    this.info = info;
    this.#next = firstId;
  }

  /**
   * A request as it goes out: `{id, headers, body}`. What is `undefined` in `meta` or `headers` is left out, everything else in them
   * replaces what would stand there.
   */
  prepared(method, params = {}, { id = this.#next++, meta = {}, headers = {} } = {}) {
    const envelope = {
      [key("protocolVersion")]: VERSION,
      [key("clientInfo")]: this.info,
      [key("clientCapabilities")]: {},
    };
    const name = { "tools/call": "name", "prompts/get": "name", "resources/read": "uri" }[method];
    const mirrored = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": VERSION,
      "mcp-method": method,
      "mcp-name": name && typeof params[name] === "string" ? headerValue(params[name]) : undefined,
    };
    const _meta = present({ ...envelope, ...meta });
    const body = { jsonrpc: "2.0", id, method, params: Object.keys(_meta).length ? { ...params, _meta } : params };
    return { id, headers: present({ ...mirrored, ...headers }), body: JSON.stringify(body) };
  }

  /** Posts any body; resolves with `{status, headers, text, json}` once the response has ended. A stream is let go, not read. */
  async post(body, headers = { "content-type": "application/json" }, method = "POST") {
    const response = await fetch(this.url, { method, headers, body });
    const type = response.headers.get("content-type") ?? "";
    if (type === "text/event-stream") {
      await response.body.cancel();
      return { status: response.status, headers: response.headers, text: "a stream" };
    }
    const text = await response.text();
    const isJson = /json/.test(type);
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  /** Asks; resolves with the whole response, whatever it is. */
  async ask(method, params, options) {
    const { id, headers, body } = this.prepared(method, params, options);
    return { id, ...(await this.post(body, headers)) };
  }

  /** Asks for what is answered in the response; resolves with the result. */
  async result(method, params, options) {
    const { id, status, json, text } = await this.ask(method, params, options);
    assert.equal(status, 200, text);
    assert.equal(json.id, id);
    assert.ok(json.result, text);
    return json.result;
  }

  /** Calls a tool; resolves with its result. */
  tool(name, args = {}, options) {
    return this.result("tools/call", { name, arguments: args }, options);
  }

  /** Calls a tool that succeeds; resolves with its structured content. */
  async call(name, args, options) {
    const result = await this.tool(name, args, options);
    assert.ok(!result.isError, JSON.stringify(result.content));
    return result.structuredContent;
  }

  /** Reads a resource; resolves with what it shows. */
  async read(uri, options) {
    const { contents } = await this.result("resources/read", { uri }, options);
    return JSON.parse(contents[0].text);
  }

  /** Asks for what is answered on a stream; resolves with the stream, open. Its `id` is the request's. */
  async open(method, params, options) {
    const { id, headers, body } = this.prepared(method, params, options);
    const stream = await SseReader.open(new Request(this.url, { method: "POST", body }), headers);
    assert.equal(stream.status, 200, stream.refusal);
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    return Object.assign(stream, { id });
  }

  /** Waits for messages on a stream; `answered()` resolves with the result. */
  async wait(args = {}, options) {
    const stream = await this.open("tools/call", { name: "waitForMessages", arguments: args }, options);
    return Object.assign(stream, { answered: (ms) => answerOn(stream, ms) });
  }

  /** Listens; resolves once the server has said what it will tell. */
  async listen(notifications, options) {
    const stream = await this.open("subscriptions/listen", { notifications }, options);
    const { json } = await stream.until(({ json }) => json?.method === "notifications/subscriptions/acknowledged");
    return Object.assign(stream, { honoured: json.params.notifications });
  }

  /** Sends a request and destroys the connection `ms` later, whatever has come by then: as a network does that goes down. */
  async abandon(method, params, options, ms = 0) {
    const { id, headers, body } = this.prepared(method, params, options);
    const asked = request(this.url, { method: "POST", headers, agent: false });
    asked.on("error", () => {});
    asked.end(body);
    await once(asked, "finish");
    if (ms) await new Promise((done) => setTimeout(done, ms));
    asked.destroy();
    return id;
  }
}

async function answerOn(stream, ms) {
  const { json } = await stream.until(({ json }) => json?.id === stream.id && !json.method, ms, "the answer");
  return json.result;
}

/** What a listening stream has said, in order, as `[method, uri]`. */
export const told = (stream) =>
  stream.events.map(({ json }) => [json.method.replace("notifications/", ""), json.params.uri].filter(Boolean));

/** Waits until a listening stream tells of this resource, from its message number `from` on; resolves with how many messages there are. */
export async function updated(stream, uri, from = 0, ms) {
  const tells = ({ json }) => json?.method === "notifications/resources/updated" && json.params.uri === uri;
  await stream.until((event) => stream.events.indexOf(event) >= from && tells(event), ms, `an update of ${uri}`);
  return stream.events.length;
}
