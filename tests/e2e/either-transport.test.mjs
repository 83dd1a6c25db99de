// One address for both of MCP's transports: a client gets the one that it opens with, and one that tries the later one first needs no other.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { settle, startWorld } from "../lib/world.mjs";

let world, token;

before(async () => {
  world = await startWorld();
  ({ token } = await settle(world));
});

after(() => world?.end());

for (const Transport of [StreamableHTTPClientTransport, SSEClientTransport])
  for (const door of ["mcp", "channel"])
    test(`the SDK's ${Transport.name} connects at /${door}/ and lists the same tools`, async () => {
      const client = new Client({ name: "either", version: "1.0.0" });
      await client.connect(new Transport(new URL(token.mcpUrl.replace("/mcp/", `/${door}/`))));
      const { tools } = await client.listTools();
      assert.deepEqual(tools.map(({ name }) => name).slice(0, 3), ["createTask", "updateTaskStatus", "reply"]);
      await client.close();
    });
