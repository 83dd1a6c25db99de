// Results of MCP 2026-07-28: complete, from this server, with what may be kept and for how long; and errors by their code.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { StatelessClient } from "../lib/stateless.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const INVALID_PARAMS = -32602;
const SERVER = "io.modelcontextprotocol/serverInfo";

let world, room, token, client, task;
before(async () => {
  world = await startWorld();
  ({ room, token } = await settle(world));
  client = new StatelessClient(token.mcpUrl);
  ({ task_id: task } = await client.call("createTask", { title: "Question: which?", assignee: "human" }));
});
after(() => world?.end());

const cached = () => [
  ["server/discover", {}],
  ["tools/list", {}],
  ["prompts/list", {}],
  ["resources/list", {}],
  ["resources/templates/list", {}],
  ...["workspace", "inbox", `tasks/${task}`, `tasks/${task}/thread`].map((path) => [
    "resources/read",
    { uri: `agentrq://${path}` },
  ]),
];
const named = (results) => results.map(({ name, uri, uriTemplate }) => name ?? uri ?? uriTemplate);

describe("every result", () => {
  test("says that it is complete and from whom it is", async () => {
    const { prompts } = await client.result("prompts/list");
    const results = [
      ...cached(),
      ["tools/call", { name: "getWorkspace", arguments: {} }],
      ["tools/call", { name: "createTask", arguments: {} }],
      ["tools/call", { name: "waitForMessages", arguments: { timeout_seconds: 0 } }],
      ["prompts/get", { name: prompts.find(({ arguments: all }) => !all?.some(({ required }) => required)).name }],
      [
        "completion/complete",
        { ref: { type: "ref/resource", uri: "agentrq://tasks/{task}" }, argument: { name: "task", value: "" } },
      ],
    ];
    for (const [method, params] of results) {
      const result = await client.result(method, params);
      assert.equal(result.resultType, "complete", method);
      assert.equal(result._meta[SERVER].name, "agentrq", method);
      assert.match(result._meta[SERVER].version, /^\d/, method);
    }
  });

  test("that comes on a stream says so too", async (t) => {
    const waiting = await client.wait();
    t.after(() => waiting.close());
    await room.make(`/tasks/${task}/messages`, { text: "this one" });
    const result = await waiting.answered();
    assert.equal(result.resultType, "complete");
    assert.equal(result._meta[SERVER].name, "agentrq");
    assert.equal(result.structuredContent.messages[0].text.includes("this one"), true);
  });
});

describe("what may be kept", () => {
  test("is for how long, and for the holder of this token alone", async () => {
    for (const [method, params] of cached()) {
      const { ttlMs, cacheScope } = await client.result(method, params);
      assert.ok(Number.isInteger(ttlMs) && ttlMs >= 0, `${method}: ${ttlMs}`);
      assert.equal(cacheScope, "private", method);
    }
  });

  test("is not what a tool returns", async () => {
    const result = await client.tool("getWorkspace");
    assert.ok(!("ttlMs" in result) && !("cacheScope" in result));
  });

  test("has the same scope on each page", async () => {
    const crowded = (await settle(world, { name: "Crowded" })).token;
    const other = new StatelessClient(crowded.mcpUrl);
    for (let n = 0; n < 60; n++) await other.call("createTask", { title: `Task ${n}`, assignee: "human" });
    const seen = [];
    let cursor;
    do {
      const page = await other.result("resources/list", { cursor });
      assert.equal(page.cacheScope, "private");
      seen.push(...page.resources.map(({ uri }) => uri));
      cursor = page.nextCursor;
    } while (cursor);
    assert.equal(seen.length, 2 + 2 * 60);
    assert.equal(new Set(seen).size, seen.length);
  });

  test("comes in the same order each time, to every client", async () => {
    const others = [client, new StatelessClient(token.mcpUrl, { agent: "other" })];
    for (const [method, list] of [
      ["tools/list", "tools"],
      ["prompts/list", "prompts"],
      ["resources/list", "resources"],
      ["resources/templates/list", "resourceTemplates"],
    ]) {
      const first = named((await client.result(method))[list]);
      assert.ok(first.length > 1, method);
      for (const each of [...others, ...others]) assert.deepEqual(named((await each.result(method))[list]), first);
    }
  });

  test("does not depend on what was asked before on the same connection", async () => {
    const fresh = new StatelessClient(token.mcpUrl, { firstId: 1_000 });
    const { tools } = await fresh.result("tools/list");
    await fresh.tool("getWorkspace");
    assert.deepEqual((await fresh.result("tools/list")).tools, tools);
  });

  test("is refused with -32602 where the cursor was never given", async () => {
    for (const method of ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]) {
      const { json } = await client.ask(method, { cursor: "never given" });
      assert.equal(json.error?.code, INVALID_PARAMS, method);
    }
  });
});

