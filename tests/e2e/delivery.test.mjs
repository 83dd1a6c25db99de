// From a person's answer to the agent's model: by which route, in which order, how often, and what people see of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "../lib/agent.mjs";
import { reaches, states, told } from "../lib/deliveries.mjs";
import { Proxy } from "../lib/proxy.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const opened = async (made) => world.keep(await made);

const agentIn = (token, options) => opened(Agent.connect(token.mcpUrl, options));
const rawIn = (token, options) => opened(RawAgent.connect(token.mcpUrl, options));
const silentIn = (token, options) => opened(RawAgent.open(token.mcpUrl, options));
const watching = (room) => opened(room.watch());
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });
const asks = (agent, title = "Question: which way?") => agent.call("createTask", { title, assignee: "human" });
const about = (message) => (item) => item.meta.message_id === message.id;
const deliveryOf = async (room, task, message) =>
  (await room.get(`/tasks/${task}/messages`)).deliveries.find(({ id }) => id === message.id);
const textOf = (result) => result.content.map((block) => block.text);

describe("a reply written while no agent is connected", () => {
  test("waits, and is pushed to the agent's next session", async () => {
    const { room, token } = await settle(world);
    const agent = await agentIn(token);
    const { task_id: task } = await asks(agent);
    await agent.close();
    const stream = await watching(room);
    const first = await reply(room, task, "left");
    // Whether the closed stream was noticed or not: in the end it is queued.
    await reaches(stream, first.id, "queued");
    const second = await reply(room, task, "then right");
    const next = await agentIn(token);
    assert.match((await next.hears(about(first))).content, /^\[Response to task \w{11}\]\n\nleft$/);
    assert.match((await next.hears(about(second))).content, /then right$/);
    await reaches(stream, second.id, "received");
    assert.equal(next.heard.length, 2);
  });
});

describe("a reply to an agent that listens", () => {
  test("is queued, sent and received on the dashboard, and seen once the agent names it", async () => {
    const { room, token } = await settle(world);
    const [agent, stream] = [await agentIn(token), await watching(room)];
    const { task_id: task } = await asks(agent);
    const message = await reply(room, task, "yes");
    await agent.hears(about(message));
    const received = await reaches(stream, message.id, "received");
    assert.deepEqual(states(stream, message.id), ["queued", "sent", "received"]);
    assert.equal(received.route, "channel");
    assert.ok(received.queuedAt <= received.sentAt && received.sentAt <= received.receivedAt);
    await agent.call("reply", { chat_id: task, text: "thanks", in_reply_to: message.id });
    const seen = await reaches(stream, message.id, "seen");
    assert.ok(seen.seenAt);
    assert.equal(seen.copies, 1);
  });

  test("is sent but not received as long as the client does not pong", async () => {
    const { room, token } = await settle(world);
    const [agent, stream] = [await rawIn(token, { pongs: false }), await watching(room)];
    const task = (await agent.tool("createTask", { title: "Review: x", assignee: "human" })).structuredContent.task_id;
    const message = await reply(room, task, "fine");
    await agent.hears(about(message));
    await agent.stream.until(({ json }) => json?.method === "ping");
    await sleep(300);
    assert.deepEqual(states(stream, message.id), ["queued", "sent"]);
    await agent.pong(agent.pings.at(-1));
    await reaches(stream, message.id, "received");
  });

  test("is pushed once on one live stream, whatever follows", async () => {
    const { room, token } = await settle(world);
    const [agent, stream] = [await agentIn(token), await watching(room)];
    const { task_id: task } = await asks(agent);
    const first = await reply(room, task, "one");
    await reaches(stream, first.id, "received");
    await agent.call("getWorkspace");
    const second = await reply(room, task, "two");
    await agent.hears(about(second));
    await agent.call("createTask", { title: "another" });
    await reaches(stream, second.id, "received");
    assert.deepEqual(
      agent.heard.map(({ meta }) => meta.message_id),
      [first.id, second.id],
    );
  });
});

