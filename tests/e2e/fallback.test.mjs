// A client that tries Streamable HTTP first falls back to HTTP+SSE, as MCP's "backwards compatibility" and the SDK's documentation say.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { settle, startWorld } from "../lib/world.mjs";

let world, token;

before(async () => {
  world = await startWorld();
  ({ token } = await settle(world));
});

after(() => world?.end());

test("a client that may speak either transport ends up with the one that is spoken here", async () => {
  const url = new URL(token.mcpUrl);
  const first = new Client({ name: "either", version: "1.0.0" });
  await assert.rejects(first.connect(new StreamableHTTPClientTransport(url)), (error) => {
    assert.ok(error instanceof StreamableHTTPError, String(error));
    assert.equal(error.code, 405);
    return true;
  });

  const client = new Client({ name: "either", version: "1.0.0" });
  await client.connect(new SSEClientTransport(url));
  const { tools } = await client.listTools();
  assert.ok(tools.some(({ name }) => name === "createTask"));
  await client.close();
});

test("the refusal says what to use instead", async () => {
  const response = await fetch(token.mcpUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET");
  const { code, detail } = await response.json();
  assert.equal(code, "method_not_allowed");
  assert.match(detail, /type "sse"/);
});
