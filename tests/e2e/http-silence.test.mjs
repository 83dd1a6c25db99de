// Streamable HTTP over a time in which nothing happens: what keeps streams open, what finds dead ones out, and what lets the object sleep.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches, told } from "../lib/deliveries.mjs";
import { Proxy } from "../lib/proxy.mjs";
import { StreamableAgent, answerOn, heardOn, hearsOn, isReady, messagesOn } from "../lib/streamable.mjs";
import { instance } from "../lib/faults.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld({ build: "faults" });
const { keep } = world;
const connected = async ({ mcpUrl }, options) => keep(await StreamableAgent.connect(mcpUrl, options));
/** The same client over another connection: those that it had are dead, and only it does not know. */
const elsewhere = (token, { session }) => keep(new StreamableAgent(token.mcpUrl, { session, firstId: 100 }));
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });
const opened = async (agent) => {
  const stream = await agent.open();
  assert.equal(stream.status, 200, stream.refusal);
  await isReady(stream);
  return stream;
};
/** A workspace with a client that listens, and a dashboard that watches. */
async function idle() {
  const { room, token, workspace } = await settle(world);
  const [dashboard, agent] = [keep(await room.watch()), await connected(token)];
  const stream = await opened(agent);
  const task = await agent.createTask();
  return { workspace, dashboard, agent, stream, reply: (text) => reply(room, task, text) };
}

// Side by side: each of them waits most of its time.
describe("over a long silence", { concurrency: 8 }, () => {
  test("every stream gets a comment after 25 s, and no event that a client would see", async () => {
    const { token } = await settle(world);
    const [agent, old] = [await connected(token), await connected(token, { version: "2025-03-26" })];
    const streams = [await agent.open(), (await agent.wait()).stream, await old.open(), (await old.wait()).stream];
    await Promise.all([isReady(streams[0]), isReady(streams[2])]);
    await sleep(300);
    const before = streams.map(({ comments, events }) => ({ comments, events: events.length }));
    await sleep(26_000);
    for (const [i, stream] of streams.entries()) {
      assert.equal(stream.comments - before[i].comments, 1, `stream ${i}`);
      assert.equal(stream.events.length, before[i].events, `stream ${i}`);
      assert.ok(!stream.ended, `stream ${i}`);
    }
  });

  /** A client that keeps its first pong back for longer than a client may take. */
  async function slow() {
    const { room, token } = await settle(world);
    const agent = await connected(token, { pongs: false });
    const stream = await agent.open();
    const ping = await isReady(stream);
    const task = await agent.createTask();
    await sleep(11_500);
    assert.ok(!stream.ended, "a client that is slow or has no pongs keeps its stream");
    return { room, agent, stream, ping, task };
  }

  test("a stream whose first ping nobody answered stays open, and is trusted with nothing", async () => {
    const { room, agent, stream, task } = await slow();
    await room.make(`/tasks/${task}/messages`, { text: "left" });
    await sleep(300);
    assert.deepEqual(heardOn(stream), []);
    // It waits for the next thing that the client asks.
    const { content } = await agent.result("tools/call", { name: "getWorkspace", arguments: {} });
    assert.match(content[0].text, /left/);
  });

  test("a stream whose client answers late hears what waited", async () => {
    const { room, agent, stream, ping, task } = await slow();
    const message = await room.make(`/tasks/${task}/messages`, { text: "left" });
    agent.pongs = true;
    await agent.pong(ping.json.id);
    await hearsOn(stream, message, 5_000);
  });

  test("a half-open stream gives up what was pushed there without a pong: it is pushed again elsewhere", async () => {
    const { room, token } = await settle(world);
    const proxy = keep(await Proxy.to(world.server.port));
    const [agent, dashboard] = [await connected({ mcpUrl: proxy.through(token.mcpUrl) }), keep(await room.watch())];
    const dead = await opened(agent);
    const task = await agent.createTask();
    const first = await reply(room, task, "heard");
    await reaches(dashboard, first.id, "received");
    proxy.freeze();
    const message = await reply(room, task, "into the void");
    await reaches(dashboard, message.id, "sent");
    // Another session of the agent, which is there all the time.
    const other = await connected(token);
    const stream = await opened(other);
    await hearsOn(stream, message, 14_000);
    await reaches(dashboard, message.id, "received");
    assert.ok(!messagesOn(dead).includes(message.id));
    assert.equal(messagesOn(stream).filter((id) => id === message.id).length, 1);
    assert.ok(!messagesOn(stream).includes(first.id) || heardOn(stream).some(({ meta }) => meta.redelivered));
  });

  test("a half-open stream is ended, and what waits stays queued where nobody else listens", async () => {
    const { room, token } = await settle(world);
    const proxy = keep(await Proxy.to(world.server.port));
    const [agent, dashboard] = [await connected({ mcpUrl: proxy.through(token.mcpUrl) }), keep(await room.watch())];
    await opened(agent);
    const task = await agent.createTask();
    proxy.freeze();
    const message = await reply(room, task, "into the void");
    await reaches(dashboard, message.id, "sent");
    await dashboard.until(
      () => told(dashboard, message.id).filter(({ state }) => state === "queued").length > 1,
      14_000,
    );
    const stream = await opened(elsewhere(token, agent));
    await hearsOn(stream, message);
    await reaches(dashboard, message.id, "received");
  });

  test("an object that is evicted wakes with the next event, for the stream, the call that waits and the session", async () => {
    const [here, other] = [await idle(), await idle()];
    const call = await other.agent.wait();
    const was = [await instance(world, here.workspace), await instance(world, other.workspace)];
    // The first ping sets an alarm, which comes though its pong did. Asking which instance it is would wake it: so nothing is asked, for longer than an idle object lives.
    await sleep(24_000);
    assert.ok(!here.stream.ended && !call.stream.ended);
    const message = await here.reply("good morning");
    await hearsOn(here.stream, message);
    await reaches(here.dashboard, message.id, "received");
    const waited = await other.reply("good morning");
    const { result } = await answerOn(call.stream, call.id);
    assert.equal(result.structuredContent.messages[0].message_id, waited.id);
    const is = [await instance(world, here.workspace), await instance(world, other.workspace)];
    for (const i of [0, 1]) assert.notEqual(is[i], was[i], "the object was not evicted: this test shows nothing");
    assert.deepEqual(await here.agent.result("ping"), {});
    assert.deepEqual(messagesOn(here.stream), [message.id]);
  });
});
