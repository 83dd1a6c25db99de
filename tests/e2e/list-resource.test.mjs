// A list as a resource (MCP, "Resources"): read in pages with all that its tasks say, followed as a whole, and told of task by task.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { StatelessClient, told, updated } from "../lib/stateless.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const LIST = "agentrq://lists/main";

let world;
const agents = [];
before(async () => {
  world = await startWorld();
});
after(async () => {
  for (const agent of agents) await agent.close();
  await world?.end();
});

async function joins(Client, token, options = { agent: "claude" }) {
  const agent = await Client.connect(token.mcpUrl, options);
  agents.push(agent);
  return agent;
}

for (const [kind, Client] of [
  ["HTTP+SSE", Agent],
  ["Streamable HTTP", StreamableAgent],
])
  test(`who follows a list over ${kind} is told which of its tasks has changed, also that it is gone`, async () => {
    const { token } = await settle(world);
    const follower = await joins(Client, token, { agent: "follower" });
    const claude = await joins(Agent, token);
    await follower.watch(LIST);
    await claude.call("TaskCreate", { subject: "First", description: "All of it.", metadata: { a: [1.5] } });
    await follower.isTold(`${LIST}/tasks/1`);
    const { tasks, next } = await follower.read(LIST);
    assert.deepEqual([tasks.length, next], [1, null]);
    const task = await follower.read(`${LIST}/tasks/1`);
    assert.deepEqual(task, tasks[0]);
    assert.deepEqual(
      [task.subject, task.description, task.activeForm, task.metadata],
      ["First", "All of it.", null, { a: [1.5] }],
    );
    await claude.call("TaskCreate", { subject: "Second", blockedBy: [1] });
    await follower.isTold(`${LIST}/tasks/2`);
    assert.deepEqual((await follower.read(`${LIST}/tasks/2`)).blockedBy, ["1"]);
    follower.updated.length = 0;
    await claude.call("TaskUpdate", { taskId: "1", status: "deleted" });
    await follower.isTold(`${LIST}/tasks/1`);
    await assert.rejects(follower.read(`${LIST}/tasks/1`), /there is no resource/);
    await follower.isTold(`${LIST}/tasks/2`);
    // Another list is another's.
    follower.updated.length = 0;
    const night = await joins(Agent, token, { agent: "owl", list: "night" });
    await night.call("TaskCreate", { subject: "Elsewhere" });
    await claude.call("TaskUpdate", { taskId: "2", description: "x" });
    await follower.isTold(`${LIST}/tasks/2`);
    assert.deepEqual([...new Set(follower.updated)], [`${LIST}/tasks/2`]);
  });

test("who listens for a list is told of its tasks, and of very many at once as of the whole", async (t) => {
  const { token } = await settle(world);
  const claude = await joins(Agent, token);
  await claude.call("TaskCreate", { subject: "First" });
  const client = new StatelessClient(token.mcpUrl, { agent: "listener" });
  const stream = await client.listen({ resourceSubscriptions: [LIST, `${LIST}/tasks/1`, "agentrq://lists/a b"] });
  t.after(() => stream.close());
  assert.deepEqual(stream.honoured, { resourceSubscriptions: [LIST, `${LIST}/tasks/1`] });
  await claude.call("TaskUpdate", { taskId: "1", subject: "Renamed" });
  await updated(stream, `${LIST}/tasks/1`);
  for (let number = 2; number <= 62; number++)
    await claude.call("TaskCreate", { subject: `Step ${number}`, blockedBy: [1] });
  const from = stream.events.length;
  await claude.call("TaskUpdate", { taskId: "1", status: "completed" });
  await updated(stream, LIST, from);
  assert.equal((await client.read(LIST)).tasks.length, 62);
  assert.ok(
    !told(stream)
      .slice(from)
      .some(([, uri]) => uri === `${LIST}/tasks/2`),
  );
});

test("whose token only looks reads a list, and no token of another workspace does", async () => {
  const { room, token } = await settle(world);
  const claude = await joins(Agent, token);
  await claude.call("TaskCreate", { subject: "Secret" });
  const looker = await joins(Agent, await room.make("/tokens", { label: "looker", scopes: ["read"] }), {
    agent: "looker",
  });
  assert.equal((await looker.read(LIST)).tasks[0].subject, "Secret");
  await looker.watch(LIST);
  const stranger = await joins(Agent, (await settle(world)).token, { agent: "stranger" });
  assert.deepEqual((await stranger.read(LIST)).tasks, []);
  await stranger.watch(LIST);
  await claude.call("TaskCreate", { subject: "More" });
  await looker.isTold(`${LIST}/tasks/2`);
  await sleep(100);
  assert.deepEqual(stranger.updated, []);
});

test("a change that rests on what was read is refused if the task has changed since", async () => {
  const { token } = await settle(world);
  const claude = await joins(Agent, token);
  const { revision } = await claude.call("TaskCreate", { subject: "First" });
  const { task } = await claude.call("TaskUpdate", { taskId: "1", revision, subject: "Renamed" });
  assert.ok(task.revision > revision);
  for (const change of [{ subject: "Late" }, { status: "deleted" }, { metadata: { a: 1 } }]) {
    const { isError, structuredContent } = await claude.try("TaskUpdate", { taskId: "1", revision, ...change });
    assert.deepEqual(
      [isError, structuredContent.code, structuredContent.revision],
      [true, "task_changed", task.revision],
    );
  }
  const { subject, metadata } = await claude.call("TaskGet", { taskId: "1" });
  assert.deepEqual([subject, metadata], ["Renamed", {}]);
  await claude.call("TaskUpdate", { taskId: "1", revision: task.revision, status: "deleted" });
});
