// Streamable HTTP to 2025-11-25: the exact status and code of every answer and every refusal.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { REVISIONS, StreamableAgent } from "../lib/streamable.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world, room, token, workspace, agent;
before(async () => {
  world = await startWorld();
  ({ room, token, workspace } = await settle(world));
  agent = await StreamableAgent.connect(token.mcpUrl);
});
after(() => world?.end());

const ping = { jsonrpc: "2.0", id: 7, method: "ping" };
const bare = (path = `/mcp/${workspace.id}`) => world.url + path;
const asked = async (url, init) => {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : undefined };
};
const json = { "content-type": "application/json" };
const posted = (url, headers = {}) =>
  asked(url, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(ping) });

describe("a message", () => {
  test("that is a request is answered as one JSON object, with the request's id as it was sent", async () => {
    for (const id of [0, -1, 9007199254740991, "a", "", "ä 🦀"]) {
      const { status, headers, body } = await agent.post({ ...ping, id });
      assert.equal(status, 200);
      assert.equal(headers.get("content-type"), "application/json");
      assert.deepEqual(body, { jsonrpc: "2.0", id, result: {} });
    }
  });

  test("that is a notification or a response is answered with 202 and no body", async () => {
    for (const message of [
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", method: "notifications/nobody/knows", params: { x: 1 } },
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 999 } },
      { jsonrpc: "2.0", id: "never-asked", result: {} },
      { jsonrpc: "2.0", id: 3, error: { code: -32601, message: "no ping here" } },
    ]) {
      const { status, headers, text } = await agent.post(message);
      assert.deepEqual([status, text], [202, ""], JSON.stringify(message));
      assert.equal(headers.get("content-type"), null);
    }
  });

  test("that is none is refused with 400 and the code that JSON-RPC has for it", async () => {
    for (const [body, code, id] of [
      ["", -32700, null],
      ["{", -32700, null],
      [new Uint8Array([0xff, 0xfe]), -32700, null],
      ["[]", -32600, null],
      [JSON.stringify([ping]), -32600, null],
      ["7", -32600, null],
      [JSON.stringify({ id: 7, method: "ping" }), -32600, 7],
      [JSON.stringify({ ...ping, id: null }), -32600, null],
      [JSON.stringify({ ...ping, id: 1.5 }), -32600, null],
      [JSON.stringify({ ...ping, params: [] }), -32600, 7],
      [JSON.stringify({ jsonrpc: "2.0", id: 7 }), -32600, 7],
    ]) {
      const answer = await agent.post(body);
      assert.deepEqual([answer.status, answer.body?.error.code, answer.body?.id], [400, code, id], String(body));
      assert.ok(answer.body.error.message, "it says what is wrong");
    }
  });

  test("of a batch says that one message a request is wanted", async () => {
    assert.match((await agent.post(JSON.stringify([ping, ping]))).body.error.message, /one JSON-RPC message/);
  });

  test("of a method that is not there is answered with 200 and -32601", async () => {
    const { status, body } = await agent.ask("tools/guess", {});
    assert.deepEqual([status, body.error.code], [200, -32601]);
    assert.match(body.error.message, /tools\/guess/);
  });

  test("with parameters that are wrong is answered with 200 and -32602, and bad input of a tool as its result", async () => {
    for (const [method, params] of [
      ["tools/call", {}],
      ["tools/call", { name: "noSuchTool" }],
      ["tools/call", { name: "getWorkspace", arguments: [] }],
      ["resources/read", {}],
      ["resources/subscribe", {}],
      ["prompts/get", { name: "noSuchPrompt" }],
      ["logging/setLevel", { level: "loud" }],
    ]) {
      const { status, body } = await agent.ask(method, params);
      assert.deepEqual([status, body.error?.code], [200, -32602], `${method} ${JSON.stringify(params)}`);
    }
    const { status, body } = await agent.ask("tools/call", { name: "createTask", arguments: { title: "" } });
    assert.deepEqual([status, body.result.isError], [200, true]);
  });

  test("of a resource that is not there is answered with 200 and -32002, which names it", async () => {
    const uri = "agentrq://tasks/99999";
    const { status, body } = await agent.ask("resources/read", { uri });
    assert.deepEqual([status, body.error.code, body.error.data.uri], [200, -32002, uri]);
  });

  test("is taken from clients that say nothing of what they accept", async () => {
    for (const accept of [undefined, "application/json", "*/*", "text/event-stream"])
      assert.equal((await agent.post(ping, { accept })).status, 200, accept);
  });
});

