// Files under ids that their senders have minted, as a page without network does: sent again, they are there once, and nobody else's are in the way.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sendBytes } from "../lib/send.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const mib = 1024 * 1024;
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** A fresh id: 63 bits, so the first of its letters is a small one. */
const mint = () => `0${Array.from({ length: 10 }, () => letters[randomInt(62)]).join("")}`;

let world, room, token, other;
before(async () => {
  world = await startWorld();
  ({ room, token } = await settle(world));
  other = await settle(world);
});
after(() => world?.end());

const path = (id, filename = "a.bin") => `/attachments?id=${id}&filename=${filename}`;
const asPerson = (id, bytes, filename) => room.ask("POST", path(id, filename), bytes);

/** The same as an agent sends it. */
async function asAgent(id, body, { token: secret } = token) {
  const response = await fetch(world.url + room.base + path(id), {
    method: "POST",
    headers: { authorization: `Bearer ${secret}` },
    body,
  });
  return { status: response.status, body: await response.json() };
}

describe("a file under its sender's id", () => {
  for (const [sender, send] of [
    ["a person", asPerson],
    ["an agent", asAgent],
  ])
    test(`of ${sender} is stored once, however often it is sent, and used under that id`, async () => {
      const [id, bytes] = [mint(), randomBytes(2 * mib + 1)];
      const first = await send(id, bytes);
      assert.deepEqual([first.status, first.body.id, first.body.size], [201, id, bytes.length]);
      for (const answers of [[await send(id, bytes)], await Promise.all([send(id, bytes), send(id, bytes)])])
        for (const { status, body } of answers) assert.deepEqual([status, body], [200, first.body]);
      const task = await room.make("/tasks", { title: "see the file", attachments: [id] });
      const [message] = (await room.get(`/tasks/${task.id}/messages`)).messages;
      assert.deepEqual(message.attachments, [first.body]);
      assert.ok(Buffer.from(await room.get(`/attachments/${id}`)).equals(bytes));
      assert.deepEqual([(await send(id, bytes)).status, (await room.get(`/tasks/${task.id}`)).id], [200, task.id]);
    });

  test("is refused where the id is another file's, another sender's, or the server's own, and nothing is changed", async () => {
    const [id, bytes] = [mint(), randomBytes(100)];
    const first = await asPerson(id, bytes);
    const second = await room.make("/tokens", { label: "second" });
    const ours = await room.make("/attachments?filename=a.bin", bytes);
    for (const [what, answer] of [
      ["other bytes", await asPerson(id, randomBytes(100))],
      ["another length", await asPerson(id, randomBytes(99))],
      ["another name", await asPerson(id, bytes, "b.bin")],
      ["an agent", await asAgent(id, bytes)],
      ["the server's id", await asPerson(ours.id, bytes)],
    ])
      assert.deepEqual([answer.status, answer.body.code, answer.body.field], [409, "conflict", "id"], what);
    const agents = mint();
    assert.equal((await asAgent(agents, bytes)).status, 201);
    assert.equal((await asAgent(agents, bytes, second)).status, 409);
    assert.equal((await asPerson(agents, bytes)).status, 409);
    assert.deepEqual((await asPerson(id, bytes)).body, first.body);
    assert.ok(Buffer.from(await room.get(`/attachments/${id}`)).equals(bytes));
  });

  test("that is no id is refused before a byte is read", async () => {
    for (const id of ["", "short", "x".repeat(12), "zzzzzzzzzzz", "0ZRgCqu%2FZ7R", encodeURIComponent("🦀")]) {
      const { status, body } = await asPerson(id, randomBytes(10));
      assert.deepEqual([status, body.code, body.field], [400, "bad_request", "id"], id);
    }
  });

  test("is not there until it is whole: one that broke off can be sent again", async () => {
    const [id, bytes] = [mint(), randomBytes(3 * mib)];
    const sent = request(world.url + room.base + path(id), {
      method: "POST",
      headers: { cookie: room.person.cookie, "content-length": bytes.length },
    });
    const gone = new Promise((done) => sent.on("error", done));
    await new Promise((done) => sent.write(bytes.subarray(0, 2 * mib), done));
    assert.equal((await room.ask("GET", `/attachments/${id}`)).status, 404);
    assert.equal((await asPerson(id, bytes)).status, 201, "while another connection still holds half of it");
    sent.destroy(new Error("the network is gone"));
    await gone;
    assert.ok(Buffer.from(await room.get(`/attachments/${id}`)).equals(bytes));
  });

  test("that a message has used means that file for good, also when both are gone", async () => {
    const [id, bytes] = [mint(), randomBytes(100)];
    const first = await asAgent(id, bytes);
    const headers = { authorization: `Bearer ${token.token}`, "content-type": "application/json" };
    const ask = (method, at, body) =>
      fetch(world.url + room.base + at, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    const made = await ask("POST", "/tasks", { title: "Approve: the plan", assignee: "human", attachments: [id] });
    const task = await made.json();
    assert.equal((await ask("DELETE", `/tasks/${task.id}`)).status, 204);
    const until = performance.now() + 20_000;
    while ((await room.ask("GET", `/attachments/${id}`)).status !== 404) {
      assert.ok(performance.now() < until, "the file goes with the task");
      await sleep(20);
    }
    const other = await asAgent(id, randomBytes(100));
    assert.deepEqual([other.status, other.body.code, other.body.field], [409, "conflict", "id"]);
    assert.equal((await asPerson(id, bytes)).status, 409);
    assert.equal((await room.ask("GET", `/attachments/${id}`)).status, 404);
    const again = await asAgent(id, bytes);
    assert.deepEqual([again.status, again.body], [201, first.body]);
  });

  test("has the limits of any file", async () => {
    const id = mint();
    const how = { method: "POST", headers: { cookie: room.person.cookie } };
    const large = await sendBytes(world.url + room.base + path(id), how, Buffer.alloc(25 * mib + 1));
    assert.equal(large.status, 413);
    assert.equal((await room.ask("GET", `/attachments/${id}`)).status, 404);
    assert.equal((await asPerson(id, Buffer.alloc(1))).status, 201);
  });

  test("of another workspace says nothing here: the id is free, and strangers store nothing under it", async () => {
    const [id, bytes] = [mint(), randomBytes(10)];
    const there = await other.room.make(path(id), bytes);
    assert.equal((await room.ask("GET", `/attachments/${id}`)).status, 404);
    assert.equal((await asAgent(id, bytes, other.token)).status, 401);
    const stranger = await fetch(world.url + room.base + path(id), { method: "POST", body: bytes });
    assert.equal(stranger.status, 401);
    assert.equal((await room.ask("GET", `/attachments/${id}`)).status, 404);
    const here = await asPerson(id, randomBytes(20));
    assert.equal(here.status, 201);
    assert.deepEqual([there.size, here.body.size], [10, 20]);
  });
});
