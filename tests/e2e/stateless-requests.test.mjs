// Requests of MCP 2026-07-28: the envelope, the headers that mirror it, and what is refused with which status and code.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SseReader } from "../lib/sse.mjs";
import { StatelessClient, VERSION, sentinel } from "../lib/stateless.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;
const MISMATCH = -32020;
const UNSUPPORTED = -32022;
const version = "io.modelcontextprotocol/protocolVersion";
const capabilities = "io.modelcontextprotocol/clientCapabilities";
const info = "io.modelcontextprotocol/clientInfo";

let world, room, token, client;
before(async () => {
  world = await startWorld();
  ({ room, token } = await settle(world));
  client = new StatelessClient(token.mcpUrl);
});
after(() => world?.end());

/** A refusal as the transport prescribes it: the status, JSON, the code, and the request's own id. */
function assertRefused({ id, status, headers, json, text }, expected, code) {
  assert.equal(status, expected, text);
  assert.match(headers.get("content-type"), /^application\/json/);
  assert.equal(json.jsonrpc, "2.0");
  assert.equal(json.error?.code, code, text);
  assert.ok(json.error.message.length > 10, text);
  assert.deepEqual(json.id, id);
  assert.ok(!("result" in json));
}

describe("the endpoint", () => {
  for (const method of ["GET", "DELETE"])
    test(`takes POST only: ${method} is not allowed, and the refusal says what is`, async () => {
      const { status, headers } = await client.post(undefined, { "mcp-protocol-version": VERSION }, method);
      assert.equal(status, 405);
      assert.match(headers.get("allow"), /POST/);
    });

  test("does not go on with a stream by Last-Event-ID", async () => {
    const headers = { "mcp-protocol-version": VERSION, "last-event-id": "0ZRgCquBZ7R.1", accept: "text/event-stream" };
    assert.equal((await client.post(undefined, headers, "GET")).status, 405);
  });

  test("refuses pages of other origins, and lets those of its own in", async () => {
    for (const origin of ["http://evil.example", "null", world.url.replace("http:", "https:")]) {
      const { status } = await client.ask("tools/list", {}, { headers: { origin } });
      assert.equal(status, 403, origin);
    }
    assert.equal((await client.ask("tools/list", {}, { headers: { origin: world.url } })).status, 200);
  });

  test("refuses a stream to pages of other origins too", async () => {
    const { headers, body } = client.prepared("subscriptions/listen", { notifications: {} });
    const request = new Request(client.url, { method: "POST", body });
    const stream = await SseReader.open(request, { ...headers, origin: "http://evil.example" });
    assert.equal(stream.status, 403);
  });

  test("takes one message a body, no batches", async () => {
    const { headers, body } = client.prepared("tools/list");
    for (const batch of [`[${body}]`, "[]", `[${body},${body}]`]) {
      const { status, json } = await client.post(batch, headers);
      assert.deepEqual([status, json.error.code, json.id], [400, -32600, null]);
    }
  });

  test("says of a body that is no message what is wrong with it", async () => {
    const { headers } = client.prepared("tools/list");
    for (const [body, code] of [
      ["", -32700],
      ["{", -32700],
      ["7", -32600],
      ['{"jsonrpc":"2.0","id":1}', -32600],
      ['{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32600],
      ['{"jsonrpc":"1.0","id":1,"method":"tools/list"}', -32600],
    ]) {
      const { status, json } = await client.post(body, headers);
      assert.deepEqual([status, json.error.code], [400, code], body);
    }
  });

  test("takes a notification with 202 and an empty body", async () => {
    const { headers } = client.prepared("notifications/cancelled");
    for (const method of ["notifications/cancelled", "notifications/something"]) {
      const body = JSON.stringify({ jsonrpc: "2.0", method, params: { requestId: 1, _meta: { [version]: VERSION } } });
      const { status, text } = await client.post(body, { ...headers, "mcp-method": method });
      assert.deepEqual([status, text], [202, ""], method);
    }
  });

  test("answers a request that needs no time with JSON that nobody keeps", async () => {
    const { headers } = await client.ask("tools/list");
    assert.match(headers.get("content-type"), /^application\/json/);
    assert.equal(headers.get("mcp-session-id"), null);
    assert.match(headers.get("cache-control"), /no-store/);
  });

  test("is read as its envelope says although the client names a session of another revision", async () => {
    const { status, json } = await client.ask("tools/list", {}, { headers: { "mcp-session-id": "0ZRgCquBZ7R" } });
    assert.deepEqual([status, json.result?.resultType], [200, "complete"]);
  });
});

describe("the envelope", () => {
  const whole = { [version]: undefined, [capabilities]: undefined, [info]: undefined };

  test("is asked for where it is missing", async () => {
    assertRefused(await client.ask("tools/list", {}, { meta: whole }), 400, INVALID_PARAMS);
  });

  test("is asked for where it is no envelope", async () => {
    const { headers } = client.prepared("tools/list");
    for (const params of [undefined, {}, { _meta: null }, { _meta: 7 }, { _meta: [] }, { _meta: {} }]) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 5, method: "tools/list", params });
      assertRefused({ id: 5, ...(await client.post(body, headers)) }, 400, INVALID_PARAMS);
    }
  });

  test("is asked for in full where a part is missing", async () => {
    for (const part of [version, capabilities]) {
      const refused = await client.ask("tools/list", {}, { meta: { [part]: undefined } });
      assertRefused(refused, 400, INVALID_PARAMS);
      assert.ok(refused.json.error.message.includes(part), refused.text);
    }
  });

  test("holds a text and an object", async () => {
    for (const meta of [{ [version]: 20260728 }, { [version]: null }, { [capabilities]: [] }, { [capabilities]: "{}" }])
      assertRefused(await client.ask("tools/list", {}, { meta }), 400, INVALID_PARAMS);
  });

  test("need not say who the client is", async () => {
    const { tools } = await client.result("tools/list", {}, { meta: { [info]: undefined } });
    assert.ok(tools.length > 0);
  });

  test("lets people see which client speaks, if it says so", async () => {
    const named = new StatelessClient(token.mcpUrl, { agent: "named", info: { name: "my-client", version: "7.1" } });
    await named.result("server/discover");
    const { agents } = await room.get("/snapshot");
    const agent = agents.find(({ name }) => name === "named");
    assert.deepEqual(agent.client, { name: "my-client", version: "7.1" });
  });

  test("is asked for although nothing but the header speaks of this revision", async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: "x", method: "tools/call", params: { name: "getWorkspace" } });
    const headers = { "content-type": "application/json", "mcp-protocol-version": VERSION, "mcp-method": "tools/call" };
    assertRefused({ id: "x", ...(await client.post(body, headers)) }, 400, INVALID_PARAMS);
  });
});

