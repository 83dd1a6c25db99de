// Bad input on every tool and every JSON route: a clear refusal with a code, never a fault of the server, and nothing stored.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { sendBytes } from "../lib/send.mjs";
import { SseReader } from "../lib/sse.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const kib = 1024;
const mib = 1024 * kib;
const never = "00000000000"; // An id that was never given.

let world;
before(async () => (world = await startWorld()));
after(() => world?.end());

/** Everything a workspace holds, but for when its agent was last heard. */
async function contents(room) {
  const { tasks, deliveries, workspace, agents } = await room.get("/snapshot");
  const threads = await Promise.all(tasks.map(({ id }) => room.get(`/tasks/${id}/messages?limit=100`)));
  const { tokens } = await room.get("/tokens");
  return {
    workspace,
    tasks,
    deliveries,
    threads,
    agents: agents.map(({ name, displayName }) => ({ name, displayName })),
    tokens: tokens.map(({ id, label, expiresAt }) => ({ id, label, expiresAt })),
  };
}

/** A task with one message of a person and one attachment, in a workspace of its own. */
async function furnish() {
  const settled = await settle(world);
  const { room } = settled;
  const task = await room.make("/tasks", { title: "A task", assignee: "human" });
  const message = await room.make(`/tasks/${task.id}/messages`, { text: "a message" });
  const done = await room.make("/tasks", { title: "Done", assignee: "human" });
  await room.change(`/tasks/${done.id}`, { status: "completed" });
  const file = await room.make("/attachments?filename=a.txt", new Uint8Array([1, 2, 3]), {
    "content-type": "text/plain",
  });
  return { ...settled, task, message, done, file };
}

const send = (method, path, body, headers) => sendBytes(new URL(path, world.url), { method, headers }, body);

const files = (count, bytes = 1) =>
  Array.from({ length: count }, (_, at) => ({
    filename: `${at}.txt`,
    mimeType: "text/plain",
    data: Buffer.alloc(bytes).toString("base64"),
  }));