describe("the header MCP-Protocol-Version", () => {
  test("may name any revision with a handshake, or be missing", async () => {
    for (const version of [undefined, "2024-11-05", ...REVISIONS])
      assert.deepEqual((await agent.post(ping, { "mcp-protocol-version": version })).body?.result, {}, version);
  });

  test("that names none is refused with 400 on every method, with those that there are", async () => {
    for (const version of ["", "1", "latest", "2025-11-26", "2025-11-25, 2025-06-18", "2099-01-01"]) {
      const headers = { "mcp-protocol-version": version };
      for (const message of [
        ping,
        { jsonrpc: "2.0", method: "notifications/initialized" },
        { ...ping, method: undefined, result: {} },
      ]) {
        const { status, body } = await agent.post(message, headers);
        assert.deepEqual([status, body?.error.code], [400, -32022], `${version} ${JSON.stringify(message)}`);
        assert.ok(body.error.data.supported.includes("2025-11-25"));
        assert.equal(body.error.data.requested, version);
      }
      const stream = await agent.open(undefined, headers);
      assert.equal(stream.status, 400, version);
      assert.ok(JSON.parse(stream.refusal).supported.includes("2025-11-25"));
      assert.equal((await agent.end(headers)).status, 400, version);
    }
    assert.deepEqual(await agent.result("ping"), {});
  });
});

describe("the header Mcp-Session-Id", () => {
  const wrong = ["", "a b", "ä", "a\tb", "x".repeat(257)];

  test("that is no visible ASCII is refused with 400, with what it holds", async () => {
    for (const session of wrong) {
      const headers = { "mcp-session-id": session };
      for (const message of [ping, { jsonrpc: "2.0", method: "notifications/initialized" }]) {
        const { status, body } = await agent.post(message, headers);
        assert.deepEqual([status, body.code, body.header], [400, "bad_request", "mcp-session-id"], session);
        assert.match(body.detail, /visible ASCII/);
      }
      assert.equal((await agent.open(undefined, headers)).status, 400, session);
      assert.equal((await agent.end(headers)).status, 400, session);
    }
  });

  test("of a session that nobody was given is taken: requests, notifications and streams", async () => {
    for (const session of ["x", "1868a90c-5e3b-4a8e-8c1d-000000000000", "0ZRgCquBZ7R", "!~".repeat(128)]) {
      const other = new StreamableAgent(token.mcpUrl, { session });
      assert.equal((await other.tool("getWorkspace")).name, "Test", session);
      await other.say("notifications/initialized");
      const stream = await other.open();
      assert.equal(stream.status, 200, stream.refusal);
      stream.close();
    }
  });

  test("answers 404 only once the client has ended the session, and then to everything", async () => {
    const ended = await StreamableAgent.connect(token.mcpUrl);
    assert.ok([200, 204].includes((await ended.end()).status));
    const request = await ended.post(ping);
    assert.deepEqual([request.status, request.body.code], [404, "session_ended"]);
    assert.match(request.body.detail, /initialize/);
    assert.equal((await ended.post({ jsonrpc: "2.0", method: "notifications/initialized" })).status, 404);
    assert.equal((await ended.post({ jsonrpc: "2.0", id: "p", result: {} })).status, 404);
    assert.equal((await ended.open()).status, 404);
    assert.equal((await ended.end()).status, 404);
    await ended.initialize();
    assert.deepEqual(await ended.result("ping"), {});
  });

  test("is what DELETE needs: without it 400, and of a session that nobody has it ends nothing", async () => {
    const none = await agent.end({ "mcp-session-id": undefined });
    assert.deepEqual([none.status, JSON.parse(none.text).header], [400, "mcp-session-id"]);
    assert.ok((await agent.end({ "mcp-session-id": "nobodys" })).status < 300);
    assert.deepEqual(await agent.result("ping"), {});
  });
});

