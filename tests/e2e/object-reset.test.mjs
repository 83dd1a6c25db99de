// The platform resets an object (a failed write, a machine that goes): every socket breaks, and no client notices.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "../lib/agent.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
before(async () => {
  world = await startWorld({ build: "faults" });
});
after(() => world?.end());

const at = (workspace, what) => fetch(`${world.url}/test/${workspace.id}/${what}`);
const instance = async (workspace) => (await (await at(workspace, "instance")).json()).instance;

/** Resets the object and waits until another instance answers. */
async function reset(workspace) {
  const was = await instance(workspace);
  await at(workspace, "reset").then((response) => response.arrayBuffer());
  const deadline = Date.now() + 5_000;
  while ((await instance(workspace).catch(() => was)) === was)
    assert.ok(Date.now() < deadline, "the object was not reset: this test shows nothing");
}

/** Tries until the object answers: while it is being reset the answer is 503, which says to try again. */
async function insisting(work) {
  for (let left = 40; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!left || !/answered 503/.test(error.message)) throw error;
      await sleep(50);
    }
  }
}

test("streams go on over a reset, with nothing lost and nothing doubled", async (t) => {
  const { room, token, workspace } = await settle(world);
  const [stream, agent] = [await room.watch(), await Agent.connect(token.mcpUrl)];
  const raw = await RawAgent.connect(token.mcpUrl, { agent: "raw" });
  t.after(async () => {
    stream.close();
    raw.drop();
    await agent.close();
  });
  const { cursor: begin } = (await stream.until("hello")).json;
  const { task_id: task } = await agent.call("createTask", { title: "Question: still?", assignee: "human" });
  const sent = [];
  for (let round = 0; round < 5; round++) {
    await reset(workspace);
    // At once, while the Worker is still dialling; and a little later.
    for (const wait of [0, 0, 150]) {
      await sleep(wait);
      sent.push((await insisting(() => room.make(`/tasks/${task}/messages`, { text: `round ${round}` }))).id);
    }
    assert.equal((await agent.call("getWorkspace")).name, "Test");
  }
  for (const id of sent) await agent.hears(({ meta }) => meta.message_id === id);
  const { cursor: head } = await room.get("/snapshot");
  await stream.until(({ id }) => id === head);
  assert.ok(!stream.ended && !raw.stream.ended);
  assert.deepEqual(
    agent.heard.map(({ meta }) => meta.message_id),
    sent,
  );
  let place = begin;
  for (const { id, json } of stream.events.filter(({ id }) => id)) {
    assert.equal(json.base, place);
    place = id;
  }
  assert.equal(stream.events.filter(({ event }) => event === "hello").length, 1);
  assert.ok(!stream.events.some(({ event }) => event === "reset" || event === "agent.disconnected"));
});

test("sockets that break under a living object are dialled again, and what comes late of their end ends nothing", async (t) => {
  const { room, token, workspace } = await settle(world);
  const [stream, agent] = [await room.watch(), await RawAgent.connect(token.mcpUrl)];
  t.after(() => {
    stream.close();
    agent.drop();
  });
  const task = (await agent.tool("createTask", { title: "Question: on?", assignee: "human" })).structuredContent
    .task_id;
  const sent = [];
  for (let round = 0; round < 3; round++) {
    await at(workspace, "break");
    sent.push((await room.make(`/tasks/${task}/messages`, { text: `round ${round}` })).id);
    await agent.hears(({ meta }) => meta.message_id === sent[round]);
  }
  // Longer than a broken socket is waited for.
  await sleep(6_000);
  sent.push((await room.make(`/tasks/${task}/messages`, { text: "and now" })).id);
  await agent.hears(({ meta }) => meta.message_id === sent.at(-1));
  await stream.until(({ json }) => json?.changes?.some(({ entity }) => entity.id === sent.at(-1)));
  assert.deepEqual(
    agent.heard.map(({ meta }) => meta.message_id),
    sent,
  );
  assert.ok(!stream.events.some(({ event }) => event === "agent.disconnected"));
});

test("a dashboard that has heard nothing yet misses nothing that happens during the reset", async (t) => {
  const { room, workspace } = await settle(world);
  const stream = await room.watch();
  t.after(() => stream.close());
  await stream.until("hello");
  await reset(workspace);
  const task = await insisting(() => room.make("/tasks", { title: "meanwhile", assignee: "human" }));
  await stream.until(({ json }) => json?.taskId === task.id);
});

test("an answer on its way during a reset arrives, once", async (t) => {
  const { room, token, workspace } = await settle(world);
  const agent = await RawAgent.connect(token.mcpUrl);
  t.after(() => agent.drop());
  const task = (await agent.tool("createTask", { title: "Question: when?", assignee: "human" })).structuredContent
    .task_id;
  const waiting = await agent.askTool("waitForMessages");
  await reset(workspace);
  const message = await insisting(() => room.make(`/tasks/${task}/messages`, { text: "now" }));
  const { result } = await agent.answerTo(waiting);
  assert.equal(result.structuredContent.messages[0].message_id, message.id);
  await reset(workspace);
  await agent.tool("getWorkspace");
  assert.equal(agent.answered.filter((id) => id === waiting).length, 1);
  assert.deepEqual(agent.heard, []);
});
