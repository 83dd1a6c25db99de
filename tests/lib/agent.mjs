// An agent: the official TypeScript SDK over HTTP+SSE, which notes the channel events it gets.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { setTimeout as sleep } from "node:timers/promises";

export class Agent {
  /** Every channel event, in the order it came: `{content, meta, at}`. */
  heard = [];

  static async connect(mcpUrl, { name = "test-agent", agent } = {}) {
    const self = new Agent();
    const url = new URL(mcpUrl);
    if (agent) url.searchParams.set("agent", agent);
    self.client = new Client({ name, version: "1.0.0" });
    self.client.fallbackNotificationHandler = async (notification) => {
      if (notification.method === "notifications/claude/channel")
        self.heard.push({ ...notification.params, at: performance.now() });
    };
    self.transport = new SSEClientTransport(url);
    await self.client.connect(self.transport);
    return self;
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

  /** The first channel event that fits, already here or still to come. */
  async hears(fits, ms = 10_000) {
    const deadline = Date.now() + ms;
    for (;;) {
      const found = this.heard.find(fits);
      if (found) return found;
      if (Date.now() > deadline)
        throw new Error(
          `the agent did not hear it; it heard ${JSON.stringify(this.heard.map((item) => item.content))}`,
        );
      await sleep(5);
    }
  }

  close() {
    return this.client.close();
  }
}
