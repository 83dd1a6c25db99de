// A workspace for bad input: something of each kind stands in it, and all of it can be looked at before and after.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Agent } from "./agent.mjs";
import { sendBytes } from "./send.mjs";
import { settle } from "./world.mjs";

/** An id that was never given. */
export const never = "00000000000";

/** Everything a workspace holds, but for when its agent was last heard. */
export async function contents(room) {
  const { tasks, deliveries, workspace, agents } = await room.get("/snapshot");
  const threads = await Promise.all(tasks.map(({ id }) => room.get(`/tasks/${id}/messages?limit=100`)));
  const { tokens } = await room.get("/tokens");
  return {
    workspace,
    tasks,
    deliveries,
    threads,
    agents: agents.map(({ name, displayName }) => ({ name, displayName })),
    tokens: tokens.map(({ id, label, expiresAt }) => ({ id, label, expiresAt })),
  };
}

/** A task with one message of a person and one attachment, in a workspace of its own. */
export async function furnish(world) {
  const settled = await settle(world);
  const { room } = settled;
  const task = await room.make("/tasks", { title: "A task", assignee: "human" });
  const message = await room.make(`/tasks/${task.id}/messages`, { text: "a message" });
  const done = await room.make("/tasks", { title: "Done", assignee: "human" });
  await room.change(`/tasks/${done.id}`, { status: "completed" });
  const file = await room.make("/attachments?filename=a.txt", new Uint8Array([1, 2, 3]), {
    "content-type": "text/plain",
  });
  return { ...settled, task, message, done, file };
}

/** Sends a body as it is to a path of the server. */
export const sendTo = (world) => (method, path, body, headers) =>
  sendBytes(new URL(path, world.url), { method, headers }, body);

/** The last test of a file: nothing that was sent has done any harm. */
export const isAtWorkAsBefore = (world) =>
  test("after all of this the server is at work as before", async () => {
    const { room, token } = await settle(world);
    const agent = await Agent.connect(token.mcpUrl);
    const { task_id } = await agent.call("createTask", { title: "Question: all well?", assignee: "human" });
    await room.make(`/tasks/${task_id}/messages`, { text: "all well" });
    await agent.hears(({ content }) => content.includes("all well"));
    await agent.close();
    assert.doesNotMatch(world.server.logs(), /panicked|uncaught/i);
  });