describe("who asks", () => {
  const missing = () => [bare(), bare(`/channel/${workspace.id}`)];

  test("without a good token gets 401 and nothing that would start a sign-in by OAuth", async () => {
    const other = await settle(world, { name: "Other" });
    const cases = [
      ...missing().map((url) => [url, {}, "token_required"]),
      [bare(), { authorization: "Bearer arq_nonsense" }, "token_invalid"],
      [bare(), { authorization: `Bearer ${other.token.token}` }, "token_invalid"],
      [bare(), { authorization: `Bearer ${token.token}x` }, "token_invalid"],
    ];
    for (const [url, headers, code] of cases)
      for (const method of ["POST", "GET", "DELETE"]) {
        const body = method === "POST" ? JSON.stringify(ping) : undefined;
        const session = { "mcp-session-id": agent.session };
        const refused = await asked(url, { method, headers: { ...json, ...session, ...headers }, body });
        assert.deepEqual([refused.status, refused.body.code], [401, code], `${method} ${url}`);
        assert.doesNotMatch(
          refused.headers.get("www-authenticate") ?? "",
          /resource_metadata|authorization_uri|scope/i,
        );
      }
  });

  test("with the token as a bearer is as welcome as with it in the address", async () => {
    assert.equal((await posted(bare(), { authorization: `Bearer ${token.token}` })).status, 200);
  });

  test("looks for OAuth in vain: 404 at every well-known address", async () => {
    for (const name of ["oauth-protected-resource", "oauth-authorization-server", "openid-configuration"])
      for (const path of [
        `/.well-known/${name}`,
        `/.well-known/${name}/mcp/${workspace.id}`,
        `/mcp/${workspace.id}/.well-known/${name}`,
      ]) {
        const { status, headers } = await asked(bare(path));
        assert.equal(status, 404, path);
        assert.match(headers.get("content-type"), /problem\+json/);
      }
  });

  test("from a page of another origin gets 403 with a good token too, and from this one's is served", async () => {
    for (const door of ["mcp", "channel"]) {
      const url = token.mcpUrl.replace("/mcp/", `/${door}/`);
      for (const origin of ["https://evil.example", "null", "http://localhost:1", `${world.url}.evil.example`]) {
        for (const method of ["POST", "GET", "DELETE"]) {
          const body = method === "POST" ? JSON.stringify(ping) : undefined;
          const refused = await asked(url, { method, headers: { ...agent.headers(json), origin }, body });
          assert.deepEqual([refused.status, refused.body.code], [403, "origin_not_allowed"], `${method} ${origin}`);
        }
      }
      assert.equal((await posted(url, { origin: world.url })).status, 200);
    }
    assert.deepEqual(await agent.result("ping"), {});
  });

  test("under a name that is not this server's gets 403, as a page that rebinds its name would", async () => {
    const { port } = new URL(world.url);
    const status = await new Promise((answered, failed) => {
      const headers = { ...json, host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
      const url = new URL(token.mcpUrl);
      request({ port, path: url.pathname + url.search, method: "POST", headers }, (response) => {
        response.resume();
        answered(response.statusCode);
      })
        .on("error", failed)
        .end(JSON.stringify(ping));
    });
    assert.equal(status, 403);
  });
});

describe("a body", () => {
  /** The status, or 413 where the connection was cut while the body was still on its way, as a server may. */
  const refused = (text, how) =>
    new Promise((done, fail) => {
      const sent = request(agent.url, { method: "POST", headers: agent.headers({ ...json, ...how }) }, (response) => {
        response.resume();
        done(response.statusCode);
      });
      sent.on("error", (error) => (["EPIPE", "ECONNRESET"].includes(error.code) ? done(413) : fail(error)));
      sent.end(text);
    });

  test("that is not said to be JSON is refused with 415", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "text/event-stream",
    ]) {
      const { status, body } = await agent.post(ping, { "content-type": type });
      assert.deepEqual([status, body.code, body.allowed], [415, "unsupported_media_type", ["application/json"]], type);
    }
    for (const type of ["application/json; charset=utf-8", "Application/JSON"])
      assert.equal((await agent.post(ping, { "content-type": type })).status, 200, type);
  });

  test("that is too large is refused with 413 by its stated length and while it is read, and nothing is stored", async () => {
    const args = { title: "large", body: "x".repeat(6 * 1024 * 1024) };
    const text = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "createTask", arguments: args },
    });
    const before = await room.get("/tasks");
    for (const how of [{ "content-length": text.length }, { "transfer-encoding": "chunked" }])
      assert.equal(await refused(text, how), 413);
    assert.deepEqual(await room.get("/tasks"), before);
  });
});

test("another HTTP method is refused with 405 and those that are allowed", async () => {
  for (const door of ["mcp", "channel"])
    for (const method of ["PUT", "PATCH", "HEAD"]) {
      const url = token.mcpUrl.replace("/mcp/", `/${door}/`);
      const response = await fetch(url, { method, headers: json });
      await response.arrayBuffer();
      assert.equal(response.status, 405, method);
      assert.deepEqual(response.headers.get("allow")?.split(", "), ["GET", "POST", "DELETE"], method);
    }
});
