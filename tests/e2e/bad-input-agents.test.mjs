// Bad input of agents, on every tool and in MCP itself: a clear refusal with a code, never a fault of the server, and nothing stored.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { contents, furnish, isAtWorkAsBefore, never, sendTo } from "../lib/furnished.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { SseReader } from "../lib/sse.mjs";

const kib = 1024;
const mib = 1024 * kib;
const world = ownWorld();
const send = sendTo(world);

const files = (count, bytes = 1) =>
  Array.from({ length: count }, (_, at) => ({
    filename: `${at}.txt`,
    mimeType: "text/plain",
    data: Buffer.alloc(bytes).toString("base64"),
  }));

describe("a tool", () => {
  let here, there, agent;
  before(async () => {
    [here, there] = [await furnish(world), await furnish(world)];
    agent = await Agent.connect(here.token.mcpUrl);
  });
  after(() => agent?.close());

  test("that is called wrongly says what is wrong with an example that is right, and does nothing", async () => {
    const { task, done } = here;
    const foreign = there.task.id;
    const taskless = [
      undefined,
      null,
      "",
      "?",
      -1,
      1.5,
      99_999,
      never,
      foreign,
      {},
      [],
      true,
      "x".repeat(100_000),
      "'; DROP TABLE tasks;--",
    ];
    const wrong = {
      createTask: [
        {},
        ...[null, "", "   ", "\n", "x".repeat(256), "🦀".repeat(256), {}, [], true].map((title) => ({ title })),
        ...[{}, [], true, "x".repeat(256 * kib + 1), "é".repeat(128 * kib + 1)].map((body) => ({ title: "x", body })),
        ...["robot", "", 5, {}, "Human"].map((assignee) => ({ title: "x", assignee })),
        ...[
          "x",
          {},
          5,
          [5],
          [null],
          [[]],
          [{}],
          ["x"],
          [never],
          [{ id: never }],
          [there.file.id],
          [{ filename: "a" }],
          [{ filename: "a", data: 5e300 }],
          [{ filename: "a", data: {} }],
          [{ filename: "a", data: "%%%" }],
          [{ filename: "a", data: "A" }],
          [{ filename: "x".repeat(256), data: "" }],
          [{ filename: "../a", data: "" }],
          [{ filename: "a\u0000", data: "" }],
          [{ filename: "a", mimeType: "text/html\r\nset-cookie: x=y", data: "" }],
          [{ filename: "a", mimeType: "x".repeat(200), data: "" }],
          files(21),
          files(1, 4 * mib + 1),
          files(2, 2 * mib + 1),
          [...files(1), "x"],
        ].map((attachments) => ({ title: "x", attachments })),
      ],
      updateTaskStatus: [
        {},
        { task_id: task.id },
        ...taskless.map((task_id) => ({ task_id, status: "ongoing" })),
        ...["done", "", "COMPLETED", 5, null, {}, [], "failed\u0000"].map((status) => ({ task_id: task.id, status })),
        ...["ongoing", "notstarted", "rejected"].map((status) => ({ task_id: done.id, status })),
        ...[{}, [], "x".repeat(2_001)].map((reason) => ({ task_id: task.id, status: "rejected", reason })),
      ],
      reply: [
        {},
        { chat_id: task.id },
        { text: "x" },
        ...taskless.map((chat_id) => ({ chat_id, text: "x" })),
        ...[{}, [], true, "x".repeat(256 * kib + 1)].map((text) => ({ chat_id: task.id, text })),
        ...["x", never, there.message.id, {}, 7].map((in_reply_to) => ({ chat_id: task.id, text: "x", in_reply_to })),
        ...["yes", 1, {}].map((needs_answer) => ({ chat_id: task.id, text: "x", needs_answer })),
        ...[files(21), [{ id: never }], [there.file.id], "x"].map((attachments) => ({
          chat_id: task.id,
          text: "x",
          attachments,
        })),
      ],
      getTaskMessages: [
        {},
        ...taskless.map((task_id) => ({ task_id })),
        ...[0, 101, -1, 1.5, "x", {}, true, 1e300].map((limit) => ({ task_id: task.id, limit })),
        ...["x", "-1", "1.5", "9".repeat(30), {}, "'--"].map((cursor) => ({ task_id: task.id, cursor })),
        ...["up", "", {}, "DESC"].map((order) => ({ task_id: task.id, order })),
      ],
      downloadAttachment: [
        {},
        ...["", "x", never, there.file.id, {}, [], 5].map((attachment_id) => ({ attachment_id })),
      ],
      waitForMessages: [
        ...["yesterday", {}, `${never}.x`].map((cursor) => ({ cursor, timeout_seconds: 0 })),
        ...["x", {}, [5], [null], ["x"], Array(101).fill(never)].map((acknowledge) => ({
          acknowledge,
          timeout_seconds: 0,
        })),
        ...[-1, 1.5, "soon", {}].map((timeout_seconds) => ({ timeout_seconds })),
      ],
    };
    // The first call on a stream may confirm what came before: that is no part of this.
    await agent.call("getWorkspace");
    const earlier = await contents(here.room);
    for (const [tool, calls] of Object.entries(wrong))
      for (const args of calls) {
        const shown = `${tool} ${JSON.stringify(args).slice(0, 120)}`;
        const { isError, content } = await agent.try(tool, args);
        const text = content.at(-1).text;
        assert.equal(isError, true, `${shown} was taken: ${text.slice(0, 200)}`);
        assert.ok(text.length > 10 && text.length < 1_500, `${shown}: ${text.slice(0, 200)}`);
        assert.doesNotMatch(text, /sqlite|panicked|fault of the server|\.rs\b/i, shown);
      }
    assert.deepEqual(await contents(here.room), earlier);
  });

  test("takes everything up to its limits", async () => {
    const full = {
      title: "🦀".repeat(255),
      body: "é".repeat(128 * kib),
      assignee: "human",
      attachments: files(20).map((file, at) => (at ? file : { ...file, filename: "x".repeat(255) })),
    };
    const { task_id } = await agent.call("createTask", full);
    await agent.call("reply", { chat_id: task_id, text: "x".repeat(256 * kib), attachments: files(1, 4 * mib) });
    await agent.call("updateTaskStatus", { task_id, status: "rejected", reason: "x".repeat(2_000) });
    const [body, reply] = (await here.room.get(`/tasks/${task_id}/messages`)).messages;
    assert.equal(body.text, full.body);
    assert.equal(body.attachments.length, 20);
    assert.deepEqual([reply.text.length, reply.attachments[0].size], [256 * kib, 4 * mib]);
    const { messages } = await agent.call("getTaskMessages", { task_id, limit: 100 });
    assert.equal(messages.length, 2);
  });

  test("hands out long threads and the longest answers whole, in pages that fit", async () => {
    const worst = "\u0001".repeat(256 * kib); // Each takes six bytes as JSON, and seven in JSON within JSON.
    const { task_id } = await agent.call("createTask", { title: "Long", body: worst });
    for (let at = 0; at < 10; at += 1) await agent.call("reply", { chat_id: task_id, text: `${at}`.repeat(256 * kib) });
    const read = [];
    let cursor = null;
    do {
      const page = await agent.call("getTaskMessages", { task_id, limit: 100, cursor });
      read.push(...page.messages.map(({ text }) => text));
      cursor = page.nextCursor;
    } while (cursor);
    assert.deepEqual(
      read.map((text) => [text[0], text.length]),
      ["\u0001", ..."0123456789"].map((first) => [first, 256 * kib]),
    );
    const { task } = await agent.call("getNextTask");
    assert.equal(task.body, worst);
    await agent.call("updateTaskStatus", { task_id, status: "completed" });
  });

  test("keeps every character that JSON can carry", async () => {
    const text = `\u0000\u0001\t\r\n\u007f\u0085\u2028\u2029\ufeff\uffff\u{10ffff} </script> \\u0000 data: x\n\ndata: y\r\n\r\nevent: z`;
    const { task_id } = await agent.call("createTask", { title: "Odd characters", body: text });
    const [body] = (await here.room.get(`/tasks/${task_id}/messages`)).messages;
    assert.equal(body.text, text);
    const { messages } = await agent.call("getTaskMessages", { task_id });
    assert.equal(messages[0].text, text);
  });

  test("that does not exist, or is called with what are no arguments, is an error of the protocol", async () => {
    const earlier = await contents(here.room);
    for (const [name, args] of [
      ["deleteEverything", {}],
      ["__proto__", {}],
      ["", {}],
      ["x".repeat(10_000), {}],
    ])
      await assert.rejects(agent.try(name, args), (error) => error.code === -32602, name);
    assert.deepEqual(await contents(here.room), earlier);
  });
});

