// An agent like `Agent`, but with version 2 of the TypeScript SDK, which speaks both eras of the protocol.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { addressFor, Agent } from "./agent.mjs";

class AgentV2 extends Agent {
  static async connect(mcpUrl, { name = "test-agent", agent } = {}) {
    const self = new this();
    self.client = new Client({ name, version: "1.0.0" }, { versionNegotiation: { mode: this.mode } });
    self.client.fallbackNotificationHandler = async (notification) => self.notice(notification);
    self.client.setNotificationHandler("notifications/resources/updated", (notification) => self.notice(notification));
    self.transport = new StreamableHTTPClientTransport(addressFor(mcpUrl, agent));
    await self.client.connect(self.transport);
    self.revision = self.client.getNegotiatedProtocolVersion();
    return self;
  }

  try(name, args = {}, options = undefined) {
    return this.client.callTool({ name, arguments: args }, options);
  }
}

/** It opens with `initialize`, as ever. */
export class LegacyAgentV2 extends AgentV2 {
  static mode = "legacy";

  async close() {
    await this.transport.terminateSession();
    await super.close();
  }
}

/** It asks first what the server speaks, and takes the newest. */
export class ModernAgentV2 extends AgentV2 {
  static mode = "auto";
  #listening = [];

  async watch(uri) {
    this.#listening.push(await this.client.listen({ resourceSubscriptions: [uri] }));
  }

  async close() {
    for (const subscription of this.#listening) await subscription.close();
    await super.close();
  }
}
