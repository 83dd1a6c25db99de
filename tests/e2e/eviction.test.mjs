// An idle workspace sleeps: its object is evicted while streams stay open, and the next event wakes it and reaches them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches } from "../lib/deliveries.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { instance } from "../lib/faults.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld({ build: "faults" });

/** A workspace with an agent's stream and a dashboard's, both open and quiet. */
async function idle(t) {
  const { room, token, workspace } = await settle(world);
  const stream = await room.watch();
  const agent = await RawAgent.connect(token.mcpUrl);
  t.after(() => {
    stream.close();
    agent.drop();
  });
  const result = await agent.tool("createTask", { title: "Question: awake?", assignee: "human" });
  return {
    room,
    workspace,
    stream,
    agent,
    task: result.structuredContent.task_id,
    was: await instance(world, workspace),
  };
}

/** Asking which instance it is would wake it: so nothing is asked, for longer than an idle object lives. */
const nap = (ms) => sleep(ms);

function assertOpen({ stream, agent }) {
  assert.ok(!stream.ended, "the dashboard's stream has ended");
  assert.ok(!agent.stream.ended, "the agent's stream has ended");
}

async function assertHeard({ room, stream, agent, task }, text) {
  const message = await room.make(`/tasks/${task}/messages`, { text });
  await Promise.all([
    agent.hears(({ meta }) => meta.message_id === message.id),
    stream.until(({ json }) => json?.changes?.some(({ entity }) => entity.id === message.id)),
  ]);
  // The pong finds its way too.
  await reaches(stream, message.id, "received");
}

describe("an object that is evicted while streams are open", { concurrency: 3 }, () => {
  test("wakes with the next event, which reaches the agent and the dashboard", async (t) => {
    const idles = await idle(t);
    await nap(14_000);
    assertOpen(idles);
    await assertHeard(idles, "good morning");
    assert.notEqual(
      await instance(world, idles.workspace),
      idles.was,
      "the object was not evicted: this test shows nothing",
    );
    assert.equal(idles.agent.heard.length, 1);
  });

  test("answers a call that waited all the time", async (t) => {
    const idles = await idle(t);
    const waiting = await idles.agent.askTool("waitForMessages");
    await nap(14_000);
    assertOpen(idles);
    const message = await idles.room.make(`/tasks/${idles.task}/messages`, { text: "good morning" });
    const { result } = await idles.agent.answerTo(waiting);
    assert.equal(result.structuredContent.messages[0].message_id, message.id);
    assert.notEqual(
      await instance(world, idles.workspace),
      idles.was,
      "the object was not evicted: this test shows nothing",
    );
  });

  test("does not wake for keepalives, which come on both streams every 25 s", async (t) => {
    const idles = await idle(t);
    const comments = () => [idles.stream.comments, idles.agent.stream.comments];
    const before = comments();
    await nap(27_000);
    const after = comments();
    assert.deepEqual(
      after.map((count, i) => count - before[i]),
      [1, 1],
    );
    assertOpen(idles);
    assert.notEqual(
      await instance(world, idles.workspace),
      idles.was,
      "the object was not evicted: this test shows nothing",
    );
    await assertHeard(idles, "good morning");
  });
});
