// Who may no longer look sees nothing more: streams end with the session, and with the workspace.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { settle, startWorld } from "../lib/world.mjs";
import { SseReader } from "../lib/sse.mjs";

let world;

before(async () => {
  world = await startWorld({ build: "faults" });
});

after(() => world?.end());

/** Fails if the stream goes on for long. */
async function ends(reader, what) {
  const timeout = AbortSignal.timeout(20_000);
  const late = new Promise((_, fail) => timeout.addEventListener("abort", () => fail(new Error(`${what} goes on`))));
  await Promise.race([reader.done, late]);
}

/** A stream that stands: the object has said hello on it. */
async function watched(room, query = "") {
  const reader = await SseReader.open(`${world.url}${room.base}/events${query}`, { cookie: room.person.cookie });
  await reader.until("hello");
  return reader;
}

/** Nobody tells a session that it is gone when the two hundred and first begins. */
async function crowdedOut() {
  for (let count = 0; count < 200; count += 20) await Promise.all(Array.from({ length: 20 }, () => world.signIn()));
}

test("signing out ends this session's streams in every workspace, and nobody else's", async () => {
  const { person, room } = await settle(world);
  const second = person.room((await person.make("/api/workspaces", { name: "second" })).id);
  const other = (await world.signIn()).room(room.base.split("/").at(-1));
  const [mine, mineToo, others] = await Promise.all([watched(room), watched(second), watched(other)]);

  assert.equal((await person.ask("DELETE", "/api/session")).status, 204);
  await Promise.all([ends(mine, "the stream of the first workspace"), ends(mineToo, "the stream of the second")]);

  const task = await other.make("/tasks", { title: "after the sign-out", assignee: "human" });
  await others.until((event) => event.json?.taskId === task.id, 10_000, "the event to the other session");
  assert.ok(!mine.events.some((event) => event.json?.taskId === task.id));
  others.close();
});

test("a stream whose socket breaks goes on for a good session, and ends for one that is gone", async () => {
  const { room } = await settle(world);
  const gone = await watched(room);
  await crowdedOut();
  const witness = (await world.signIn()).room(room.base.split("/").at(-1));
  const good = await watched(witness);
  assert.equal(gone.ended, false);

  assert.equal((await fetch(`${world.url}/test/${room.base.split("/").at(-1)}/break`)).status, 204);
  const task = await witness.make("/tasks", { title: "after the break", assignee: "human" });
  await good.until((event) => event.json?.taskId === task.id, 10_000, "the event after the break");
  await ends(gone, "the stream of a session that is gone");
  assert.ok(!gone.events.some((event) => event.json?.taskId === task.id));
  good.close();
});

test("a stream that nothing breaks ends too when its session is gone", async () => {
  const { room } = await settle(world);
  const stream = await watched(room, "?check=100");
  await crowdedOut();
  await ends(stream, "the stream of a session that is gone");
});

test("the streams of a workspace end when it is deleted", async () => {
  const { person, room } = await settle(world);
  const stream = await watched(room);
  await person.remove(room.base);
  await ends(stream, "the stream of a deleted workspace");
});
