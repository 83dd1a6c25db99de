// A request that is sent again because its answer was lost: it acts once, and whoever asks again is given what was answered.
import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Proxy } from "../lib/proxy.mjs";
import { StreamableAgent, hearsOn } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

const call = (id, name, args) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });
const asks = (id, title = "Question: once?") => call(id, "createTask", { title, assignee: "human" });
const tasksIn = async (room) => (await room.get("/tasks")).tasks;
const threadOf = async (room, task) => (await room.get(`/tasks/${task}/messages`)).messages;
const taskOf = ({ body }) => body.result.structuredContent.task_id;
const connected = (token, options) => StreamableAgent.connect(token.mcpUrl, options);

/** Posts a message and goes away without its answer: the socket is destroyed `after` so many ms. */
async function lost(agent, message, after) {
  const headers = agent.headers({ "content-type": "application/json", accept: "application/json, text/event-stream" });
  const text = JSON.stringify(message);
  const sent = request(agent.url, {
    method: "POST",
    headers: { ...headers, "content-length": Buffer.byteLength(text) },
  });
  sent.on("error", () => {});
  await new Promise((flushed) => sent.end(text, flushed));
  await sleep(after);
  sent.destroy();
}

/** The same, once the server has written: seen by what people see of it. */
async function lostAfterWrite(agent, message, isWritten) {
  await lost(agent, message, 0);
  for (const deadline = Date.now() + 1_000; Date.now() < deadline && !(await isWritten());) await sleep(10);
}

describe("the same request of a session", () => {
  test("acts once, and is answered the same each time", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await agent.post(asks(40)));
    assert.deepEqual(answers[1].body, answers[0].body);
    assert.deepEqual(answers[2].body, answers[0].body);
    assert.equal((await tasksIn(room)).length, 1);
  });

  test("sent twice at the same time acts once", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const answers = await Promise.all([1, 2, 3, 4].map(() => agent.post(asks(41))));
    assert.equal(new Set(answers.map(taskOf)).size, 1);
    assert.equal((await tasksIn(room)).length, 1);
  });

  test("is told apart by its id as it was sent, and from another request of the same id", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const made = [];
    for (const message of [asks(1, "Question: a?"), asks("1", "Question: b?"), asks(1, "Question: c?")])
      made.push(taskOf(await agent.post(message)));
    assert.equal(new Set(made).size, 3);
    assert.equal((await tasksIn(room)).length, 3);
  });

  test("acts once though its progress token is another one", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    for (const progressToken of [1, 2]) {
      const message = asks(42);
      message.params._meta = { progressToken };
      assert.equal((await agent.post(message)).status, 200);
    }
    assert.equal((await tasksIn(room)).length, 1);
  });

  test("acts once over a restart", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const first = await agent.post(asks(43));
    await world.server.kill();
    await world.restart();
    assert.deepEqual((await agent.post(asks(43))).body, first.body);
    assert.equal((await tasksIn(room)).length, 1);
  });
});