describe("an MCP message", () => {
  let here, stream, endpoint;
  before(async () => {
    here = await furnish(world);
    stream = await SseReader.open(here.token.mcpUrl);
    endpoint = (await stream.until("endpoint")).data;
  });
  after(() => stream?.close());

  const post = (body, headers = {}) => send("POST", endpoint, body, { "content-type": "application/json", ...headers });

  test("that is none is refused with the code that JSON-RPC prescribes", async () => {
    const earlier = await contents(here.room);
    const call = (more) => JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", ...more });
    for (const [body, code] of [
      ["", -32700],
      ["{", -32700],
      ["nonsense", -32700],
      ["\ufeff{}", -32700],
      [Buffer.from([0xff, 0xfe, 0x00]), -32700],
      [`{"jsonrpc":"2.0","id":1,"method":"\ud800"}`.replace("\ud800", "\\ud800"), -32700],
      ["[".repeat(100_000), -32700],
      [`{"a":`.repeat(50_000), -32700],
      ["null", -32600],
      ["7", -32600],
      ['"x"', -32600],
      ["[]", -32600],
      [`[${call()},${call()}]`, -32600],
      ["{}", -32600],
      [call({ jsonrpc: "1.0" }), -32600],
      [call({ jsonrpc: 2 }), -32600],
      [call({ id: null }), -32600],
      [call({ id: 1.5 }), -32600],
      [call({ id: {} }), -32600],
      [call({ id: [1] }), -32600],
      [call({ method: 5 }), -32600],
      [call({ method: null }), -32600],
      [call({ params: [] }), -32600],
      [call({ params: "x" }), -32600],
      ['{"jsonrpc":"2.0","id":1}', -32600],
      ['{"jsonrpc":"2.0","result":{}}', -32600],
    ]) {
      const shown = String(body).slice(0, 80);
      const { status, body: answer } = await post(body);
      assert.deepEqual([status, answer?.error?.code], [400, code], shown);
      assert.equal(answer.jsonrpc, "2.0");
    }
    assert.deepEqual(await contents(here.room), earlier);
  });

  test("that is odd but well-formed harms nobody", async () => {
    const earlier = await contents(here.room);
    const said = (message) => JSON.stringify({ jsonrpc: "2.0", ...message });
    let id = 1_000;
    const ask = async (method, params) => {
      const mine = (id += 1);
      assert.equal((await post(said({ id: mine, method, params }))).status, 202);
      return (await stream.until((event) => event.json?.id === mine, 5_000, `the answer to ${method}`)).json;
    };
    assert.equal((await ask("no/such")).error.code, -32601);
    assert.equal((await ask("__proto__")).error.code, -32601);
    for (const params of [
      undefined,
      {},
      { name: 5 },
      { name: "reply", arguments: [] },
      { name: "reply", arguments: "x" },
    ])
      assert.equal((await ask("tools/call", params)).error.code, -32602, JSON.stringify(params));
    for (const params of [
      {},
      { protocolVersion: 5, capabilities: "x", clientInfo: "x" },
      { protocolVersion: "9999-99-99", clientInfo: { name: {}, version: [] } },
      { protocolVersion: "x".repeat(100_000), clientInfo: { name: "\u0000<script>".repeat(10_000), version: "1" } },
    ])
      assert.match((await ask("initialize", params)).result.protocolVersion, /^20\d\d-\d\d-\d\d$/);
    for (const message of [
      { method: "notifications/initialized" },
      { method: "notifications/cancelled" },
      { method: "notifications/cancelled", params: { requestId: {} } },
      { method: "notifications/cancelled", params: { requestId: "x".repeat(100_000) } },
      { method: "notifications/nothing", params: { a: 1 } },
      { id: "nobody asked", result: {} },
      { id: 4, error: { code: "x" } },
      { id: "x".repeat(1_000), result: null },
    ])
      assert.equal((await post(said(message))).status, 202, JSON.stringify(message).slice(0, 80));
    for (const odd of ["", "a b\nc", "🦀", "w1", -5, 2 ** 53 - 1, "x".repeat(1_000)]) {
      assert.equal((await post(said({ id: odd, method: "ping" }))).status, 202);
      assert.deepEqual((await stream.until((event) => event.json?.id === odd && event.json.result)).json.result, {});
    }
    // Odd ids and tokens on a call that waits: it is answered, or cancelled, like any other.
    for (const odd of ["a b\nc", "🦀"]) {
      const params = {
        name: "waitForMessages",
        arguments: { timeout_seconds: 1 },
        _meta: { progressToken: { not: "a token" } },
      };
      await post(said({ id: `wait ${odd}`, method: "tools/call", params }));
      await stream.until((event) => event.json?.id === `wait ${odd}`, 10_000, "the end of the wait");
    }
    assert.deepEqual((await ask("ping")).result, {});
    const { agents: _, ...rest } = await contents(here.room);
    const { agents: __, ...before } = earlier;
    assert.deepEqual(rest, before);
  });

  test("that is too large, or goes to no stream of its token, is refused", async () => {
    const other = await here.room.make("/tokens", { label: "other" });
    const address = new URL(endpoint, world.url);
    const at = (change) => {
      const url = new URL(address);
      for (const [key, value] of Object.entries(change))
        if (value === null) url.searchParams.delete(key);
        else url.searchParams.set(key, value);
      return url.pathname + url.search;
    };
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "createTask", arguments: { title: "planted" } },
    });
    const json = { "content-type": "application/json" };
    const earlier = await contents(here.room);
    const large = Buffer.alloc(6 * mib + 1, " ");
    for (const headers of [{ "content-length": large.length }, { "transfer-encoding": "chunked" }])
      assert.equal((await post(large, headers)).status, 413);
    for (const [change, status, code] of [
      [{ conn: "" }, 400, "bad_request"],
      [{ conn: "x" }, 400, "bad_request"],
      [{ conn: "x".repeat(5_000) }, 400, "bad_request"],
      [{ token: other.token }, 401, "token_invalid"],
      [{ token: null }, 401, "token_required"],
      [{ token: "arq_" }, 401, "token_invalid"],
      [{ agent: "x".repeat(65) }, 400, "bad_request"],
      [{ agent: "a\nb" }, 400, "bad_request"],
    ]) {
      const answer = await send("POST", at(change), body, json);
      assert.deepEqual([answer.status, answer.body?.code], [status, code], JSON.stringify(change).slice(0, 100));
    }
    for (const method of ["PUT", "PATCH", "OPTIONS"])
      assert.equal((await send(method, at({}), body, json)).status, 405, method);
    assert.deepEqual(await contents(here.room), earlier);
  });
});

isAtWorkAsBefore(world);
