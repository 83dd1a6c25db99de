// What the server says is what the official JSON schema of each revision allows, and what its own tools promise; and it says it briefly.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { encode as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { encode as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { against, officialSchema } from "../lib/official-schema.mjs";
import { RpcClient } from "../lib/rpc.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const tokenizers = { cl100k, o200k };

const world = ownWorld();

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

for (const revision of ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"])
  describe(`a client of ${revision}`, () => {
    const check = officialSchema(revision);
    let client;
    let room;
    let token;
    before(async () => {
      ({ room, token } = await settle(world, { name: `Schema ${revision}` }));
      client = await RpcClient.open(token.mcpUrl, revision);
    });

    /** Asks, and holds the answer against the schema; resolves with the result. */
    async function isAnsweredWith(name, method, params) {
      const { status, message } = await client.ask(method, params);
      assert.equal(status, 200, JSON.stringify(message));
      assert.equal(check(name, message?.result), undefined, `${method}: ${JSON.stringify(message)}`);
      return message.result;
    }

    async function callIsAnswered(name, args) {
      const result = await isAnsweredWith("CallToolResult", "tools/call", { name, arguments: args });
      assert.notEqual(result.isError, true, JSON.stringify(result.content));
      return result;
    }

    test("is greeted as the schema says", () => {
      const name = revision < "2026" ? "InitializeResult" : "DiscoverResult";
      const { message } = client.opening;
      assert.equal(check(name, message.result), undefined, JSON.stringify(message));
    });

    test("can call every tool, and gets what the schema and the tool itself promise", async () => {
      const { tools } = await isAnsweredWith("ListToolsResult", "tools/list");
      const outputs = new Map(tools.map((tool) => [tool.name, tool.outputSchema]));
      const called = new Set();
      const call = async (name, args) => {
        called.add(name);
        const { structuredContent } = await callIsAnswered(name, args);
        if (outputs.get(name)) assert.equal(against(outputs.get(name), structuredContent), undefined, name);
        return structuredContent;
      };

      const attachment = { filename: "dot.png", mimeType: "image/png", data: PNG };
      const asked = {
        title: "Question: which colour?",
        body: "Red or blue?",
        assignee: "human",
        attachments: [attachment],
      };
      const { task_id } = await call("createTask", asked);
      await call("createTask", { title: "Work", assignee: "agent" });
      await call("getWorkspace", {});
      await call("updateTaskStatus", { task_id, status: "ongoing" });
      await call("reply", { chat_id: task_id, text: "I am at it." });
      const { messages } = await call("getTaskMessages", { task_id });
      await call("downloadAttachment", { attachment_id: messages[0].attachments[0].id });
      await room.make(`/tasks/${task_id}/messages`, { text: "Blue." });
      await call("waitForMessages", { timeout_seconds: 0 });
      await call("getNextTask", {});
      await call("TaskCreate", { subject: "Build it", metadata: { priority: "P1", any: [null, 1.5] } });
      await call("TaskCreate", { subject: "Test it", blockedBy: [1] });
      await call("TaskGet", { taskId: "2" });
      await call("TaskNext", {});
      await call("TaskUpdate", { taskId: 1, status: "completed" });
      await call("TaskUpdate", { taskId: 2, status: "deleted" });
      await call("TaskNext", {});
      await call("TaskList", {});
      await call("TaskCreate", { subject: "Run the tests", metadata: { command: "npm test" } });
      await call("TaskOutput", { task_id: 3, block: false });
      await call("TaskStop", { task_id: 3 });
      const definition = { name: "ship", steps: [{ key: "a", subject: "Ship it" }] };
      await call("WorkflowSave", { definition });
      await call("WorkflowList", {});
      await call("WorkflowStart", { workflow: "ship" });
      await call("TodoWrite", { todos: [{ content: "Ship", status: "pending" }] });
      assert.deepEqual(
        tools.map(({ name }) => name).filter((name) => !called.has(name)),
        [],
        "tools that this test does not call",
      );
    });

    test("is told of wrong arguments in a result that the schema knows", async () => {
      const { message } = await client.ask("tools/call", { name: "createTask", arguments: { assignee: "nobody" } });
      assert.equal(check("CallToolResult", message.result), undefined, JSON.stringify(message));
      assert.equal(message.result.isError, true);
    });

    test("can read every resource that is listed", async () => {
      await callIsAnswered("createTask", { title: "Something to read", assignee: "agent" });
      const { resources } = await isAnsweredWith("ListResourcesResult", "resources/list");
      assert.ok(resources.length >= 3, JSON.stringify(resources));
      for (const { uri } of resources) await isAnsweredWith("ReadResourceResult", "resources/read", { uri });
      const { resourceTemplates } = await isAnsweredWith("ListResourceTemplatesResult", "resources/templates/list");
      assert.ok(resourceTemplates.length > 0);
    });

    test("can get every prompt that is listed, with values that are offered for its arguments", async () => {
      await callIsAnswered("createTask", { title: "Something to hand over", assignee: "agent" });
      const { prompts } = await isAnsweredWith("ListPromptsResult", "prompts/list");
      assert.ok(prompts.length > 0);
      for (const prompt of prompts) {
        const given = {};
        for (const { name, required } of prompt.arguments ?? []) {
          const { completion } = await isAnsweredWith("CompleteResult", "completion/complete", {
            ref: { type: "ref/prompt", name: prompt.name },
            argument: { name, value: "" },
          });
          const [offered = required ? "anything" : undefined] = completion.values;
          if (offered) given[name] = offered;
        }
        await isAnsweredWith("GetPromptResult", "prompts/get", { name: prompt.name, arguments: given });
      }
    });

    test("is refused in errors that the schema knows", async () => {
      const error = revision < "2025-11-25" ? "JSONRPCError" : "JSONRPCErrorResponse";
      const asked = [
        ["no/such/method", {}],
        ["tools/call", { name: "noSuchTool", arguments: {} }],
        ["resources/read", { uri: "agentrq://nothing" }],
        ["prompts/get", { name: "no-such-prompt" }],
      ];
      for (const [method, params] of asked) {
        const { message } = await client.ask(method, params);
        if (!message?.error) assert.equal(message?.result?.isError, true, `${method}: ${JSON.stringify(message)}`);
        else assert.equal(check(error, message), undefined, `${method}: ${JSON.stringify(message)}`);
      }
    });
  });

test("the list of tools costs a model less than 6,000 tokens", async (t) => {
  const { token } = await settle(world);
  const client = await RpcClient.open(token.mcpUrl, "2025-11-25");
  const { message } = await client.ask("tools/list");
  const text = JSON.stringify(message.result);
  // Anthropic publishes no tokenizer of its current models: two of another maker stand for it, and a third of the room is left for the difference.
  const tokens = Math.max(...Object.values(tokenizers).map((encode) => encode(text).length));
  t.diagnostic(`tools/list: ${Buffer.byteLength(text)} bytes, ${tokens} tokens`);
  assert.ok(tokens < 6_000 / 1.5, `${tokens} tokens`);
});