describe("what waits rides on the next tool result", () => {
  /** An agent that lost its stream, with a task of its own. */
  async function away(token) {
    const before = await rawIn(token);
    const task = (await before.tool("createTask", { title: "Approve: it", assignee: "human" })).structuredContent
      .task_id;
    before.drop();
    return task;
  }

  test("whole and first if the agent has not received it, and not pushed besides", async () => {
    const { room, token } = await settle(world);
    const task = await away(token);
    const message = await reply(room, task, "go ahead");
    const agent = await silentIn(token, { pongs: false, firstId: 50 });
    const result = await agent.tool("getWorkspace");
    assert.match(textOf(result)[0], /^\[Response to task \w{11}\]\n\ngo ahead\n/);
    assert.ok(textOf(result)[0].includes(message.id));
    assert.equal(result.structuredContent.name, "Test");
    assert.equal((await deliveryOf(room, task, message)).route, "result");
    assert.deepEqual(agent.heard, []);
  });

  test("is seen only after the pong and one more call", async () => {
    const { room, token } = await settle(world);
    const task = await away(token);
    const message = await reply(room, task, "go ahead");
    const agent = await silentIn(token, { pongs: false, firstId: 50 });
    const state = async () => (await deliveryOf(room, task, message)).state;
    await agent.tool("getWorkspace");
    await agent.stream.until(({ json }) => json?.method === "ping");
    assert.equal(await state(), "sent");
    await agent.tool("getWorkspace");
    assert.equal(await state(), "sent");
    await agent.pong(agent.pings.at(-1));
    assert.equal(await state(), "received");
    const result = await agent.tool("getWorkspace");
    assert.equal(await state(), "seen");
    assert.equal(textOf(result).length, 1);
  });

  test("by one line if it was pushed, and once", async () => {
    const { room, token } = await settle(world);
    const [agent, stream] = [await agentIn(token), await watching(room)];
    const { task_id: task } = await asks(agent);
    const message = await reply(room, task, "a".repeat(2_000));
    await reaches(stream, message.id, "received");
    const [line, ...rest] = textOf(await agent.try("getWorkspace"));
    assert.equal(line, `${message.id} for task ${task} was pushed; if you have not seen it, call getTaskMessages.`);
    assert.equal(rest.length, 1);
    assert.equal((await deliveryOf(room, task, message)).state, "received");
    assert.equal(textOf(await agent.try("getWorkspace")).length, 1);
    assert.equal((await deliveryOf(room, task, message)).state, "seen");
  });

  test("also on the result of a call that failed", async () => {
    const { room, token } = await settle(world);
    const task = await away(token);
    await reply(room, task, "go ahead");
    const agent = await silentIn(token, { firstId: 50 });
    const result = await agent.tool("updateTaskStatus", { task_id: 999, status: "ongoing" });
    assert.equal(result.isError, true);
    assert.match(textOf(result)[0], /go ahead/);
  });

  test("up to 20 KB, the rest by id", async () => {
    const { room, token } = await settle(world);
    const task = await away(token);
    for (const letter of "abc") await reply(room, task, letter.repeat(9_000));
    const agent = await silentIn(token, { firstId: 50 });
    const items = textOf(await agent.tool("getWorkspace")).slice(0, -1);
    assert.deepEqual(
      items.map((text) => /a{9000}|b{9000}|c{9000}|too long for here/.exec(text)?.[0][0]),
      ["a", "b", "t"],
    );
    assert.ok(items.join("").length <= 20 * 1024);
  });

  test("getTaskMessages shows it, and then it does not ride as well", async () => {
    const { room, token } = await settle(world);
    const task = await away(token);
    const message = await reply(room, task, "go ahead");
    const agent = await silentIn(token, { firstId: 50 });
    const result = await agent.tool("getTaskMessages", { task_id: task });
    assert.equal(textOf(result).length, 1);
    assert.deepEqual(
      result.structuredContent.messages.map(({ text }) => text),
      ["", "go ahead"],
    );
    assert.equal((await deliveryOf(room, task, message)).route, "result");
  });
});

describe("a reply that a session received and never acted on", () => {
  test("is pushed once more to the next initialized session, marked, and to none after it", async () => {
    const { room, token } = await settle(world);
    const stream = await watching(room);
    const first = await agentIn(token);
    const { task_id: task } = await asks(first);
    const message = await reply(room, task, "hello?");
    assert.equal((await first.hears(about(message))).meta.redelivered, undefined);
    await reaches(stream, message.id, "received");
    await first.close();

    const second = await agentIn(token);
    assert.equal((await second.hears(about(message))).meta.redelivered, "true");
    await stream.until(() => told(stream, message.id).filter(({ state }) => state === "received").length >= 2);
    await second.close();

    const third = await agentIn(token);
    const last = await reply(room, task, "last");
    await third.hears(about(last));
    assert.deepEqual(
      third.heard.map(({ meta }) => meta.message_id),
      [last.id],
    );
    assert.equal((await deliveryOf(room, task, message)).copies, 2);
  });

  test("is not pushed again to a session that only reconnected", async () => {
    const { room, token } = await settle(world);
    const stream = await watching(room);
    const first = await rawIn(token);
    const task = (await first.tool("createTask", { title: "Review: x", assignee: "human" })).structuredContent.task_id;
    const message = await reply(room, task, "once");
    await reaches(stream, message.id, "received");
    first.drop();
    const again = await silentIn(token, { firstId: 50 });
    await again.tool("getWorkspace");
    const last = await reply(room, task, "last");
    await again.hears(about(last));
    assert.deepEqual(
      again.heard.map(({ meta }) => meta.message_id),
      [last.id],
    );
  });
});

