// A request that panics harms nobody else, and what it had half done is not done.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RawAgent } from "../lib/raw.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let rooms;

/** A workspace with an agent's and a dashboard's stream open. */
async function inhabited(name) {
  const { room, token, workspace } = await settle(world, { name });
  const [stream, agent] = [await room.watch(), await RawAgent.connect(token.mcpUrl)];
  const result = await agent.tool("createTask", { title: "Question: how?", assignee: "human" });
  return { room, workspace, stream, agent, task: result.structuredContent.task_id };
}

before(async () => {
  world = await startWorld({ build: "faults" });
  rooms = [await inhabited("one"), await inhabited("two")];
});
after(async () => {
  for (const { stream, agent } of rooms ?? []) {
    stream.close();
    agent.drop();
  }
  await world?.end();
});

/** The next event reaches every stream of both workspaces, and the streams are those that were open before. */
async function assertUnharmed() {
  for (const { room, stream, agent, task } of rooms) {
    const message = await room.make(`/tasks/${task}/messages`, { text: "still there?" });
    await agent.hears(({ meta }) => meta.message_id === message.id);
    await stream.until(({ json }) => json?.changes?.some(({ entity }) => entity.id === message.id));
    assert.equal(agent.heard.filter(({ meta }) => meta.message_id === message.id).length, 1);
    assert.ok(!stream.ended && !agent.stream.ended);
  }
}

const panics = (path) => fetch(world.url + path, { signal: AbortSignal.timeout(5_000) });

test("a panic in the Worker is a 500, and every stream gets the next event", async () => {
  for (let round = 0; round < 3; round++) {
    assert.equal((await panics("/test/panic")).status, 500);
    await assertUnharmed();
  }
});

test("a panic in an object is a 500, and the streams of that workspace and of another get the next event", async () => {
  for (let round = 0; round < 3; round++) {
    assert.equal((await panics(`/test/${rooms[0].workspace.id}/panic`)).status, 500);
    await assertUnharmed();
  }
});

test("of a decision that panics half-way nothing is stored, told or counted", async () => {
  const { room, stream } = rooms[0];
  const before = await room.get("/snapshot");
  const told = stream.events.length;
  assert.equal((await panics(`/test/${rooms[0].workspace.id}/panic`)).status, 500);
  const after = await room.get("/snapshot");
  assert.deepEqual(after, before);
  const next = await room.make("/tasks", { title: "the next one", assignee: "human" });
  assert.equal(next.number, Math.max(...before.tasks.map(({ number }) => number)) + 1);
  const { json } = await stream.until(({ json }) => json?.taskId === next.id);
  assert.equal(json.base, before.cursor);
  assert.equal(stream.events.slice(told).length, 1);
});