describe("the headers", () => {
  const mirrored = { "tools/call": { name: "getWorkspace" }, "resources/read": { uri: "agentrq://workspace" } };

  for (const header of ["mcp-protocol-version", "mcp-method"])
    test(`${header} is on every request`, async () => {
      for (const method of ["tools/list", "server/discover", "tools/call"]) {
        const refused = await client.ask(method, mirrored[method], { headers: { [header]: undefined } });
        assertRefused(refused, 400, MISMATCH);
        assert.match(refused.json.error.message.toLowerCase(), new RegExp(header));
      }
    });

  test("Mcp-Name is on every request that names something", async () => {
    const { prompts } = await client.result("prompts/list");
    for (const [method, params] of [...Object.entries(mirrored), ["prompts/get", { name: prompts[0].name }]])
      assertRefused(await client.ask(method, params, { headers: { "mcp-name": undefined } }), 400, MISMATCH);
  });

  test("say what the body says, in the same case", async () => {
    for (const headers of [
      { "mcp-method": "tools/list" },
      { "mcp-method": "Tools/Call" },
      { "mcp-method": "TOOLS/CALL" },
      { "mcp-method": "" },
      { "mcp-name": "createTask" },
      { "mcp-name": "getworkspace" },
      { "mcp-name": "" },
      { "mcp-name": sentinel("createTask") },
    ])
      assertRefused(await client.ask("tools/call", mirrored["tools/call"], { headers }), 400, MISMATCH);
    assertRefused(
      await client.ask("resources/read", mirrored["resources/read"], { headers: { "mcp-name": "agentrq://inbox" } }),
      400,
      MISMATCH,
    );
  });

  test("may have their names in any case", async () => {
    const headers = {
      "mcp-method": undefined,
      "MCP-METHOD": "tools/call",
      "mcp-name": undefined,
      "mCP-nAME": "getWorkspace",
    };
    assert.equal((await client.ask("tools/call", mirrored["tools/call"], { headers })).status, 200);
  });

  test("are decoded before they are compared", async () => {
    for (const [method, name] of [
      ["tools/call", "getWorkspace"],
      ["resources/read", "agentrq://workspace"],
    ]) {
      const headers = { "mcp-name": sentinel(name) };
      assert.equal((await client.ask(method, mirrored[method], { headers })).status, 200, name);
    }
  });

  test("carry a name that no header holds as it is", async () => {
    const { json } = await client.ask("tools/call", { name: " größer ", arguments: {} });
    assert.equal(json.error.code, INVALID_PARAMS, "refused for the tool, not for the header");
    assert.match(json.error.message, /größer/);
  });

  test("are refused when they are malformed", async () => {
    for (const name of ["=?base64?%%%?=", "=?base64?YQ?=", "=?base64?/w==?=", "=?BASE64?Z2V0V29ya3NwYWNl?="])
      assertRefused(
        await client.ask("tools/call", mirrored["tools/call"], { headers: { "mcp-name": name } }),
        400,
        MISMATCH,
      );
  });

  test("do nothing where they are refused", async () => {
    const args = { name: "createTask", arguments: { title: "Never", assignee: "human" } };
    await client.ask("tools/call", args, { headers: { "mcp-name": "getWorkspace" } });
    await client.ask("tools/call", args, { headers: { "mcp-method": undefined } });
    await client.ask("tools/call", args, { meta: { [capabilities]: undefined } });
    const { tasks } = await room.get("/tasks");
    assert.ok(!tasks.some(({ title }) => title === "Never"));
  });
});

