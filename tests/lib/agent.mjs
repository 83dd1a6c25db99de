// An agent: the official TypeScript SDK over HTTP+SSE or Streamable HTTP, which notes what it is told.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { setTimeout as sleep } from "node:timers/promises";

/** The address of a workspace for one agent, which works on this list and sees these tools. */
export function addressFor(mcpUrl, agent, chosen = {}) {
  const url = new URL(mcpUrl);
  for (const [name, value] of Object.entries({ agent, ...chosen })) if (value) url.searchParams.set(name, value);
  return url;
}

export class Agent {
  /** Every channel event, in the order it came: `{content, meta, at}`. */
  heard = [];
  /** The resources that were said to have changed, in the order it was said. */
  updated = [];

  static transport(url) {
    return new SSEClientTransport(url);
  }

  static async connect(mcpUrl, { name = "test-agent", agent, list, tools } = {}) {
    const self = new this();
    self.client = new Client({ name, version: "1.0.0" });
    self.client.fallbackNotificationHandler = async (notification) => self.notice(notification);
    self.transport = this.transport(addressFor(mcpUrl, agent, { list, tools }));
    await self.client.connect(self.transport);
    self.revision = self.transport.protocolVersion;
    return self;
  }

  notice({ method, params }) {
    if (method === "notifications/claude/channel") this.heard.push({ ...params, at: performance.now() });
    if (method === "notifications/resources/updated") this.updated.push(params.uri);
  }

  /** Calls a tool and returns its structured answer; fails if the tool failed. */
  async call(name, args = {}, options) {
    const result = await this.try(name, args, options);
    if (result.isError) throw new Error(`${name} failed: ${result.content.map((block) => block.text).join("\n")}`);
    return result.structuredContent;
  }

  /** The raw result of a call, failed or not. */
  try(name, args = {}, options = undefined) {
    return this.client.callTool({ name, arguments: args }, undefined, options);
  }

  /** What a resource holds, read as JSON. */
  async read(uri) {
    const { contents } = await this.readResource(uri);
    return JSON.parse(contents[0].text);
  }

  readResource(uri) {
    return this.client.readResource({ uri });
  }

  /** From here on the agent is told when a resource changes. */
  async watch(uri) {
    await this.client.subscribeResource({ uri });
  }

  /** The first channel event that fits, already here or still to come. */
  hears(fits, ms) {
    return this.#until(
      () => this.heard.find(fits),
      ms,
      () => `heard ${JSON.stringify(this.heard.map((item) => item.content))}`,
    );
  }

  /** Resolves when it is said that a resource has changed. */
  isTold(uri, ms) {
    return this.#until(
      () => this.updated.includes(uri),
      ms,
      () => `was told of ${JSON.stringify(this.updated)}, not of ${uri}`,
    );
  }

  async #until(look, ms = 20_000, instead) {
    const deadline = Date.now() + ms;
    for (;;) {
      const found = look();
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`it did not come: the agent ${instead()}`);
      await sleep(5);
    }
  }

  close() {
    return this.client.close();
  }
}

/** The same over Streamable HTTP. */
export class StreamableAgent extends Agent {
  static transport(url) {
    return new StreamableHTTPClientTransport(url);
  }

  /** As a client that is done for good: its session ends too. */
  async close() {
    await this.transport.terminateSession();
    await super.close();
  }
}
