// One address, two transports, two doors: what a GET opens, what `initialize` begins, and which revisions each door speaks.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RawAgent } from "../lib/raw.mjs";
import { REVISIONS, StreamableAgent, isReady } from "../lib/streamable.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const MODERN = "2026-07-28";

let world, token;
const open = [];
before(async () => {
  world = await startWorld();
  ({ token } = await settle(world));
});
after(async () => {
  for (const it of open) it.drop();
  await world?.end();
});

const client = (options, url = token.mcpUrl) => {
  const made = new StreamableAgent(url, options);
  open.push(made);
  return made;
};
const connected = async (options) => {
  const made = client(options);
  await made.initialize();
  await made.say("notifications/initialized");
  return made;
};
const channelUrl = () => token.mcpUrl.replace("/mcp/", "/channel/");
const none = { "mcp-session-id": undefined, "mcp-protocol-version": undefined };

describe("a GET", () => {
  test("that names neither a session nor a revision opens HTTP+SSE, whatever else it says", async () => {
    const session = await connected();
    for (const more of [{}, { "last-event-id": "15LmlslOBXn.0" }, { accept: "*/*" }, { accept: undefined }]) {
      const stream = await session.open(undefined, { ...none, ...more });
      assert.equal(stream.status, 200, stream.refusal);
      const endpoint = await stream.until(() => true);
      assert.equal(endpoint.event, "endpoint");
      assert.equal(endpoint.id, undefined);
      assert.match(endpoint.data, /^\/mcp\/\w+\?token=[^&]+&conn=\w+$/);
      stream.close();
    }
  });

  test("that names a revision and no session is of the old transport too: its clients name one when they come back", async () => {
    for (const version of ["2024-11-05", ...REVISIONS]) {
      const stream = await client().open(undefined, { "mcp-session-id": undefined, "mcp-protocol-version": version });
      assert.equal(stream.events.at(0)?.event ?? (await stream.until("endpoint")).event, "endpoint", version);
      stream.close();
    }
  });

  test("that names a session opens the session's stream, on which no endpoint comes", async () => {
    const { session } = await connected();
    const cases = [
      { "mcp-session-id": session, "mcp-protocol-version": undefined },
      { "mcp-session-id": "never-given-here", "mcp-protocol-version": undefined },
      ...["2024-11-05", ...REVISIONS].map((version) => ({
        "mcp-session-id": session,
        "mcp-protocol-version": version,
      })),
    ];
    for (const headers of cases) {
      const stream = await client().open(undefined, headers);
      assert.equal(stream.status, 200, `${JSON.stringify(headers)}: ${stream.refusal}`);
      await isReady(stream);
      assert.ok(!stream.events.some(({ event }) => event === "endpoint"), JSON.stringify(headers));
      assert.ok(
        stream.events.every(({ id }) => id?.includes(".")),
        JSON.stringify(headers),
      );
      stream.close();
    }
  });

  test("of the channel's door is told apart in the same way, and its endpoint is of that door", async () => {
    const agent = client({}, channelUrl());
    const old = await agent.open(undefined, none);
    assert.match((await old.until("endpoint")).data, /^\/channel\//);
    old.close();
    await agent.initialize();
    const stream = await agent.open();
    await isReady(stream);
    assert.ok(!stream.events.some(({ event }) => event === "endpoint"));
  });
});

describe("initialize", () => {
  test("issues a session id of visible ASCII each time, and never the same", async () => {
    const sessions = new Set();
    for (const url of [token.mcpUrl, channelUrl()])
      for (const version of ["2024-11-05", ...REVISIONS, "1999-01-01", MODERN]) {
        const agent = client({ version }, url);
        await agent.initialize();
        assert.match(agent.session, /^[\x21-\x7e]+$/, version);
        sessions.add(agent.session);
      }
    assert.equal(sessions.size, 12);
  });

  test("is answered in the client's revision if it has a handshake, and else in 2025-11-25", async () => {
    for (const url of [token.mcpUrl, channelUrl()]) {
      const answered = async (version) => (await client({}, url).initialize(version)).protocolVersion;
      for (const version of ["2024-11-05", ...REVISIONS]) assert.equal(await answered(version), version);
      for (const version of ["1999-01-01", MODERN, "2099-01-01", "", undefined])
        assert.equal(await answered(version), "2025-11-25", version);
    }
  });

  test("begins a new session though the request names another, and leaves that one as it is", async () => {
    const agent = await connected();
    const before = agent.session;
    const answer = await agent.ask("initialize", { protocolVersion: "2025-11-25", capabilities: {} });
    assert.equal(answer.status, 200, answer.text);
    assert.notEqual(answer.headers.get("mcp-session-id"), before);
    assert.deepEqual(await agent.result("ping"), {});
  });

  test("declares what the server can do, the channel of Claude Code among it", async () => {
    const { capabilities, serverInfo, instructions } = await client().initialize();
    assert.deepEqual(capabilities.experimental, { "claude/channel": {} });
    assert.deepEqual(capabilities.tools, { listChanged: true });
    assert.equal(capabilities.resources.subscribe, true);
    for (const capability of ["prompts", "completions", "logging"]) assert.ok(capabilities[capability], capability);
    assert.ok(serverInfo.name && serverInfo.version);
    assert.ok(instructions.length > 0 && instructions.length <= 2_048, `${instructions.length} characters`);
  });

  test("over HTTP+SSE needs no session id and gets none", async () => {
    const agent = await RawAgent.connect(token.mcpUrl);
    open.push(agent);
    assert.equal((await agent.tool("getWorkspace")).structuredContent.name, "Test");
    assert.equal(agent.stream.headers.get("mcp-session-id"), null);
  });
});

describe("a revision without sessions", () => {
  for (const [door, url] of [
    ["mcp", () => token.mcpUrl],
    ["channel", channelUrl],
  ])
    test(`has no GET and no DELETE at /${door}/: 405, with what is allowed`, async () => {
      const agent = client({ session: (await connected()).session }, url());
      for (const method of ["GET", "DELETE"])
        for (const session of [agent.session, undefined]) {
          const headers = agent.headers({ "mcp-session-id": session, "mcp-protocol-version": MODERN });
          const response = await fetch(agent.url, { method, headers });
          const { code, allowed } = await response.json();
          assert.deepEqual(
            [response.status, code, allowed],
            [405, "method_not_allowed", ["POST"]],
            `${method} ${session}`,
          );
          assert.equal(response.headers.get("allow"), "POST");
        }
      // Nothing was ended.
      assert.deepEqual(await agent.result("ping"), {});
    });

  const envelope = (version) => ({
    _meta: {
      "io.modelcontextprotocol/protocolVersion": version,
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  });
  const modern = (method) => ({ "mcp-session-id": undefined, "mcp-protocol-version": MODERN, "mcp-method": method });

  test("is refused at the channel's door with 400 and no error by which a client would know that it is spoken", async () => {
    const agent = client({}, channelUrl());
    for (const method of ["server/discover", "tools/list", "subscriptions/listen", "initialize"]) {
      const { id, status, body } = await agent.ask(method, envelope(MODERN), modern(method));
      assert.equal(status, 400, method);
      assert.equal(body.id, id);
      assert.ok(![-32020, -32021, -32022].includes(body.error.code), `${method}: ${body.error.code}`);
      assert.equal(body.error.data?.supported, undefined);
      assert.match(body.error.message, /initialize/);
    }
    // What Claude Code does then.
    assert.equal((await agent.initialize("2025-11-25")).protocolVersion, "2025-11-25");
    await agent.say("notifications/initialized");
    assert.equal((await agent.tool("getWorkspace")).name, "Test");
  });

  test("is refused at the channel's door by its header alone, and by its envelope alone", async () => {
    const agent = client({}, channelUrl());
    const byHeader = await agent.ask("server/discover", {}, modern("server/discover"));
    const byEnvelope = await agent.ask("server/discover", envelope(MODERN), none);
    assert.deepEqual([byHeader.status, byEnvelope.status], [400, 400]);
  });

  test("has a method that those before it do not know: it is no method there", async () => {
    for (const url of [token.mcpUrl, channelUrl()]) {
      const agent = client({}, url);
      await agent.initialize();
      for (const method of ["server/discover", "subscriptions/listen"]) {
        const { status, body } = await agent.ask(method, {});
        assert.deepEqual([status, body.error.code], [200, -32601], method);
      }
    }
  });
});