describe("a tool", () => {
  let here, there, agent;
  before(async () => {
    [here, there] = [await furnish(), await furnish()];
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
    here = await furnish();
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

describe("a JSON route", () => {
  let here, there;
  before(async () => ([here, there] = [await furnish(), await furnish()]));

  /** Every route that takes JSON, with a body that is right but for what a test changes. */
  const routes = () => [
    ["POST", "/api/session"],
    ["POST", "/api/workspaces"],
    ["PATCH", here.room.base],
    ["POST", `${here.room.base}/tokens`],
    ["PATCH", `${here.room.base}/tokens/${here.token.id}`],
    ["POST", `${here.room.base}/tasks`],
    ["PATCH", `${here.room.base}/tasks/${here.task.id}`],
    ["POST", `${here.room.base}/tasks/${here.task.id}/messages`],
    ["POST", `${here.room.base}/commands`],
  ];

  test("wants JSON of the right form, in UTF-8, not too deep and not too large", async () => {
    const earlier = await contents(here.room);
    const listed = (await here.person.get("/api/workspaces")).workspaces.length;
    const json = { "content-type": "application/json", cookie: here.person.cookie };
    const bodies = [
      "",
      "{",
      "nonsense",
      "null",
      "5",
      '"x"',
      "[]",
      "[{}]",
      Buffer.from([0x7b, 0xff, 0x7d]),
      "[".repeat(50_000),
      '{"a":'.repeat(50_000),
    ];
    for (const [method, path] of routes()) {
      for (const body of bodies) {
        const answer = await send(method, path, body, json);
        assert.ok(
          answer.status === 400,
          `${method} ${path} ${String(body).slice(0, 20)}: ${answer.status} ${answer.text?.slice(0, 200)}`,
        );
        assert.equal(answer.body.code, "invalid_json");
      }
      const large = Buffer.alloc(mib + 1, " ");
      for (const how of [{ "content-length": large.length }, { "transfer-encoding": "chunked" }])
        assert.equal((await send(method, path, large, { ...json, ...how })).status, 413, `${method} ${path}`);
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
        const answer = await send(method, path, "{}", { ...json, "content-type": type });
        assert.deepEqual(
          [answer.status, answer.body?.code],
          [415, "unsupported_media_type"],
          `${method} ${path} ${type}`,
        );
      }
    }
    assert.deepEqual(await contents(here.room), earlier);
    assert.equal((await here.person.get("/api/workspaces")).workspaces.length, listed);
  });

  test("refuses wrong types, unknown words and what goes one past a limit, each with its code", async () => {
    const { task, done, message, file, token, room } = here;
    const t = `/tasks/${task.id}`;
    const foreign = `/tasks/${there.task.id}`;
    const cases = [
      ["PATCH", "", [{ name: 5 }, { mission: {} }], 400, "invalid_json"],
      ["PATCH", "", [{ name: "" }, { name: " \n" }], 400, "empty"],
      [
        "PATCH",
        "",
        [{ name: "x".repeat(81) }, { mission: "x".repeat(16 * kib + 1) }, { mission: "é".repeat(8 * kib + 1) }],
        413,
        "too_long",
      ],
      [
        "POST",
        "/tokens",
        [
          {},
          { label: 5 },
          { label: "x", expiresInDays: "30" },
          { label: "x", expiresInDays: -1 },
          { label: "x", expiresInDays: 1.5 },
          { label: "x", scopes: "agent" },
        ],
        400,
        "invalid_json",
      ],
      [
        "POST",
        "/tokens",
        [
          { label: "" },
          { label: "x".repeat(65) },
          { label: "x", expiresInDays: 0 },
          { label: "x", expiresInDays: 367 },
          { label: "x", scopes: [] },
          { label: "x", scopes: ["root"] },
        ],
        400,
      ],
      ["PATCH", `/tokens/${token.id}`, [{ expiresInDays: 0 }, { expiresInDays: 367 }, { expiresInDays: "x" }], 400],
      ["PATCH", `/tokens/${never}`, [{ expiresInDays: 30 }], 404, "token_not_found"],
      ["PATCH", `/tokens/${there.token.id}`, [{ expiresInDays: 30 }], 404, "token_not_found"],
      ["DELETE", `/tokens/${there.token.id}`, [undefined], 404, "token_not_found"],
      [
        "POST",
        "/tasks",
        [
          {},
          { title: null },
          { title: 5 },
          { title: "x", body: 5 },
          { title: "x", assignee: "robot" },
          { title: "x", assignee: 5 },
          { title: "x", attachments: "x" },
          { title: "x", attachments: [5] },
          { title: "x", attachments: ["short"] },
        ],
        400,
        "invalid_json",
      ],
      ["POST", "/tasks", [{ title: "" }, { title: " \t\n" }], 400, "empty"],
      [
        "POST",
        "/tasks",
        [
          { title: "x".repeat(256) },
          { title: "x", body: "x".repeat(256 * kib + 1) },
          { title: "x", body: "é".repeat(128 * kib + 1) },
        ],
        413,
        "too_long",
      ],
      ["POST", "/tasks", [{ title: "x", attachments: Array(21).fill(file.id) }], 400, "too_many"],
      [
        "POST",
        "/tasks",
        [
          { title: "x", attachments: [never] },
          { title: "x", attachments: [there.file.id] },
        ],
        404,
        "attachment_not_found",
      ],
      [
        "PATCH",
        t,
        [
          { title: 5 },
          { status: "done" },
          { status: 5 },
          { assignee: "robot" },
          { reopen: "yes" },
          { reason: {}, status: "rejected" },
        ],
        400,
        "invalid_json",
      ],
      ["PATCH", t, [{ title: "" }], 400, "empty"],
      [
        "PATCH",
        t,
        [
          { title: "x".repeat(256) },
          { body: "x".repeat(256 * kib + 1) },
          { status: "rejected", reason: "x".repeat(2_001) },
        ],
        413,
        "too_long",
      ],
      ["PATCH", t, [{ reopen: true }], 409, "not_closed"],
      // Half of it would be right: then nothing of it is done.
      ["PATCH", t, [{ title: "half-way", status: "completed", reopen: true }], 409, "not_closed"],
      ["PATCH", `/tasks/${done.id}`, [{ status: "ongoing" }, { title: "half-way", status: "rejected" }], 409],
      ["PATCH", foreign, [{ title: "x" }, { status: "completed" }], 404, "task_not_found"],
      ["DELETE", foreign, [undefined], 404, "task_not_found"],
      ["GET", foreign, [undefined], 404, "task_not_found"],
      ["GET", `${foreign}/messages`, [undefined], 404, "task_not_found"],
      ["GET", "/tasks/99999", [undefined], 404, "task_not_found"],
      ["GET", `/tasks/${never}`, [undefined], 404, "task_not_found"],
      ["GET", "/tasks/..%2f..%2f", [undefined], 404],
      [
        "POST",
        `${t}/messages`,
        [
          { text: 5 },
          { text: "x", attachments: {} },
          { text: "x", verdict: "maybe", digest: task.digest },
          { text: "x", inReplyTo: "short" },
          { text: "x", then: "party" },
          { text: "x", needsAnswer: "yes" },
        ],
        400,
        "invalid_json",
      ],
      ["POST", `${t}/messages`, [{}, { text: "" }, { text: " \n" }], 400, "empty"],
      ["POST", `${t}/messages`, [{ text: "x".repeat(256 * kib + 1) }], 413, "too_long"],
      ["POST", `${t}/messages`, [{ text: "x", attachments: Array(21).fill(file.id) }], 400, "too_many"],
      ["POST", `${t}/messages`, [{ text: "x", attachments: [there.file.id] }], 404, "attachment_not_found"],
      [
        "POST",
        `${t}/messages`,
        [
          { text: "x", inReplyTo: never },
          { text: "x", inReplyTo: there.message.id },
        ],
        404,
        "message_not_found",
      ],
      ["POST", `${t}/messages`, [{ verdict: "approved" }], 400, "bad_request"],
      [
        "POST",
        `${t}/messages`,
        [
          { verdict: "approved", digest: "00" },
          { verdict: "approved", digest: "x".repeat(64) },
        ],
        409,
        "shown_changed",
      ],
      [
        "POST",
        `${foreign}/messages`,
        [{ text: "x" }, { verdict: "approved", digest: there.task.digest }],
        404,
        "task_not_found",
      ],
      ["GET", "/tasks?status=done", [undefined], 400, "bad_request"],
      ["GET", "/tasks?assignee=robot", [undefined], 400, "bad_request"],
      ...["0", "101", "-1", "x", "1.5", "", "9".repeat(40)].map((limit) => [
        "GET",
        `/tasks?limit=${limit}`,
        [undefined],
        400,
        "bad_request",
      ]),
      ...["x", "2aaaaaaaaaaa", "1", "1'--", "1🦀"].map((cursor) => [
        "GET",
        `/tasks?cursor=${cursor}`,
        [undefined],
        400,
        "bad_request",
      ]),
      ...["limit=0", "limit=101", "order=up", "cursor=x", "cursor=-1"].map((query) => [
        "GET",
        `${t}/messages?${query}`,
        [undefined],
        400,
        "bad_request",
      ]),
      ["GET", `/attachments/${there.file.id}`, [undefined], 404, "attachment_not_found"],
      ["GET", `/attachments/${never}`, [undefined], 404, "attachment_not_found"],
      [
        "POST",
        `/commands`,
        [
          {},
          { clientId: 5, commands: [] },
          { clientId: "c" },
          { clientId: "c", commands: {} },
          { clientId: "c", commands: [{}] },
        ],
        400,
        "invalid_json",
      ],
      [
        "POST",
        `/commands`,
        [
          { clientId: "", commands: [] },
          { clientId: "x".repeat(65), commands: [] },
          { clientId: "a b", commands: [] },
        ],
        400,
        "invalid",
      ],
      [
        "PUT",
        "",
        [{ id: "x", name: "x", mission: "x", createdAt: "2026-01-01T00:00:00.000Z" }],
        405,
        "method_not_allowed",
      ],
    ];
    const earlier = await contents(room);
    const { cursor } = await room.get("/snapshot");
    for (const [method, path, bodies, status, code] of cases)
      for (const body of bodies) {
        const answer = await room.ask(method, encodeURI(path), body);
        const shown = `${method} ${path} ${JSON.stringify(body)?.slice(0, 100)}: ${JSON.stringify(answer.body).slice(0, 300)}`;
        assert.equal(answer.status, status, shown);
        if (code) assert.equal(answer.body.code, code, shown);
        assert.ok(answer.body.title && answer.body.detail.length > 5 && answer.body.status === status, shown);
        assert.doesNotMatch(JSON.stringify(answer.body), /sqlite|panicked|\.rs\b/i, shown);
      }
    assert.deepEqual(await contents(room), earlier);
    assert.equal((await room.get("/snapshot")).cursor, cursor, "not even the history has moved");
    assert.equal(message.index, 1);
  });

  test("takes everything up to its limits", async () => {
    const { person } = here;
    const made = await person.make("/api/workspaces", { name: "x".repeat(80), mission: "é".repeat(8 * kib) });
    const room = person.room(made.id);
    await room.change("", { name: "🦀".repeat(80) });
    await room.make("/tokens", { label: "x".repeat(64), expiresInDays: 366 });
    const file = await room.make(`/attachments?filename=${"x".repeat(255)}`, new Uint8Array(1));
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await room.make("/attachments", new Uint8Array(1))).id),
    );
    const task = await room.make("/tasks", {
      title: "🦀".repeat(255),
      body: "é".repeat(128 * kib),
      assignee: "human",
      attachments: ids,
    });
    const key = { "idempotency-key": "k".repeat(255) };
    const message = await room.make(
      `/tasks/${task.id}/messages`,
      { text: "x".repeat(256 * kib), attachments: [file.id] },
      key,
    );
    const again = await room.make(
      `/tasks/${task.id}/messages`,
      { text: "x".repeat(256 * kib), attachments: [file.id] },
      key,
    );
    assert.equal(again.id, message.id);
    assert.equal((await room.get(`/tasks/${task.id}/messages?limit=100`)).messages.length, 2);
    await room.change(`/tasks/${task.id}`, { status: "rejected", reason: "x".repeat(2_000) });
  });

  test("takes an Idempotency-Key of a sensible length, for one request only", async () => {
    const post = (text, key) =>
      here.room.ask("POST", `/tasks/${here.task.id}/messages`, { text }, { "idempotency-key": key });
    const count = async () => (await here.room.get(`/tasks/${here.task.id}`)).messages;
    const earlier = await count();
    assert.equal((await post("x", "k".repeat(256))).status, 400);
    assert.equal(await count(), earlier);
    assert.equal((await post("x", "one")).status, 201);
    assert.equal((await post("y", "one")).body.code, "conflict");
    assert.equal(await count(), earlier + 1);
  });
});

