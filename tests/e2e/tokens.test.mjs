// A credential that is good no more opens nothing, from that moment on: not a stream that is open, not a post.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

const ended = async (agent, ms = 1_000) => {
  const deadline = Date.now() + ms;
  while (!agent.stream.ended && Date.now() < deadline) await new Promise((tick) => setTimeout(tick, 10));
  return agent.stream.ended;
};
const refusal = async (url, init) => {
  const response = await fetch(url, init);
  return { status: response.status, ...(await response.json()) };
};
const posted = (agent) =>
  refusal(new URL(agent.endpoint, agent.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 9,
      method: "tools/call",
      params: { name: "createTask", arguments: { title: "no" } },
    }),
  });

test("revoking a token ends its streams at once, refuses its posts and its next stream, and harms no other token", async (t) => {
  const { room, token } = await settle(world);
  const other = await room.make("/tokens", { label: "server" });
  const stream = await room.watch();
  const [one, two, unharmed] = [
    await RawAgent.connect(token.mcpUrl),
    await RawAgent.open(token.mcpUrl, { agent: "two" }),
    await RawAgent.connect(other.mcpUrl),
  ];
  t.after(() => [one, two, unharmed].forEach((agent) => agent.drop()) ?? stream.close());
  await room.remove(`/tokens/${token.id}`);
  assert.ok(await ended(one), "the stream goes on");
  assert.ok(await ended(two), "the second stream goes on");
  await stream.until("agent.disconnected");
  for (const refused of [await posted(one), await refusal(token.mcpUrl)]) {
    assert.equal(refused.status, 401);
    assert.equal(refused.code, "token_revoked");
  }
  assert.deepEqual((await room.get("/tasks")).tasks, []);
  assert.equal((await unharmed.tool("getWorkspace")).structuredContent.agent, "server");
  assert.ok(!unharmed.stream.ended);
});

test("a token that runs out ends its streams, and is told so", async (t) => {
  const { room, token } = await settle(world);
  const { agent, endsAt } = await nearItsEnd(token);
  t.after(() => agent.drop());
  assert.ok(await ended(agent, endsAt - Date.now() + 3_000), "the stream goes on");
  assert.ok(Date.now() >= endsAt, "the stream ended before its time");
  for (const refused of [await posted(agent), await refusal(token.mcpUrl)]) {
    assert.equal(refused.status, 401);
    assert.equal(refused.code, "token_expired");
  }
  // A person can extend it, and then it opens again.
  await room.change(`/tokens/${token.id}`, { expiresInDays: 1 });
  const again = await RawAgent.connect(token.mcpUrl);
  again.drop();
});

/** An agent with a token that is soon to end. The shortest life that one can be given is a day: this one is shortened where it is stored. */
async function nearItsEnd(token) {
  // On a slow machine the server may start later than that: then it is given longer.
  for (let life = 6_000; ; life *= 2) {
    const endsAt = Date.now() + life;
    await world.server.stop();
    shorten(world.dataDir, token.id, endsAt);
    await world.restart();
    const agent = await RawAgent.connect(token.mcpUrl).catch(() => null);
    if (Date.now() < endsAt - 1_000 && agent) return { agent, endsAt };
    agent?.drop();
    assert.ok(life < 60_000, "the server does not start, or takes no connection");
  }
}

/** Lets a token of a stopped server expire at a time. */
function shorten(dataDir, id, at) {
  const files = readdirSync(join(dataDir, "objects"), { recursive: true }).filter((file) => file.endsWith(".sqlite"));
  const changed = files.map((file) => {
    const db = new DatabaseSync(join(dataDir, "objects", file));
    try {
      return db.prepare("UPDATE tokens SET expires_at = ? WHERE id = ?").run(at, id).changes;
    } catch (error) {
      // The database of an account has no tokens.
      assert.match(error.message, /no such table/);
      return 0;
    } finally {
      db.close();
    }
  });
  assert.equal(
    changed.reduce((sum, n) => sum + Number(n), 0),
    1,
  );
}

test("a reply for an agent whose token was revoked waits for its next token", async (t) => {
  const { room, token } = await settle(world);
  const agent = await Agent.connect(token.mcpUrl);
  const { task_id: task } = await agent.call("createTask", { title: "Question: when?", assignee: "human" });
  await room.remove(`/tokens/${token.id}`);
  await agent.close();
  const message = await room.make(`/tasks/${task}/messages`, { text: "later" });
  const renewed = await room.make("/tokens", { label: token.label });
  const next = await Agent.connect(renewed.mcpUrl);
  t.after(() => next.close());
  await next.hears(({ meta }) => meta.message_id === message.id);
});

test("a connection of one token is none of another's, though both are of one workspace", async (t) => {
  const { room, token } = await settle(world);
  const other = await room.make("/tokens", { label: "laptop" });
  const victim = await RawAgent.connect(token.mcpUrl);
  t.after(() => victim.drop());
  const before = victim.stream.events.length;
  const address = new URL(victim.endpoint, victim.url);
  address.searchParams.set("token", other.token);
  const refused = await refusal(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  assert.equal(refused.status, 401);
  assert.equal(victim.stream.events.length, before);
});

test("deleting the workspace ends every stream of it", async () => {
  const { person, workspace, room, token } = await settle(world);
  const agent = await RawAgent.connect(token.mcpUrl);
  const stream = await room.watch();
  await person.remove(`/api/workspaces/${workspace.id}`);
  assert.ok(await ended(agent), "the agent's stream goes on");
  assert.ok(await ended({ stream }), "the dashboard's stream goes on");
});
