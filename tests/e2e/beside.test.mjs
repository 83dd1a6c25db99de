// What one credential can do to another in the same workspace, and what one that was withdrawn can still finish: nothing.
import assert from "node:assert/strict";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { settle, startWorld } from "../lib/world.mjs";
import { SseReader } from "../lib/sse.mjs";

let world;

before(async () => {
  world = await startWorld();
});

after(() => world?.end());

/** Posts JSON, but stops half-way through the body until told to go on: `finish()` resolves to the status. */
async function begun(path, body, headers) {
  const text = Buffer.from(JSON.stringify(body));
  const asked = request(`${world.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": text.length, ...headers },
  });
  const answered = new Promise((resolve, reject) => {
    asked.on("response", (response) => response.resume().on("end", () => resolve(response.statusCode)));
    asked.on("error", reject);
  });
  asked.write(text.subarray(0, 5));
  // Long enough for the server to have looked at the credential and to wait for the rest.
  await sleep(500);
  return {
    finish() {
      asked.end(text.subarray(5));
      return answered;
    },
  };
}

test("an agent cannot acknowledge what is meant for another one", async () => {
  const { room, token } = await settle(world, { label: "ann" });
  const bob = await Agent.connect((await room.make("/tokens", { label: "bob" })).mcpUrl);
  const ann = await Agent.connect(token.mcpUrl);
  const { task_id: task } = await ann.call("createTask", { title: "Go?", body: "Shall I?", assignee: "human" });
  await ann.close();
  const { id } = await room.make(`/tasks/${task}/messages`, { text: "yes, go" });
  await bob.call("waitForMessages", { acknowledge: [id], timeout_seconds: 0 });

  const again = await Agent.connect(token.mcpUrl);
  const { messages } = await again.call("waitForMessages", { timeout_seconds: 5 });
  const heard = [...messages, ...again.heard.map(({ meta }) => meta)];
  assert.ok(
    heard.some((item) => item.message_id === id),
    "what waited for ann is gone",
  );
  await Promise.all([bob.close(), again.close()]);
});

test("a token cannot take another token's stream, even by its connection's name", async () => {
  const { room, token } = await settle(world, { label: "ann" });
  const bob = await room.make("/tokens", { label: "bob" });
  const ann = await SseReader.open(token.mcpUrl);
  const connection = new URL((await ann.until("endpoint")).data, world.url).searchParams.get("conn");

  const thief = await SseReader.open(`${bob.mcpUrl}&conn=${connection}&resume=1`);
  await sleep(1_000);
  assert.equal(ann.ended, false, "the other's stream was cut");
  assert.equal(thief.status, 200);
  assert.notEqual(new URL((await thief.until("endpoint")).data, world.url).searchParams.get("conn"), connection);
  thief.close();
  ann.close();
});

test("a request that began before its token was revoked does nothing after", async () => {
  const { room, token } = await settle(world);
  const bearer = { authorization: `Bearer ${token.token}` };
  const tasks = await begun(`${room.base}/tasks`, { title: "late" }, bearer);
  const file = await begun(`${room.base}/attachments`, "a file".repeat(100), bearer);
  await room.remove(`/tokens/${token.id}`);
  assert.equal(await tasks.finish(), 401);
  assert.equal(await file.finish(), 401);
  assert.deepEqual((await room.get("/tasks")).tasks, []);
});

test("a request that began before its session was signed out does nothing after", async () => {
  const { person, room } = await settle(world);
  const other = (await world.signIn()).room(room.base.split("/").at(-1));
  const { length } = (await other.get("/tokens")).tokens;
  const late = await begun(`${room.base}/tokens`, { label: "late" }, { cookie: person.cookie });
  assert.equal((await person.ask("DELETE", "/api/session")).status, 204);
  assert.equal(await late.finish(), 401);
  assert.equal((await other.get("/tokens")).tokens.length, length);
});