describe("a replica's command", () => {
  let here, there, client;
  before(async () => {
    [here, there] = [await furnish(), await furnish()];
    client = { id: "client-1", last: 0 };
  });

  const id = (at) => `0zzzzzzzz${at.toString(36).padStart(2, "0")}`;
  let made = 0;
  const fresh = () => id((made += 1));

  test("that is refused says why, has no effect and does not hold up the next", async () => {
    const { task, done, room, message } = here;
    const create = { type: "createTask", id: fresh(), title: "x", body: "", assignee: "human", attachments: [] };
    const commands = [
      [{ ...create, id: fresh(), title: "" }, "empty"],
      [{ ...create, id: fresh(), title: "x".repeat(256) }, "too_long"],
      [{ ...create, id: fresh(), attachments: [there.file.id] }, "attachment_not_found"],
      [{ ...create, id: fresh(), attachments: Array(21).fill(here.file.id) }, "too_many"],
      [{ ...create, id: task.id }, "id_taken"],
      [{ ...create, id: message.id }, "id_taken"],
      [{ type: "setStatus", id: fresh(), task: done.id, to: "ongoing" }, "illegal_transition"],
      [{ type: "setStatus", id: fresh(), task: there.task.id, to: "ongoing" }, "task_not_found"],
      [{ type: "reopen", id: fresh(), task: task.id }, "not_closed"],
      [{ type: "postMessage", id: fresh(), task: task.id, text: "", attachments: [] }, "empty"],
      [{ type: "postMessage", id: fresh(), task: never, text: "x", attachments: [] }, "task_not_found"],
      [{ type: "postMessage", id: message.id, task: task.id, text: "x", attachments: [] }, "id_taken"],
      [
        {
          type: "giveVerdict",
          id: fresh(),
          task: task.id,
          verdict: "approved",
          digest: "0".repeat(64),
          text: "",
          attachments: [],
          then: "complete",
        },
        "shown_changed",
      ],
      [{ type: "deleteTask", id: fresh(), task: never }, "task_not_found"],
      [{ type: "editWorkspace", id: fresh(), name: "" }, "empty"],
      [{ type: "nameAgent", id: fresh(), agent: "nobody", displayName: "x" }, "agent_not_found"],
    ];
    const earlier = await contents(room);
    const { results } = await room.make("/commands", {
      clientId: client.id,
      commands: commands.map(([command]) => ({ mutationId: (client.last += 1), command })),
    });
    assert.deepEqual(
      results.map(({ rejection }) => rejection?.code),
      commands.map(([, code]) => code),
    );
    for (const { rejection } of results)
      assert.ok(rejection.detail && rejection.status >= 400 && rejection.status < 500);
    assert.deepEqual(await contents(room), earlier);
    const good = { mutationId: (client.last += 1), command: create };
    assert.deepEqual((await room.make("/commands", { clientId: client.id, commands: [good] })).results, [
      { mutationId: good.mutationId, command: create.id, rejection: null },
    ]);
    assert.equal((await room.get(`/tasks/${create.id}`)).title, "x");
  });

  test("that cannot be read, or comes out of order, is refused with all of its batch", async () => {
    const { room, task } = here;
    const post = (text) => ({ type: "postMessage", id: fresh(), task: task.id, text, attachments: [] });
    const earlier = await contents(room);
    const { cursor } = await room.get("/snapshot");
    const batch = (commands, clientId = client.id) => room.ask("POST", "/commands", { clientId, commands });
    const next = client.last + 1;
    for (const [commands, code] of [
      [[{ mutationId: next, command: { type: "inbox", id: fresh() } }], "invalid_json"],
      [[{ mutationId: next, command: { type: "Inbox" } }], "invalid_json"],
      [[{ mutationId: next, command: { type: "createTask" } }], "invalid_json"],
      [[{ mutationId: next, command: { ...post("x"), id: "short" } }], "invalid_json"],
      [[{ mutationId: next, command: { ...post("x"), id: "zzzzzzzzzzz" } }], "invalid_json"],
      [[{ mutationId: "1", command: post("x") }], "invalid_json"],
      [[{ mutationId: -1, command: post("x") }], "invalid_json"],
      [[{ mutationId: 1.5, command: post("x") }], "invalid_json"],
      [
        [
          { mutationId: next, command: post("x") },
          { mutationId: next + 1, command: {} },
        ],
        "invalid_json",
      ],
      [[{ mutationId: 0, command: post("x") }], "mutation_gap"],
      [[{ mutationId: next + 1, command: post("x") }], "mutation_gap"],
      [[{ mutationId: Number.MAX_SAFE_INTEGER, command: post("x") }], "mutation_gap"],
      [[{ mutationId: client.last, command: post("another") }], "mutation_conflict"],
      [Array.from({ length: 101 }, (_, at) => ({ mutationId: next + at, command: post("x") })), "too_many"],
    ]) {
      const answer = await batch(commands);
      assert.deepEqual([answer.status, answer.body.code], [400, code], JSON.stringify(commands).slice(0, 120));
    }
    assert.deepEqual(await contents(room), earlier);
    assert.equal((await room.get("/snapshot")).cursor, cursor);
    const whole = Array.from({ length: 100 }, (_, at) => ({ mutationId: next + at, command: post("a full batch") }));
    assert.equal((await batch(whole)).body.results.length, 100);
  });
});

