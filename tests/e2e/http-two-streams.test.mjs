// One session on several streams, half-open ones among them: each message on exactly one, and on one that is read.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches } from "../lib/deliveries.mjs";
import { Proxy } from "../lib/proxy.mjs";
import { StreamableAgent, answerOn, heardOn, hearsOn, isReady, messagesOn } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const { keep } = world;
const connected = async (url, options) => keep(await StreamableAgent.connect(url, options));
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });
/** The same client over another connection: those that it had are dead, and only it does not know. */
const elsewhere = (token, { session }) => keep(new StreamableAgent(token.mcpUrl, { session, firstId: 100 }));
const opened = async (agent, last) => {
  const stream = await agent.open(last);
  assert.equal(stream.status, 200, stream.refusal);
  await isReady(stream);
  return stream;
};

describe("one session on two streams", () => {
  test("gets each message on exactly one of them", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token.mcpUrl);
    const streams = [await opened(agent), await opened(agent)];
    const task = await agent.createTask();
    const sent = [];
    for (let i = 0; i < 10; i++) sent.push((await reply(room, task, `${i}`)).id);
    await Promise.any(streams.map((stream) => hearsOn(stream, { id: sent.at(-1) })));
    await sleep(200);
    assert.deepEqual(messagesOn(...streams).toSorted(), sent.toSorted());
  });

  test("is told of a change of its tools on exactly one of them", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token.mcpUrl);
    const streams = [await opened(agent), await opened(agent)];
    await room.change(`/tokens/${token.id}`, { scopes: ["ask"] });
    const isNews = ({ json }) => json?.method === "notifications/tools/list_changed";
    await Promise.any(streams.map((stream) => stream.until(isNews)));
    await sleep(200);
    assert.equal(streams.flatMap(({ events }) => events).filter(isNews).length, 1);
  });

  test("goes on with one when the other is closed, and nothing is lost or doubled", async () => {
    const { room, token } = await settle(world);
    const dashboard = keep(await room.watch());
    const agent = await connected(token.mcpUrl);
    const streams = [await opened(agent), await opened(agent)];
    const task = await agent.createTask();
    const sent = [(await reply(room, task, "one")).id];
    // What is not known to have arrived when its stream is closed comes once more, marked.
    await reaches(dashboard, sent[0], "received");
    streams.find((stream) => heardOn(stream).length).close();
    const left = streams.find((stream) => !heardOn(stream).length);
    sent.push((await reply(room, task, "two")).id);
    await hearsOn(left, { id: sent[1] }, 12_000);
    assert.deepEqual(messagesOn(...streams).toSorted(), sent);
  });

  test("is told on the newer one at once though the older one is half-open", async () => {
    const { room, token } = await settle(world);
    const proxy = keep(await Proxy.to(world.server.port));
    const agent = await connected(proxy.through(token.mcpUrl));
    await opened(agent);
    const task = await agent.createTask();
    proxy.freeze();
    const newer = await opened(elsewhere(token, agent));
    const message = await reply(room, task, "left");
    // Sooner than a dead stream is found out by the pong that it owes.
    await hearsOn(newer, message, 4_000);
  });

  test("of two tokens' agents are told apart though both count streams and ids alike", async () => {
    const { room, token } = await settle(world);
    const other = await room.make("/tokens", { label: "desktop" });
    const agents = [await connected(token.mcpUrl), await connected(other.mcpUrl)];
    const streams = [await opened(agents[0]), await opened(agents[1])];
    const tasks = [await agents[0].createTask("Question: a?"), await agents[1].createTask("Question: b?")];
    for (const i of [1, 0]) await hearsOn(streams[i], await reply(room, tasks[i], `${i}`));
    assert.deepEqual(
      streams.map((stream) => heardOn(stream).map(({ meta }) => meta.chat_id)),
      [[tasks[0]], [tasks[1]]],
    );
  });
});

test("a token that holds too many streams is told so with 429, and may open one again once another is closed", async () => {
  const { token } = await settle(world);
  const agent = await connected(token.mcpUrl);
  const streams = await Promise.all(Array.from({ length: 64 }, () => agent.open()));
  assert.ok(streams.every(({ status }) => status === 200));
  const refused = await agent.open();
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  // Calls that need no stream are served as before.
  assert.deepEqual(await agent.result("ping"), {});
  await agent.end();
  await Promise.all(streams.map(({ done }) => done));
  await agent.initialize();
  await opened(agent);
});

describe("a half-open stream", () => {
  test("of a client that comes back by the last event it got hears at once what it missed, once", async () => {
    const { room, token } = await settle(world);
    const proxy = keep(await Proxy.to(world.server.port));
    const agent = await connected(proxy.through(token.mcpUrl));
    const dead = await opened(agent);
    const task = await agent.createTask();
    const first = await reply(room, task, "heard");
    await hearsOn(dead, first);
    await sleep(100);
    proxy.freeze();
    const missed = await reply(room, task, "into the void");
    const stream = await elsewhere(token, agent).open(dead.events.at(-1).id);
    await hearsOn(stream, missed, 4_000);
    const next = await reply(room, task, "and on");
    await hearsOn(stream, next);
    await sleep(200);
    assert.deepEqual(messagesOn(dead, stream), [first.id, missed.id, next.id]);
  });
});

describe("calls at the same time", () => {
  test("are each answered in their own response", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token.mcpUrl);
    await opened(agent);
    const titles = Array.from({ length: 20 }, (_, i) => `Question: ${i}?`);
    const answers = await Promise.all(
      titles.map((title) => agent.ask("tools/call", { name: "createTask", arguments: { title, assignee: "human" } })),
    );
    for (const { id, body } of answers) assert.equal(body.id, id);
    const { tasks } = await room.get("/tasks");
    assert.deepEqual(tasks.map(({ title }) => title).toSorted(), titles.toSorted());
  });

  test("go on while one waits, which is answered on its own stream", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token.mcpUrl);
    const task = await agent.createTask();
    const call = await agent.wait();
    const others = await Promise.all([1, 2, 3].map(() => agent.ask("ping")));
    for (const { status, body } of others) assert.deepEqual([status, body.result], [200, {}]);
    assert.equal((await agent.tool("getWorkspace")).name, "Test");
    assert.ok(!call.stream.ended);
    const message = await reply(room, task, "left");
    const { result } = await answerOn(call.stream, call.id);
    assert.equal(result.structuredContent.messages[0].message_id, message.id);
  });
});
