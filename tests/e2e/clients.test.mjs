// Every client of every era lives through the story: it asks, a person approves, it hears the answer in each way that it has, and completes the task.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LegacyAgentV2, ModernAgentV2 } from "../lib/agent-v2.mjs";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { PythonAgent, PythonLegacyAgent, PythonModernAgent } from "../lib/python-agent.mjs";
import { LegacyRmcpAgent, ModernRmcpAgent } from "../lib/rmcp-agent.mjs";
import { story, ways } from "../lib/story.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

// With a stream of its own an agent is pushed everything; what it then reads it has been given already.
const pushed = ["on its channel", "from a call that waits"];
const pushedAndSubscribed = [...pushed, "by a subscription to the thread, which it then reads"];
const asked = [
  "from a call that waits",
  "by a subscription to its inbox, which it then reads",
  "by a subscription to the thread, which it then reads",
  "at the top of its next result",
];

const clients = [
  ["the TypeScript SDK 1 over HTTP+SSE", Agent, undefined, pushed],
  ["the TypeScript SDK 1 over Streamable HTTP", StreamableAgent, "2025-11-25", pushedAndSubscribed],
  ["the TypeScript SDK 2 as it opens by default", LegacyAgentV2, "2025-11-25", pushedAndSubscribed],
  ["the TypeScript SDK 2 that takes the newest revision", ModernAgentV2, "2026-07-28", asked],
  ["Python's mcp over HTTP+SSE", PythonAgent, "2025-11-25", pushed],
  ["Python's mcp with the handshake", PythonLegacyAgent, "2025-11-25", pushedAndSubscribed],
  ["Python's mcp that takes the newest revision", PythonModernAgent, "2026-07-28", asked],
  ["Rust's rmcp with the handshake", LegacyRmcpAgent, "2025-11-25", pushedAndSubscribed],
  ["Rust's rmcp that takes the newest revision", ModernRmcpAgent, "2026-07-28", asked],
];

for (const [client, Client, revision, itsWays] of clients)
  describe(`an agent with ${client}`, () => {
    for (const how of itsWays)
      test(`asks, hears the answer ${how}, and completes the task`, async () => {
        const way = ways[how];
        const route = itsWays === asked || way.route === "wait" ? way.route : "channel";
        await livesThrough(Client, way, { revision, route });
      });
  });

describe("where channels connect, nobody goes past 2025-11-25: a client that would take the newest revision falls back, and has a channel", () => {
  for (const [client, Client, , itsWays] of clients)
    if (itsWays === asked)
      test(`an agent with ${client}`, () =>
        livesThrough(Client, ways["on its channel"], {
          revision: "2025-11-25",
          route: "channel",
          address: ({ mcpUrl }) => mcpUrl.replace("/mcp/", "/channel/"),
        }));
});

/** Tells the story with a fresh agent in a workspace of its own. */
async function livesThrough(Client, way, { revision, route, address = ({ mcpUrl }) => mcpUrl }) {
  const { person, room, token } = await settle(world);
  const stream = await room.watch();
  const agent = await Client.connect(address(token));
  try {
    if (revision) assert.equal(agent.revision, revision);
    const delivery = await story(agent, { person, room }, way);
    assert.deepEqual([delivery.state, delivery.route], ["seen", route]);
    assert.ok(agent.heard.length <= 1, "each thing is said once");
    // The person's page was told all of it.
    for (const event of ["agent.connected", "task.created", "reply.received", "status.updated"])
      await stream.until(event);
  } finally {
    await agent.close();
    stream.close();
  }
}
