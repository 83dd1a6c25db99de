// Sessions of Streamable HTTP: there is none to lose, each is its token's alone, and two of one agent are told apart.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches, states } from "../lib/deliveries.mjs";
import { StreamableAgent, answerOn, heardOn, hearsOn, isReady, messagesOn } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const { keep } = world;
const client = (token, options) => keep(new StreamableAgent(token.mcpUrl, options));
const connected = async (token, options) => keep(await StreamableAgent.connect(token.mcpUrl, options));
const listening = async (token, options) => keep(await StreamableAgent.listen(token.mcpUrl, options));
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });
const ping = { jsonrpc: "2.0", id: 7, method: "ping" };

describe("a request that was never initialized", () => {
  test("is served without a session, and with any: lists, tools, reads, pings", async () => {
    const { token } = await settle(world);
    for (const session of [undefined, "of-another-server", "0ZRgCquBZ7R"]) {
      const agent = client(token, { session });
      assert.deepEqual(await agent.result("ping"), {});
      assert.ok((await agent.result("tools/list")).tools.length > 0);
      assert.ok((await agent.result("resources/list")).resources.length > 0);
      assert.equal((await agent.tool("getWorkspace")).agent, "laptop");
    }
  });

  test("may open the stream, which hears what is for its agent", async () => {
    const { room, token } = await settle(world);
    for (const session of [undefined, "of-another-server"]) {
      const agent = client(token, { session });
      const stream = await agent.open();
      await isReady(stream);
      const message = await reply(room, await agent.createTask(), "left");
      await hearsOn(stream, message);
      agent.drop();
    }
  });

  test("may wait for messages, and be answered", async () => {
    const { room, token } = await settle(world);
    const agent = client(token);
    const task = await agent.createTask();
    const call = await agent.wait();
    const message = await reply(room, task, "left");
    const { result } = await answerOn(call.stream, call.id);
    assert.equal(result.structuredContent.messages[0].message_id, message.id);
  });

  /** A client that has said only `initialize`, with its stream open, and a reply that waits for its agent. */
  async function beginning(pongs) {
    const { room, token } = await settle(world);
    const before = await connected(token);
    const task = await before.createTask();
    const message = await reply(room, task, "left");
    const agent = client(token, { pongs });
    await agent.initialize();
    const stream = await agent.open();
    await isReady(stream);
    await sleep(300);
    return { agent, stream, message };
  }

  test("of a session in which only initialize was said is told nothing until it says that it is ready", async () => {
    const { agent, stream, message } = await beginning(false);
    assert.deepEqual(heardOn(stream), []);
    await agent.say("notifications/initialized");
    await hearsOn(stream, message);
  });

  test("of such a session is not taken to be ready by a pong, which is the transport's word and not the model's", async () => {
    const { agent, stream, message } = await beginning(true);
    assert.deepEqual(heardOn(stream), []);
    await agent.say("notifications/initialized");
    await hearsOn(stream, message);
  });
});

describe("a session of another token", () => {
  /** Two tokens of one workspace, and the session of the first, with a task and a reply that it has not been given. */
  async function two() {
    const { room, token } = await settle(world);
    const owner = await listening(token);
    const task = await owner.createTask("Question: secret?");
    const thief = client(await room.make("/tokens", { label: "other" }), { session: owner.session });
    return { room, token, owner, task, thief };
  }

  test("is not spoken in: what is asked is asked by the token's own agent", async () => {
    const { room, owner, thief } = await two();
    assert.equal((await thief.tool("getWorkspace")).agent, "other");
    const mine = await thief.createTask("Question: whose?");
    const message = await reply(room, mine, "yours");
    await sleep(300);
    assert.deepEqual(heardOn(owner.stream), []);
    const [given] = (await thief.tool("waitForMessages", { timeout_seconds: 0 })).messages;
    assert.equal(given.message_id, message.id);
  });

  test("shows nothing of itself: neither its stream's events, nor its answers", async () => {
    const { room, owner, task, thief } = await two();
    const last = owner.stream.events.at(-1).id;
    const streams = [await thief.open(), await thief.open(last), await thief.open(`${last.split(".")[0]}.0`)];
    for (const stream of streams) {
      assert.equal(stream.status, 200);
      await isReady(stream);
    }
    const message = await reply(room, task, "between us");
    await hearsOn(owner.stream, message);
    await sleep(200);
    assert.deepEqual(messagesOn(...streams), []);
    assert.ok(!owner.stream.ended, "another token has ended the stream");
    // Nor what a call of it is answered, whose id is guessed.
    const { result } = (await owner.ask("tools/call", { name: "getTaskMessages", arguments: { task_id: task } })).body;
    assert.match(JSON.stringify(result), /between us/);
    const same = await thief.ask("tools/call", { name: "waitForMessages", arguments: { timeout_seconds: 0 } });
    assert.doesNotMatch(same.text, /between us/);
  });

  test("is not ended by it, nor are its calls cancelled and its pongs given", async () => {
    const { room, owner, task, thief } = await two();
    const dashboard = keep(await room.watch());
    const call = await owner.wait();
    await thief.say("notifications/cancelled", { requestId: call.id });
    await thief.end();
    const message = await reply(room, task, "still here?");
    const { result } = await answerOn(call.stream, call.id);
    assert.equal(result.structuredContent.messages[0].message_id, message.id);
    owner.pongs = false;
    const next = await reply(room, task, "and now?");
    await hearsOn(owner.stream, next);
    const { json } = await owner.stream.until(
      (event) => event.json?.method === "ping" && event !== owner.stream.events[1],
    );
    await thief.pong(json.id);
    await sleep(300);
    assert.deepEqual(states(dashboard, next.id), ["queued", "sent"]);
    assert.deepEqual(await owner.result("ping"), {});
  });
});