describe("waitForMessages", () => {
  test("returns at once what waits, and its cursor acknowledges it", async () => {
    const { room, token } = await settle(world);
    const [agent, stream] = [await agentIn(token), await watching(room)];
    const { task_id: task } = await asks(agent);
    const message = await reply(room, task, "here");
    await reaches(stream, message.id, "received");
    const begun = performance.now();
    const { messages, cursor } = await agent.call("waitForMessages", {});
    assert.ok(performance.now() - begun < 5_000);
    assert.deepEqual(
      messages.map((item) => [item.message_id, item.chat_id]),
      [[message.id, task]],
    );
    assert.match(messages[0].text, /here$/);
    assert.equal(messages[0].redelivered, "true", "it was pushed before, and does not say so");
    assert.notEqual((await deliveryOf(room, task, message)).state, "seen");
    assert.deepEqual((await agent.call("waitForMessages", { cursor, timeout_seconds: 0 })).messages, []);
    assert.equal((await deliveryOf(room, task, message)).state, "seen");
  });

  test("waits for a reply, which answers it and is not pushed besides; its client hears progress meanwhile", async () => {
    const { room, token } = await settle(world);
    const [agent, stream] = [await agentIn(token), await watching(room)];
    const { task_id: task } = await asks(agent);
    const progress = [];
    let progressed;
    const some = new Promise((resolve) => (progressed = resolve));
    const waiting = agent.call(
      "waitForMessages",
      {},
      {
        onprogress: (step) => {
          progress.push(step.progress);
          progressed();
        },
      },
    );
    await some;
    const message = await reply(room, task, "at last");
    const { messages } = await waiting;
    assert.deepEqual(
      messages.map((item) => item.message_id),
      [message.id],
    );
    assert.equal((await reaches(stream, message.id, "received")).route, "wait");
    assert.equal(progress[0], 1);
    assert.deepEqual(agent.heard, []);
  });

  test("sends no progress to a client that asked for none", async () => {
    const { token } = await settle(world);
    const agent = await rawIn(token);
    const id = await agent.askTool("waitForMessages", { timeout_seconds: 1 });
    await agent.answerTo(id);
    assert.ok(!agent.stream.events.some(({ json }) => json?.method === "notifications/progress"));
  });

  test("is empty after timeout_seconds", async () => {
    const { token } = await settle(world);
    const agent = await agentIn(token);
    const begun = performance.now();
    assert.deepEqual(await agent.call("waitForMessages", { timeout_seconds: 1 }), { messages: [], cursor: null });
    assert.ok(performance.now() - begun >= 990);
  });

  test("is forgotten when the client cancels it: the next reply is pushed", async () => {
    const { room, token } = await settle(world);
    const agent = await rawIn(token);
    const task = (await agent.tool("createTask", { title: "Review: x", assignee: "human" })).structuredContent.task_id;
    const id = await agent.askTool("waitForMessages");
    await agent.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id, reason: "test" } });
    const message = await reply(room, task, "too late");
    await agent.hears(about(message));
    assert.ok(!agent.answered.includes(id));
  });

  test("of a stream that is gone swallows nothing: the reply goes to the session that lives", async () => {
    const { room, token } = await settle(world);
    const gone = await rawIn(token);
    const task = (await gone.tool("createTask", { title: "Review: x", assignee: "human" })).structuredContent.task_id;
    await gone.askTool("waitForMessages");
    gone.drop();
    const agent = await rawIn(token);
    const message = await reply(room, task, "to you");
    await agent.hears(about(message), 3_000);
  });
});

