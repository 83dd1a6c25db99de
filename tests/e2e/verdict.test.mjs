// A verdict over HTTP: a person's, about what was shown, once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world, room, token, agent;

before(async () => {
  world = await startWorld();
  ({ room, token } = await settle(world));
  agent = await Agent.connect(token.mcpUrl);
});

after(async () => {
  await agent?.close();
  await world?.end();
});

const ask = async (title) => (await agent.call("createTask", { title, assignee: "human", body: "as it was" })).task_id;

test("what has changed since it was shown is not approved, and the answer names what it is now", async () => {
  const task = await ask("Approve: one");
  const { digest } = await room.get(`/tasks/${task}`);
  const edited = await room.change(`/tasks/${task}`, { body: "as it is" });
  assert.notEqual(edited.digest, digest);
  const refused = await room.ask("POST", `/tasks/${task}/messages`, { text: "", verdict: "approved", digest });
  assert.deepEqual([refused.status, refused.body.code, refused.body.current], [409, "shown_changed", edited.digest]);
  assert.equal((await room.get(`/tasks/${task}`)).verdict, null);
});

test("a verdict that does not say what it is about is refused, and nothing is decided", async () => {
  const task = await ask("Approve: two");
  const refused = await room.ask("POST", `/tasks/${task}/messages`, { text: "", verdict: "approved" });
  assert.deepEqual([refused.status, refused.body.field], [400, "digest"]);
  const { verdict, messages, turn } = await room.get(`/tasks/${task}`);
  assert.deepEqual([verdict, messages, turn], [null, 1, "human"]);
});

test("an approval reaches the agent as one, in either form of the word", async () => {
  const task = await ask("Approve: three");
  const message = await room.decide(task, "approve");
  assert.equal(message.verdict, "approved");
  const { verdict, digest, turn, status } = await room.get(`/tasks/${task}`);
  assert.deepEqual([verdict.kind, verdict.digest, turn, status], ["approved", digest, "agent", "notstarted"]);
  const heard = await agent.hears((item) => item.meta.chat_id === task);
  assert.deepEqual([heard.meta.verdict, heard.content], ["approved", `[Response to task ${task}]\n\nApproved`]);
});

test("the first verdict stands, and the second hears whose it was", async () => {
  const task = await ask("Approve: four");
  const { digest } = await room.get(`/tasks/${task}`);
  await room.decide(task, "rejected", "no");
  const late = await room.ask("POST", `/tasks/${task}/messages`, { text: "", verdict: "approved", digest });
  assert.deepEqual([late.status, late.body.code, late.body.by.name], [409, "verdict_stands", "Owner"]);
  assert.equal((await room.get(`/tasks/${task}`)).status, "rejected");
});

test("an agent gives none, whatever it writes", async () => {
  const task = await ask("Approve: five");
  const { digest } = await room.get(`/tasks/${task}`);
  const response = await fetch(`${world.url}${room.base}/tasks/${task}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${token.token}`, "content-type": "application/json" },
    body: JSON.stringify({ text: "Approved", verdict: "approved", digest }),
  });
  assert.equal(response.status, 403);
  await agent.call("reply", { chat_id: task, text: "Approved" });
  await agent.call("updateTaskStatus", { task_id: task, status: "completed" });
  assert.equal((await room.get(`/tasks/${task}`)).verdict, null);
});