describe("two sessions of one agent", () => {
  test("that both count ids from 0 are each served their own answers", async () => {
    const { token } = await settle(world);
    const [one, two] = [await connected(token), await connected(token)];
    for (const round of ["a", "b", "c"]) {
      const [first, second] = await Promise.all([
        one.ask("tools/call", { name: "createTask", arguments: { title: `one ${round}`, assignee: "human" } }),
        two.ask("tools/call", { name: "createTask", arguments: { title: `two ${round}`, assignee: "human" } }),
      ]);
      assert.equal(first.id, second.id);
      const tasks = [first, second].map(({ body }) => body.result.structuredContent.task_id);
      assert.equal(new Set(tasks).size, 2);
    }
  });

  test("are each told of their own tasks, each message once", async () => {
    const { room, token } = await settle(world);
    const agents = [await listening(token), await listening(token)];
    const sent = [[], []];
    const tasks = [];
    for (const [i, agent] of agents.entries()) tasks.push(await agent.createTask(`Question: ${i}?`));
    for (const round of [1, 2, 3]) for (const i of [0, 1]) sent[i].push((await reply(room, tasks[i], `${round}`)).id);
    for (const i of [0, 1]) await hearsOn(agents[i].stream, { id: sent[i].at(-1) });
    for (const i of [0, 1]) assert.deepEqual(messagesOn(agents[i].stream), sent[i]);
  });

  test("of which one begins while the other listens: that one is not told again what it has received", async () => {
    const { room, token } = await settle(world);
    const [one, dashboard] = [await listening(token), keep(await room.watch())];
    const message = await reply(room, await one.createTask(), "left");
    await reaches(dashboard, message.id, "received");
    const two = await connected(token);
    await sleep(300);
    assert.deepEqual(messagesOn(one.stream), [message.id]);
    // The new model is owed it, once, and told that it is not the first.
    const stream = await two.open();
    const { json } = await hearsOn(stream, message);
    assert.equal(json.params.meta.redelivered, "true");
    await sleep(200);
    assert.deepEqual(messagesOn(one.stream, stream), [message.id, message.id]);
  });

  test("of which one is ended: the other hears what was meant for it", async () => {
    const { room, token } = await settle(world);
    const [one, two] = [await listening(token), await listening(token)];
    const task = await one.createTask();
    await one.end();
    const message = await reply(room, task, "left");
    await hearsOn(two.stream, message);
    assert.deepEqual(messagesOn(one.stream, two.stream), [message.id]);
  });
});

describe("a session that its client ends", () => {
  test("takes its streams and waiting calls with it, and nothing that waited is lost", async () => {
    const { room, token } = await settle(world);
    const agent = await listening(token);
    const task = await agent.createTask();
    const call = await agent.wait();
    await agent.end();
    await Promise.all([agent.stream.done, call.stream.done]);
    const message = await reply(room, task, "left");
    const next = await listening(token);
    await hearsOn(next.stream, message);
    assert.deepEqual(messagesOn(next.stream), [message.id]);
  });

  test("is not taken up by the last event of its streams", async () => {
    const { token } = await settle(world);
    const agent = await listening(token);
    const last = agent.stream.events.at(-1).id;
    await agent.end();
    assert.equal((await agent.open(last)).status, 404);
  });
});

test("a session whose token is revoked ends at once: its streams, its waiting calls and its requests", async () => {
  const { room, token } = await settle(world);
  const agent = await listening(token);
  const call = await agent.wait();
  await room.remove(`/tokens/${token.id}`);
  await Promise.race([Promise.all([agent.stream.done, call.stream.done]), sleep(3_000)]);
  assert.deepEqual([agent.stream.ended, call.stream.ended], [true, true]);
  const refused = await agent.post(ping);
  assert.deepEqual([refused.status, refused.body.code], [401, "token_revoked"]);
  for (const last of [undefined, agent.stream.events.at(-1).id]) assert.equal((await agent.open(last)).status, 401);
  assert.equal((await agent.end()).status, 401);
});

describe("a session over a restart", () => {
  test("is the same after a stop and after a crash: requests, notifications, stream and what waited", async () => {
    const { room, token } = await settle(world);
    const agent = await listening(token);
    const task = await agent.createTask();
    const ended = await connected(token);
    await ended.end();
    let last = agent.stream.events.at(-1).id;
    for (const stop of ["stop", "kill"]) {
      await world.server[stop]();
      await world.restart();
      assert.deepEqual((await agent.post(ping)).body?.result, {}, stop);
      await agent.say("notifications/initialized");
      const message = await reply(room, task, `after ${stop}`);
      const stream = await agent.open(last);
      assert.equal(stream.status, 200, stream.refusal);
      await hearsOn(stream, message);
      last = stream.events.at(-1).id;
      assert.deepEqual(messagesOn(stream), [message.id]);
      // Ended stays ended.
      assert.equal((await ended.post(ping)).status, 404);
    }
  });
});
