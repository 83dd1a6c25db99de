// The platform resets an object (a failed write, a machine that goes): every socket breaks, and no client notices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "../lib/agent.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { fault, insisting, reset } from "../lib/faults.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld({ build: "faults" });

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
    await reset(world, workspace);
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
    await fault(world, workspace, "break");
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
  await reset(world, workspace);
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
  await reset(world, workspace);
  const message = await insisting(() => room.make(`/tasks/${task}/messages`, { text: "now" }));
  const { result } = await agent.answerTo(waiting);
  assert.equal(result.structuredContent.messages[0].message_id, message.id);
  await reset(world, workspace);
  await agent.tool("getWorkspace");
  assert.equal(agent.answered.filter((id) => id === waiting).length, 1);
  assert.deepEqual(agent.heard, []);
});