describe("the revision", () => {
  test("that is not spoken is refused with those that are", async () => {
    for (const requested of ["1999-01-01", "2027-01-01", "latest", ""]) {
      const refused = await client.ask(
        "tools/list",
        {},
        {
          meta: { [version]: requested },
          headers: { "mcp-protocol-version": requested },
        },
      );
      assertRefused(refused, 400, UNSUPPORTED);
      const { data } = refused.json.error;
      assert.equal(data.requested, requested);
      assert.ok(data.supported.includes(VERSION), refused.text);
      assert.ok(data.supported.includes("2025-11-25"), refused.text);
    }
  });

  test("in header and body is the same", async () => {
    for (const other of ["2025-11-25", "1999-01-01"]) {
      assertRefused(await client.ask("tools/list", {}, { headers: { "mcp-protocol-version": other } }), 400, MISMATCH);
      assertRefused(await client.ask("tools/list", {}, { meta: { [version]: other } }), 400, MISMATCH);
    }
  });

  test("with a handshake has no envelope", async () => {
    const other = { meta: { [version]: "2025-11-25" }, headers: { "mcp-protocol-version": "2025-11-25" } };
    assertRefused(await client.ask("tools/list", {}, other), 400, UNSUPPORTED);
  });
});

describe("methods", () => {
  for (const method of [
    "initialize",
    "ping",
    "logging/setLevel",
    "resources/subscribe",
    "resources/unsubscribe",
    "tasks/list",
    "tools/List",
    "nothing",
    "",
  ])
    test(`${method || "of no name"} is not known here`, async () => {
      assertRefused(
        await client.ask(method, { protocolVersion: VERSION, uri: "agentrq://inbox", level: "info" }),
        404,
        METHOD_NOT_FOUND,
      );
    });

  test("are known only by requests: one that is unknown as a notification is taken and forgotten", async () => {
    const { headers } = client.prepared("initialize");
    const body = JSON.stringify({ jsonrpc: "2.0", method: "initialize", params: { _meta: { [version]: VERSION } } });
    assert.equal((await client.post(body, headers)).status, 202);
  });
});

describe("the id", () => {
  const ids = [0, 1, -7, 2 ** 31, 2 ** 53 - 1, "", "0", "a b", 'ü\n"', "x".repeat(1_000)];

  test("comes back as it was sent, with a result", async () => {
    for (const id of ids) {
      const { status, json } = await client.ask("tools/call", { name: "getWorkspace" }, { id });
      assert.equal(status, 200);
      assert.deepEqual(json.id, id);
      assert.equal(json.result.structuredContent.name, "Test");
    }
  });

  test("comes back as it was sent, with an error", async () => {
    for (const id of ids) {
      assertRefused(await client.ask("ping", {}, { id }), 404, METHOD_NOT_FOUND);
      assertRefused(await client.ask("tools/list", {}, { id, headers: { "mcp-method": "x" } }), 400, MISMATCH);
      assertRefused(
        await client.ask("tools/list", {}, { id, meta: { [capabilities]: undefined } }),
        400,
        INVALID_PARAMS,
      );
    }
  });

  test("larger than a program's numbers comes back to the digit", async () => {
    const { headers, body } = client.prepared("server/discover", {}, { id: 4711 });
    for (const id of ["9007199254740993", "18446744073709551615", "-9223372036854775808"]) {
      const { status, text } = await client.post(body.replace("4711", id), headers);
      assert.equal(status, 200, text);
      assert.ok(text.includes(`"id":${id},`) || text.includes(`"id":${id}}`), text.slice(0, 200));
    }
  });

  test("is a text or a whole number", async () => {
    const { headers, body } = client.prepared("server/discover", {}, { id: 4711 });
    for (const id of ["null", "1.5", "true", "{}", "[1]"]) {
      const { status, json } = await client.post(body.replace("4711", id), headers);
      assert.deepEqual([status, json.error.code, json.id], [400, -32600, null], id);
    }
  });
});
