// Clients that lose their stream and go on without a word: no `initialize`, no session, nothing but the same URL again.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "../lib/agent.mjs";
import { reaches } from "../lib/deliveries.mjs";
import { Proxy } from "../lib/proxy.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const opened = async (made) => world.keep(await made);

const connected = (token, options) => opened(RawAgent.connect(token.mcpUrl, options));
const silent = (token, options) => opened(RawAgent.open(token.mcpUrl, options));
const createTask = async (agent) =>
  (await agent.tool("createTask", { title: "Question: how?", assignee: "human" })).structuredContent.task_id;

describe("a client that reconnects in silence", () => {
  test("is answered though it never says initialize, and hears what is pushed", async () => {
    const { room, token } = await settle(world);
    const first = await connected(token);
    const task = await createTask(first);
    first.drop();
    const again = await silent(token, { firstId: 20 });
    assert.equal((await again.tool("getWorkspace")).structuredContent.agent, "laptop");
    const message = await room.make(`/tasks/${task}/messages`, { text: "like this" });
    await again.hears(({ meta }) => meta.message_id === message.id);
  });

  test("gets what waited though it says nothing: it is asked, and answers", async () => {
    const { room, token } = await settle(world);
    const stream = await opened(room.watch());
    const first = await connected(token);
    const task = await createTask(first);
    first.drop();
    const message = await room.make(`/tasks/${task}/messages`, { text: "while you were away" });
    await reaches(stream, message.id, "queued");
    const again = await silent(token, { firstId: 20 });
    await again.hears(({ meta }) => meta.message_id === message.id, 6_000);
    await reaches(stream, message.id, "received");
  });

  test("gets nothing as long as it does not answer: it may be a new client that has yet to begin", async () => {
    const { room, token } = await settle(world);
    const first = await connected(token);
    const task = await createTask(first);
    first.drop();
    await room.make(`/tasks/${task}/messages`, { text: "for one that listens" });
    const again = await silent(token, { pongs: false });
    await again.stream.until(({ json }) => json?.method === "ping", 6_000);
    assert.deepEqual(again.heard, []);
    await again.initialize();
    await again.stream.until(({ json }) => json?.method === "notifications/claude/channel");
  });

  test("is not taken for another model: what it received before is not pushed again", async () => {
    const { room, token } = await settle(world);
    const stream = await opened(room.watch());
    const first = await connected(token);
    const task = await createTask(first);
    const message = await room.make(`/tasks/${task}/messages`, { text: "once" });
    await reaches(stream, message.id, "received");
    first.drop();
    const again = await silent(token, { firstId: 20 });
    await again.tool("getWorkspace");
    const next = await room.make(`/tasks/${task}/messages`, { text: "two" });
    await again.hears(({ meta }) => meta.message_id === next.id);
    assert.equal(again.heard.length, 1);
  });
});

