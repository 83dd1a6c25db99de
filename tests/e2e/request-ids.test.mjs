// How long the id of a request and its progress token may be, over every transport: both are kept while the request is under way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RawAgent } from "../lib/raw.mjs";
import { StatelessClient } from "../lib/stateless.mjs";
import { StreamableAgent } from "../lib/streamable.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const BYTES = 1_024;
const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;
const waits = (progressToken) => ({
  name: "waitForMessages",
  arguments: { timeout_seconds: 1 },
  _meta: { progressToken },
});

let world, token;
before(async () => {
  world = await startWorld();
  ({ token } = await settle(world));
});
after(() => world?.end());

const ping = (bytes) => ({ jsonrpc: "2.0", id: "x".repeat(bytes), method: "ping" });

test("over HTTP+SSE a longer one is refused, and the longest is answered", async () => {
  const agent = await RawAgent.connect(token.mcpUrl);
  for (const bytes of [BYTES + 1, 3_000_000]) assert.equal(await agent.post(ping(bytes)), 400);
  assert.equal(await agent.post(ping(BYTES)), 202);
  assert.deepEqual((await agent.answerTo("x".repeat(BYTES))).result, {});
  const { error } = await agent.answerTo(await agent.ask("tools/call", waits("p".repeat(BYTES + 1))));
  assert.equal(error.code, INVALID_PARAMS);
  assert.ok((await agent.answerTo(await agent.ask("tools/call", waits("p".repeat(BYTES))))).result);
  agent.drop();
});

test("over Streamable HTTP a longer one is refused, and the longest is answered", async () => {
  const agent = await StreamableAgent.connect(token.mcpUrl);
  for (const bytes of [BYTES + 1, 3_000_000]) {
    const { status, body } = await agent.post(ping(bytes));
    assert.deepEqual([status, body.error.code], [400, INVALID_REQUEST]);
  }
  assert.deepEqual((await agent.post(ping(BYTES))).body.result, {});
  const { body } = await agent.ask("tools/call", waits("p".repeat(BYTES + 1)));
  assert.equal(body.error.code, INVALID_PARAMS);
  agent.drop();
});

test("with an envelope a longer one is refused, and the longest is answered", async () => {
  const client = new StatelessClient(token.mcpUrl);
  for (const bytes of [BYTES + 1, 3_000_000]) {
    const { status, json } = await client.ask("server/discover", {}, { id: "x".repeat(bytes) });
    assert.deepEqual([status, json.error.code, json.id], [400, INVALID_REQUEST, null]);
  }
  assert.ok(await client.result("server/discover", {}, { id: "x".repeat(BYTES) }));
  const { json } = await client.ask("tools/call", waits("p".repeat(BYTES + 1)), {
    meta: { progressToken: "p".repeat(BYTES + 1) },
  });
  assert.equal(json.error.code, INVALID_PARAMS);
});