describe("server/discover", () => {
  test("tells of the revisions, the capabilities and how to use them", async () => {
    const found = await client.result("server/discover");
    assert.equal(found.supportedVersions[0], "2026-07-28");
    assert.ok(!found.supportedVersions.includes("2024-11-05"), "that one is another transport");
    assert.deepEqual(found.capabilities, {
      tools: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      prompts: { listChanged: true },
      completions: {},
    });
    assert.match(found.instructions, /createTask/);
    assert.equal(found._meta[SERVER].title, "AgentRQ");
  });

  test("promises each revision that is spoken, and no other", async () => {
    const { supportedVersions } = await client.result("server/discover");
    for (const version of supportedVersions.slice(1)) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
      const headers = { "content-type": "application/json", "mcp-protocol-version": version };
      const { status, json } = await client.post(body, headers);
      assert.deepEqual([status, json.result.tools.length > 0, json.result.resultType], [200, true, undefined], version);
    }
  });

  test("at /channel/ is refused with no code of this revision, so that its clients begin with the handshake", async () => {
    const channel = new StatelessClient(token.mcpUrl.replace("/mcp/", "/channel/"));
    for (const method of ["server/discover", "tools/list"]) {
      const { status, json, text } = await channel.ask(method);
      assert.ok(status >= 400 && status < 500, `${status}`);
      assert.ok(
        json.error && json.error.code > -32000 - 700 && ![-32020, -32021, -32022].includes(json.error.code),
        text,
      );
    }
  });
});

describe("what fails", () => {
  const noTask = [
    "agentrq://tasks/99",
    "agentrq://tasks/0ZRgCquBZ7R/thread",
    "agentrq://nothing",
    "file:///etc/passwd",
  ];

  test("for want of a resource is -32602 with its URI, and no empty contents", async () => {
    for (const uri of noTask) {
      const { json } = await client.ask("resources/read", { uri });
      assert.equal(json.error?.code, INVALID_PARAMS);
      assert.equal(json.error.data.uri, uri);
      assert.ok(json.error.message.includes(uri));
      assert.ok(!("result" in json));
    }
  });

  test("for want of a URI is -32602 too", async () => {
    for (const params of [{}, { uri: 7 }, { uri: null }])
      assert.equal((await client.ask("resources/read", params)).json.error?.code, INVALID_PARAMS);
  });

  test("in a tool is a result that a model can read and mend", async () => {
    for (const [name, args] of [
      ["createTask", {}],
      ["createTask", { title: "x".repeat(256), assignee: "human" }],
      ["updateTaskStatus", { task_id: task, status: "maybe" }],
      ["reply", { chat_id: "99", text: "nobody" }],
      ["getTaskMessages", { task_id: "0ZRgCquBZ7R" }],
    ]) {
      const result = await client.tool(name, args);
      assert.equal(result.isError, true, name);
      assert.equal(result.resultType, "complete");
      assert.ok(result.content[0].text.length > 20, name);
    }
  });

  test("before a tool is an error of the protocol", async () => {
    const cases = [
      { name: "nothing", arguments: {} },
      { arguments: {} },
      { name: 7 },
      { name: "createTask", arguments: [] },
      { name: "createTask", arguments: "title" },
    ];
    for (const params of cases) {
      const { json, text } = await client.ask("tools/call", params);
      assert.equal(json.error?.code, INVALID_PARAMS, text);
      assert.ok(!("result" in json));
    }
  });
});