describe("an answer held for a cut connection", () => {
  const endings = {
    "closed without a word": (agent) => agent.drop(),
    "cut by the network": (_, proxy) => proxy.cut(),
  };
  for (const [how, end] of Object.entries(endings)) {
    test(`${how} arrives on the token's next stream`, async (t) => {
      const { token } = await settle(world);
      const proxy = await Proxy.to(world.server.port);
      t.after(() => proxy.close());
      const first = await RawAgent.connect(proxy.through(token.mcpUrl), { firstId: 5 });
      end(first, proxy);
      await sleep(100);
      // It has not noticed yet and posts where it used to; the second call meets a connection that is known to be gone.
      const [one, two] = [await first.askTool("getWorkspace"), await first.askTool("getNextTask")];
      const again = await silent(token, { firstId: 20 });
      assert.equal((await again.answerTo(one)).result.structuredContent.name, "Test");
      assert.equal((await again.answerTo(two)).result.structuredContent.task, null);
    });
  }

  test("arrives also when that stream was opened before the old one was known to be lost", async () => {
    const { token } = await settle(world);
    const first = await connected(token, { firstId: 5 });
    first.drop();
    const again = await silent(token, { firstId: 20 });
    await again.tool("getWorkspace");
    // A call that was on its way to the old address all the time.
    const late = await first.askTool("getNextTask");
    assert.equal((await again.answerTo(late)).result.structuredContent.task, null);
  });

  test("does not arrive on a stream that initializes anew, whatever else is answered there", async () => {
    const { token } = await settle(world);
    const first = await connected(token, { firstId: 50 });
    first.drop();
    await sleep(100);
    const lost = await first.askTool("getWorkspace");
    const fresh = await connected(token);
    await fresh.tool("getNextTask");
    await sleep(300);
    assert.ok(!fresh.answered.includes(lost), `answers: ${fresh.answered}`);
    assert.deepEqual(fresh.answered, [0, 1]);
  });

  test("does not arrive on another token's stream", async () => {
    const { room, token } = await settle(world);
    const other = await room.make("/tokens", { label: "laptop" });
    const first = await connected(token, { firstId: 50 });
    first.drop();
    await sleep(100);
    const lost = await first.askTool("getWorkspace");
    const stranger = await silent(other, { firstId: 90 });
    await stranger.tool("getNextTask");
    await sleep(300);
    assert.ok(!stranger.answered.includes(lost));
  });

  test("a call that waits goes on on the next stream", async () => {
    const { room, token } = await settle(world);
    const first = await connected(token);
    const task = await createTask(first);
    const waiting = await first.askTool("waitForMessages");
    first.drop();
    const again = await silent(token, { firstId: 20 });
    await again.tool("getWorkspace");
    const message = await room.make(`/tasks/${task}/messages`, { text: "here" });
    const { result } = await again.answerTo(waiting);
    assert.deepEqual(
      result.structuredContent.messages.map((item) => item.message_id),
      [message.id],
    );
  });
});

test("what stands in an answer that comes late is not pushed besides", async () => {
  const { room, token } = await settle(world);
  const stream = await opened(room.watch());
  const first = await connected(token);
  const task = await createTask(first);
  const waiting = await first.askTool("waitForMessages");
  first.drop();
  // Nobody knows yet that the stream is lost: the reply answers the call there.
  const message = await room.make(`/tasks/${task}/messages`, { text: "into the void" });
  await reaches(stream, message.id, "queued");
  const again = await silent(token, { firstId: 20 });
  await again.tool("getWorkspace");
  const { result } = await again.answerTo(waiting);
  assert.deepEqual(
    result.structuredContent.messages.map((item) => item.message_id),
    [message.id],
  );
  await reaches(stream, message.id, "received");
  const next = await room.make(`/tasks/${task}/messages`, { text: "and this is pushed" });
  await again.hears(({ meta }) => meta.message_id === next.id);
  assert.equal(again.heard.length, 1);
});

test("an answer that arrived is not sent again after a later break", async () => {
  const { token } = await settle(world);
  const first = await connected(token);
  for (let i = 0; i < 5; i++) await first.tool("getWorkspace");
  await sleep(600);
  await first.tool("getNextTask");
  first.drop();
  const again = await silent(token, { firstId: 20 });
  await again.tool("getWorkspace");
  // Only of the last one before the break nobody can know.
  assert.ok(again.answered.length <= 2, `answers: ${again.answered}`);
  assert.equal(again.answered.at(-1), 20);
});

test("a restart of the server: the SDK's client goes on by itself, and what waited reaches it", async () => {
  const { room, token } = await settle(world);
  const agent = await opened(Agent.connect(token.mcpUrl));
  const { task_id: task } = await agent.call("createTask", { title: "Approve: restart?", assignee: "human" });
  for (const stop of ["stop", "kill"]) {
    await world.server[stop]();
    await world.restart();
    const message = await room.make(`/tasks/${task}/messages`, { text: `after ${stop}` });
    // The SDK's EventSource comes back after 3 s, and is asked after 2 s more whether it listens.
    await agent.hears(({ meta }) => meta.message_id === message.id, 20_000);
    assert.equal((await agent.call("getWorkspace")).name, "Test");
    await agent.call("reply", { chat_id: task, text: "on it", in_reply_to: message.id });
    assert.equal(agent.heard.filter(({ meta }) => meta.message_id === message.id).length, 1);
  }
});