describe("an answer that was lost after the write", () => {
  for (const after of [0, 2, 10])
    test(`is given to the same request of the session, when the socket broke ${after} ms after it was sent`, async () => {
      const { room, token } = await settle(world);
      const agent = await connected(token);
      await lost(agent, asks(50), after);
      await sleep(150);
      const again = await agent.post(asks(50));
      const tasks = await tasksIn(room);
      assert.deepEqual(
        tasks.map(({ id }) => id),
        [taskOf(again)],
      );
    });

  test("is given to a client without a session too, once it is known to be lost", async () => {
    const { room, token } = await settle(world);
    const agent = new StreamableAgent(token.mcpUrl);
    await lostAfterWrite(agent, asks(0), async () => (await tasksIn(room)).length);
    await sleep(500);
    const again = await agent.post(asks(0));
    assert.deepEqual(
      (await tasksIn(room)).map(({ id }) => id),
      [taskOf(again)],
    );
  });

  test("of a reply does not say it twice", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const task = await agent.createTask();
    const says = call(60, "reply", { chat_id: task, text: "done" });
    const before = (await threadOf(room, task)).length;
    await lostAfterWrite(agent, says, async () => (await threadOf(room, task)).length > before);
    await agent.post(says);
    assert.equal((await threadOf(room, task)).length, before + 1);
  });

  test("gives what stood in it again: a message that rode on it is not lost", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const task = await agent.createTask();
    const message = await room.make(`/tasks/${task}/messages`, { text: "left" });
    const asked = call(70, "getWorkspace", {});
    await lost(agent, asked, 0);
    await sleep(500);
    const again = await agent.post(asked);
    assert.ok(again.text.includes(message.id), again.text);
  });

  /** A session without a stream, whose call is lost together with the reply that rode on it. */
  async function riddenAway() {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const task = await agent.createTask();
    const message = await room.make(`/tasks/${task}/messages`, { text: "left" });
    await lost(agent, call(70, "getWorkspace", {}), 0);
    return { agent, message };
  }

  test("and was of a message that rode on it: a later call bears it, if the first is not asked again", async () => {
    const { agent, message } = await riddenAway();
    await sleep(2_500);
    const next = await agent.post(call(71, "getWorkspace", {}));
    assert.ok(next.text.includes("left") && next.text.includes(message.id), next.text);
  });

  test("and was of a message that rode on it: it is pushed on the stream that the session opens then", async () => {
    const { agent, message } = await riddenAway();
    const stream = await agent.open();
    await hearsOn(stream, message, 5_000).finally(() => agent.drop());
  });
});

test("a request that is cancelled after it was answered was not answered to its client: what stood in it comes again", async () => {
  const { room, token } = await settle(world);
  const agent = await connected(token);
  const task = await agent.createTask();
  const message = await room.make(`/tasks/${task}/messages`, { text: "left" });
  // The network swallows the answer; the client gives up after its time, as SDKs do.
  const proxy = await Proxy.to(world.server.port);
  const behind = new StreamableAgent(proxy.through(token.mcpUrl), { session: agent.session });
  proxy.freeze(["down"]);
  behind.post(call(70, "getWorkspace", {})).catch(() => {});
  await sleep(800);
  await agent.say("notifications/cancelled", { requestId: 70, reason: "Request timed out" });
  const next = await agent.post(call(71, "getWorkspace", {}));
  await proxy.close();
  assert.ok(next.text.includes(message.id), next.text);
});

describe("a second client of the same token that counts ids from 0", () => {
  test("is served its own answers, with sessions and without", async () => {
    for (const sessions of [true, false]) {
      const { room, token } = await settle(world);
      const make = () => (sessions ? connected(token) : new StreamableAgent(token.mcpUrl));
      const clients = [await make(), await make()];
      // The same call under the same id: two clients, two tasks, each its own.
      const made = [];
      for (const client of clients) {
        made.push(taskOf(await client.post(asks(0))));
        await sleep(100);
      }
      assert.equal(new Set(made).size, 2, `sessions: ${sessions}`);
      assert.equal((await tasksIn(room)).length, 2);
      // What only reads is never another's either.
      const read = await Promise.all(
        clients.map((client) => client.post(call(5, "getTaskMessages", { task_id: made[0] }))),
      );
      for (const { body } of read) assert.equal(body.result.structuredContent.task_id ?? made[0], made[0]);
    }
  });

  test("of another agent's name under that token is another agent", async () => {
    const { token } = await settle(world);
    const [one, two] = [await connected(token, { agent: "one" }), await connected(token, { agent: "two" })];
    const asked = call(9, "getWorkspace", {});
    const agents = [await one.post(asked), await two.post(asked)].map(
      ({ body }) => body.result.structuredContent.agent,
    );
    assert.deepEqual(agents, ["one", "two"]);
    // And one's session is none of the other's.
    two.session = one.session;
    assert.equal((await two.tool("getWorkspace")).agent, "two");
  });
});
