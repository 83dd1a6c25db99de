// One stream for all workspaces of a person: what happens in each arrives, under its name, and a resume misses nothing in any.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SseReader } from "../lib/sse.mjs";
import { startWorld } from "../lib/world.mjs";

let world;
let person;
const rooms = [];

before(async () => {
  world = await startWorld({ build: "faults" });
  person = await world.signIn();
  for (const name of ["one", "two", "three"])
    rooms.push(person.room((await person.make("/api/workspaces", { name })).id));
});

after(() => world?.end());

const idOf = (room) => room.base.split("/").at(-1);

async function watchAll(headers = {}, query = "") {
  const reader = await SseReader.open(`${world.url}/api/events${query}`, { cookie: person.cookie, ...headers });
  for (const room of rooms)
    await reader.until(({ event, json }) => event === "hello" && json.workspace === idOf(room), 10_000, "hello");
  return reader;
}

async function follows(reader, room, title) {
  const task = await room.make("/tasks", { title, assignee: "human" });
  const event = await reader.until(({ json }) => json?.taskId === task.id, 10_000, title);
  assert.equal(event.json.workspace, idOf(room));
  assert.ok(event.data.startsWith(`{"workspace":"${idOf(room)}",`));
  assert.ok(event.id);
  return { task: task.id, id: event.id };
}

const created = (reader) =>
  reader.events.filter(({ event }) => event === "task.created").map(({ json }) => json.taskId);

test("what happens in any workspace comes over the one stream, also after a break, and once", async () => {
  const all = await watchAll();
  const before = [];
  for (const room of rooms) before.push((await follows(all, room, "before")).task);
  for (const room of rooms) assert.equal((await fetch(`${world.url}/test/${idOf(room)}/break`)).status, 204);
  const after = await Promise.all(rooms.map((room) => follows(all, room, "after")));
  assert.deepEqual(created(all).sort(), [...before, ...after.map(({ task }) => task)].sort());
  all.close();
});

test("Last-Event-ID resumes every workspace where the client was in it", async () => {
  const all = await watchAll();
  // Only one of the three says anything: the others' places are those of their hello.
  const { id } = await follows(all, rooms[0], "seen");
  all.close();
  await all.done;
  const missed = [];
  for (const room of rooms) missed.push((await room.make("/tasks", { title: "missed", assignee: "human" })).id);

  for (const resumed of [await watchAll({ "last-event-id": id }), await watchAll({}, `?cursor=${id}`)]) {
    for (const task of missed) await resumed.until(({ json }) => json?.taskId === task, 10_000, "what was missed");
    assert.deepEqual(created(resumed).sort(), [...missed].sort());
    assert.ok(!resumed.events.some(({ event }) => event === "reset"));
    resumed.close();
  }
});

test("a place that one workspace does not know is reset there and nowhere else", async () => {
  const all = await watchAll();
  const { id } = await follows(all, rooms[1], "here");
  all.close();
  const broken = id.replace(new RegExp(`${idOf(rooms[1])}=[^,]+`), `${idOf(rooms[1])}=another-1-history`);
  const resumed = await watchAll({ "last-event-id": broken });
  const reset = await resumed.until("reset");
  assert.equal(reset.json.workspace, idOf(rooms[1]));
  assert.equal(resumed.events.filter(({ event }) => event === "reset").length, 1);
  resumed.close();
  const nonsense = await watchAll({ "last-event-id": "nonsense" });
  for (const room of rooms)
    await nonsense.until(({ event, json }) => event === "reset" && json.workspace === idOf(room), 10_000, "reset");
  nonsense.close();
});

const eventsOf = (ids, headers) =>
  SseReader.open(`${world.url}/api/events?workspaces=${ids.join(",")}`, { cookie: person.cookie, ...headers });

test("of those that a client names it serves these and no others, and resumes each where the client was in it", async () => {
  const [one, two, three] = rooms;
  const named = await eventsOf([idOf(three), idOf(one)]);
  const heard = () => named.events.filter(({ event }) => event === "hello").map(({ json }) => json.workspace);
  await named.until(() => heard().length === 2, 10_000, "both hellos");
  assert.deepEqual(heard().sort(), [idOf(one), idOf(three)].sort());
  const unseen = await two.make("/tasks", { title: "elsewhere", assignee: "human" });
  const { id } = await follows(named, three, "here");
  await follows(named, one, "and here");
  assert.ok(!created(named).includes(unseen.id));
  named.close();
  const resumed = await eventsOf([idOf(one), idOf(three)], { "last-event-id": id });
  await resumed.until(({ event }) => event === "task.created");
  assert.ok(!resumed.events.some(({ event }) => event === "reset"));
  resumed.close();
});

test("names that are none, too many, doubled, foreign or made up are refused, and a refusal touches nothing", async () => {
  const objects = () => readdirSync(join(world.dataDir, "objects"), { recursive: true }).length;
  const [one, two] = rooms.map(idOf);
  const gone = (await person.make("/api/workspaces", { name: "gone" })).id;
  await person.remove(`/api/workspaces/${gone}`);
  const before = objects();
  const random = () => Array.from({ length: 22 }, () => randomInt(36).toString(36)).join("");
  for (const [names, status, code] of [
    ["", 400, "bad_request"],
    [Array.from({ length: 51 }, () => one).join(","), 400, "bad_request"],
    [`${one},${two},${one}`, 400, "bad_request"],
    [`${one},`, 404, "workspace_not_found"],
    [`${one}, ${two}`, 404, "workspace_not_found"],
    [`${one},${random()}`, 404, "workspace_not_found"],
    [random(), 404, "workspace_not_found"],
    [`${one},${gone}`, 403, "not_a_member"],
  ]) {
    const { status: given, body } = await person.ask("GET", `/api/events?workspaces=${encodeURIComponent(names)}`);
    assert.deepEqual([given, body.code], [status, code], names);
    if (status === 403) assert.equal(body.workspace, gone);
  }
  assert.equal(objects(), before);
});

test("it says what the server is: its version, what it speaks, and the build of the page that it serves", async () => {
  const [, build] = /<meta name="agentrq-build" content="([\w-]{22})"/.exec(await (await fetch(world.url)).text());
  const all = await watchAll();
  const single = await rooms[0].watch();
  for (const reader of [all, single]) {
    const { json } = await reader.until("hello");
    assert.deepEqual([json.protocol, json.build, typeof json.server.version], [1, build, "string"]);
    reader.close();
  }
});

test("it ends when a workspace of it is deleted, which it names, and with the session", async () => {
  const extra = await person.make("/api/workspaces", { name: "extra" });
  const others = [idOf(rooms[0]), extra.id];
  const both = [await watchAll(), await eventsOf(others)];
  await both[1].until(({ event, json }) => event === "hello" && json.workspace === extra.id);
  await person.remove(`/api/workspaces/${extra.id}`);
  for (const reader of both) {
    await reader.done;
    const { event, json, id } = reader.events.at(-1);
    assert.deepEqual([event, json, id], ["gone", { workspace: extra.id }, undefined]);
  }

  const again = await watchAll();
  await person.remove("/api/session");
  await again.done;
  assert.ok(!again.events.some(({ event }) => event === "gone"));
});