describe("a stream", () => {
  test("of a dashboard begins anew from any cursor that is none, and from one of another workspace", async () => {
    const [here, there] = [await furnish(), await furnish()];
    const { cursor } = await there.room.get("/snapshot");
    for (const from of ["x", "a-b-c", "-1", cursor, "x".repeat(5_000), "a-99999999999999999999-b", "🦀"]) {
      const stream = await here.room.watch(encodeURIComponent(from));
      assert.equal(stream.status, 200, from.slice(0, 40));
      await stream.until("reset");
      stream.close();
    }
  });

  test("of an agent takes names that people can read, and no others", async () => {
    const { token } = await furnish();
    for (const agent of ["x".repeat(65), "a\nb", "\u0000", "\u202eevil"]) {
      const url = new URL(token.mcpUrl);
      url.searchParams.set("agent", agent);
      const stream = await SseReader.open(url);
      assert.equal(stream.status, 400, JSON.stringify(agent));
    }
  });
});

test("after all of this the server is at work as before", async () => {
  const { room, token } = await settle(world);
  const agent = await Agent.connect(token.mcpUrl);
  const { task_id } = await agent.call("createTask", { title: "Question: all well?", assignee: "human" });
  await room.make(`/tasks/${task_id}/messages`, { text: "all well" });
  await agent.hears(({ content }) => content.includes("all well"));
  await agent.close();
  assert.doesNotMatch(world.server.logs(), /panicked|uncaught/i);
});