describe("to whom", () => {
  test("of two sessions of one agent, the one that asked; when it is gone, the other", async () => {
    const { room, token } = await settle(world);
    const [asker, other] = [await agentIn(token), await agentIn(token)];
    const { task_id: task } = await asks(asker);
    const first = await reply(room, task, "to the asker");
    await asker.hears(about(first));
    await other.call("getWorkspace");
    assert.deepEqual(other.heard, []);
    await asker.close();
    const second = await reply(room, task, "to whoever is left");
    await other.hears(about(second));
  });

  test("of two agents, the one whose task it is, also when the other was active last", async () => {
    const { room, token } = await settle(world);
    const [ada, bob] = [await agentIn(token, { agent: "ada" }), await agentIn(token, { agent: "bob" })];
    const { task_id: task } = await asks(ada);
    await bob.call("getWorkspace");
    const message = await reply(room, task, "for ada");
    await ada.hears(about(message));
    assert.deepEqual(bob.heard, []);
    await ada.close();
    const later = await reply(room, task, "for ada, later");
    await bob.call("getWorkspace");
    assert.deepEqual(bob.heard, []);
    await (await agentIn(token, { agent: "ada" })).hears(about(later));
  });

  test("a task that nobody owns goes to the agent that was active last", async () => {
    const { room, token } = await settle(world);
    const [ada, bob] = [await agentIn(token, { agent: "ada" }), await agentIn(token, { agent: "bob" })];
    await sleep(5);
    await ada.call("getWorkspace");
    const one = await room.make("/tasks", { title: "first" });
    await ada.hears(({ meta }) => meta.chat_id === one.id);
    await sleep(5);
    await bob.call("getWorkspace");
    const two = await room.make("/tasks", { title: "second" });
    await bob.hears(({ meta }) => meta.chat_id === two.id);
    assert.equal(ada.heard.length, 1);
    assert.equal(bob.heard.length, 1);
  });
});

test("several agents that call getNextTask at once never get the same task", async () => {
  const { room, token } = await settle(world);
  const made = await Promise.all(Array.from({ length: 24 }, (_, i) => room.make("/tasks", { title: `task ${i}` })));
  const names = ["a", "b", "c", "d"];
  const agents = await Promise.all(names.map((agent) => agentIn(token, { agent })));
  const claimed = await Promise.all(
    agents.flatMap((agent) => Array.from({ length: 7 }, () => agent.call("getNextTask").then(({ task }) => task?.id))),
  );
  const got = claimed.filter(Boolean);
  assert.equal(new Set(got).size, got.length);
  assert.deepEqual(got.sort(), made.map(({ id }) => id).sort());
});

describe("createTask", () => {
  const same = { title: "Approve: the release?", body: "all of it", assignee: "human" };

  test("called again while its answer is unconfirmed returns the first task", async (t) => {
    const { room, token } = await settle(world);
    const proxy = await Proxy.to(world.server.port);
    t.after(() => proxy.close());
    const agent = await RawAgent.connect(proxy.through(token.mcpUrl));
    // The request gets through; neither its 202 nor its answer does.
    proxy.freeze(["down"]);
    const lost = agent.askTool("createTask", same).catch(() => "lost");
    const stream = await watching(room);
    const [{ id }] =
      (await until(
        async () => (await room.get("/tasks")).tasks,
        ({ length }) => length === 1,
      )) ?? [];
    proxy.replace();
    proxy.cut();
    assert.equal(await lost, "lost");
    stream.close();

    const again = await silentIn(token, { firstId: 50 });
    assert.equal((await again.tool("createTask", same)).structuredContent.task_id, id);
    assert.equal((await room.get("/tasks")).tasks.length, 1);
    // Once that is answered and the agent goes on, it is another task.
    await again.tool("getWorkspace");
    assert.notEqual((await again.tool("createTask", same)).structuredContent.task_id, id);
  });

  test("called again after its answer makes another task, every time", async () => {
    const { room, token } = await settle(world);
    const agent = await agentIn(token);
    const made = new Set();
    for (let i = 0; i < 30; i++) made.add((await agent.call("createTask", same)).task_id);
    assert.equal(made.size, 30);
    assert.equal((await room.get("/tasks?limit=100")).tasks.length, 30);
  });

  test("called again with other content makes another task, confirmed or not", async () => {
    const { token } = await settle(world);
    const agent = await agentIn(token);
    const calls = ["x", "y", "z"].map((body) => agent.call("createTask", { ...same, body }));
    assert.equal(new Set((await Promise.all(calls)).map(({ task_id: id }) => id)).size, 3);
  });
});

async function until(look, fits, ms = 5_000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (fits(found)) return found;
    assert.ok(Date.now() < deadline, `it did not come to be: ${JSON.stringify(found)}`);
    await sleep(10);
  }
}
