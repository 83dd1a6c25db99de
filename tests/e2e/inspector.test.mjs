// The official MCP inspector's command line finds nothing to complain of, over every transport and in both eras.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect } from "../lib/inspector.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let token;
before(async () => {
  world = await startWorld();
  const { room, token: made } = await settle(world);
  await room.make("/tasks", { title: "Something to list", assignee: "agent" });
  token = made;
});
after(() => world?.end());

const ways = {
  "HTTP+SSE": ["--transport", "sse"],
  "Streamable HTTP of 2025-11-25": ["--transport", "http", "--protocol-era", "legacy"],
  "Streamable HTTP of 2026-07-28": ["--transport", "http", "--protocol-era", "modern"],
};

for (const [way, transport] of Object.entries(ways))
  describe(`the inspector over ${way}`, () => {
    const inspected = async (...options) => {
      const { code, result, stderr } = await inspect(token.mcpUrl, ...transport, ...options);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      return result;
    };

    test("finds every tool's schema portable: strict mode has nothing to say but so", async () => {
      const { code, result, stderr } = await inspect(token.mcpUrl, ...transport, "--method", "tools/list", "--strict");
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /warning|error: |issue/i);
      assert.ok(result.tools.some(({ name }) => name === "createTask"));
    });

    test("calls a tool", async () => {
      const result = await inspected("--method", "tools/call", "--tool-name", "getWorkspace");
      assert.equal(result.structuredContent.name, "Test");
    });

    test("lists the resources, and reads one", async () => {
      const { resources } = await inspected("--method", "resources/list");
      assert.ok(
        resources.some(({ uri }) => uri === "agentrq://workspace"),
        JSON.stringify(resources),
      );
      const { contents } = await inspected("--method", "resources/read", "--uri", "agentrq://workspace");
      assert.match(contents[0].text, /Test/);
    });

    test("lists the prompts", async () => {
      const { prompts } = await inspected("--method", "prompts/list");
      assert.ok(prompts.length > 0);
    });

    test("calls a tool 200 times, ten at once, and every call is answered", async () => {
      const call = ["--method", "tools/call", "--tool-name", "getWorkspace"];
      const { requests, ok, errorMessages } = await inspected(...call, "--load", "--load-requests", "200");
      assert.deepEqual({ requests, ok, errorMessages }, { requests: 200, ok: 200, errorMessages: [] });
    });
  });
