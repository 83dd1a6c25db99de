// An answer that was lost on its way is asked again (MCP 2026-07-28): the call is not done twice, and calls that only look alike are done each.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StatelessClient } from "../lib/stateless.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

async function made() {
  const { room, token } = await settle(world);
  return { room, token, client: new StatelessClient(token.mcpUrl) };
}

const calling = (name, args) => ["tools/call", { name, arguments: args }];
const titles = async (room) => (await room.get("/tasks?limit=100")).tasks.map(({ title }) => title);

/** Sends a call over a connection that goes down before anything can have come back, and gives the server the time to notice. */
async function loses(client, method, params, options) {
  const id = await client.abandon(method, params, options);
  await sleep(400);
  return id;
}

describe("a call whose connection went down right after it was sent", () => {
  const rounds = [0, 1, 2];
  const question = (n) => ({ title: `Question: ${n}?`, assignee: "human" });

  test("has made one task when it is asked again", async () => {
    const { room, client } = await made();
    for (const n of rounds) {
      const id = await loses(client, ...calling("createTask", question(n)));
      const { task_id: task } = await client.call("createTask", question(n), { id });
      assert.equal((await room.get(`/tasks/${task}`)).title, question(n).title);
    }
    assert.deepEqual(
      (await titles(room)).sort(),
      rounds.map((n) => question(n).title),
    );
  });

  test("has made one task when it is asked again much later, and under another id", async () => {
    const { room, client } = await made();
    await loses(client, ...calling("createTask", question(0)));
    await sleep(2_500);
    await client.call("createTask", question(0));
    assert.deepEqual(await titles(room), [question(0).title]);
  });

  test("has written one reply when it is asked again", async () => {
    const { room, client } = await made();
    const { task_id: task } = await client.call("createTask", question("x"));
    for (const n of rounds) {
      const args = { chat_id: task, text: `reply ${n}` };
      const id = await loses(client, ...calling("reply", args));
      await client.call("reply", args, { id });
    }
    const { messages } = await room.get(`/tasks/${task}/messages?limit=100`);
    const replies = messages.map(({ text }) => text).filter((text) => text.startsWith("reply"));
    assert.deepEqual(
      replies,
      rounds.map((n) => `reply ${n}`),
    );
  });

  test("has claimed one task when it is asked again, and the next claim is another", async () => {
    const { room, client } = await made();
    for (const n of rounds) await room.make("/tasks", { title: `Work ${n}`, assignee: "agent" });
    const claimed = [];
    for (const _ of rounds) {
      const id = await loses(client, ...calling("getNextTask", {}));
      const { task } = await client.call("getNextTask", {}, { id });
      claimed.push(task?.title);
    }
    assert.deepEqual(
      claimed,
      rounds.map((n) => `Work ${n}`),
    );
  });

  test("gives back what would have ridden on its answer, to whatever is asked next", async () => {
    const { room, client } = await made();
    const { task_id: task } = await client.call("createTask", question("x"));
    for (const n of rounds) {
      await room.make(`/tasks/${task}/messages`, { text: `not to be lost ${n}` });
      await loses(client, ...calling("getWorkspace", {}));
      const { content } = await client.tool("getWorkspace");
      assert.ok(content[0].text.includes(`not to be lost ${n}`), content[0].text);
    }
  });

  test("gives back what would have stood in the inbox that it read", async () => {
    const { room, client } = await made();
    const { task_id: task } = await client.call("createTask", question("x"));
    const { id } = await room.make(`/tasks/${task}/messages`, { text: "not to be lost" });
    await loses(client, "resources/read", { uri: "agentrq://inbox" });
    const { messages } = await client.read("agentrq://inbox");
    assert.deepEqual(
      messages.map(({ message_id }) => message_id),
      [id],
    );
  });

  test("takes nothing from another client that asks the same under the same id", async () => {
    const { room, token, client } = await made();
    for (const n of [0, 1]) await room.make("/tasks", { title: `Work ${n}`, assignee: "agent" });
    const other = new StatelessClient(token.mcpUrl);
    const { task: theirs } = await other.call("getNextTask", {}, { id: 2 });
    const id = await loses(client, ...calling("getNextTask", {}), { id: 2 });
    const { task } = await client.call("getNextTask", {}, { id });
    assert.deepEqual([theirs.title, task?.title], ["Work 0", "Work 1"]);
  });
});

describe("calls that look alike", () => {
  test("of two clients with the same ids each get work of their own, at once and one after the other", async () => {
    const { room, token } = await made();
    const count = 12;
    for (let n = 0; n < count; n++) await room.make("/tasks", { title: `Work ${n}`, assignee: "agent" });
    const clients = [1, 2].map(() => new StatelessClient(token.mcpUrl));
    const got = [];
    for (let id = 2; got.length < count - 2; id++) {
      const next = (client) => client.call("getNextTask", {}, { id });
      got.push(...(await Promise.all(clients.map(next))).map(({ task }) => task?.title));
    }
    for (const client of clients) got.push((await client.call("getNextTask", {}, { id: 2 })).task?.title);
    assert.equal(new Set(got).size, count, got.join(", "));
    assert.ok(!got.includes(undefined));
  });

  test("of two clients make a task each", async () => {
    const { room, token } = await made();
    const args = { title: "Question: the same?", assignee: "human" };
    const clients = [1, 2].map(() => new StatelessClient(token.mcpUrl));
    for (const client of clients) await client.call("createTask", args, { id: 2 });
    assert.deepEqual(await titles(room), [args.title, args.title]);
  });

  for (const [when, ms] of [
    ["at once", 0],
    ["after a while", 2_500],
  ])
    test(`of one client, whose answers arrived, are done each: ${when}`, async () => {
      const { room, client } = await made();
      const args = { title: "Question: the same?", assignee: "human" };
      await client.call("createTask", args);
      await sleep(ms);
      await client.call("createTask", args);
      assert.deepEqual(await titles(room), [args.title, args.title]);
      const { task_id: task } = await client.call("createTask", { title: "Question: y?", assignee: "human" });
      for (let n = 0; n < 2; n++) {
        await client.call("reply", { chat_id: task, text: "again" });
        await sleep(ms);
      }
      const { messages } = await room.get(`/tasks/${task}/messages`);
      assert.equal(messages.filter(({ text }) => text === "again").length, 2);
    });

  test("under one id, that ask for something else, are done each", async () => {
    const { room, client } = await made();
    await client.call("createTask", { title: "One", assignee: "human" }, { id: 1 });
    await client.call("createTask", { title: "Two", assignee: "human" }, { id: 1 });
    assert.deepEqual((await titles(room)).sort(), ["One", "Two"]);
  });

  test("of two tokens are never taken for one another", async () => {
    const { room, token } = await made();
    const other = await room.make("/tokens", { label: "other" });
    const args = { title: "Question: whose?", assignee: "human" };
    const id = await loses(new StatelessClient(token.mcpUrl), ...calling("createTask", args));
    await sleep(400);
    await new StatelessClient(other.mcpUrl).call("createTask", args, { id });
    assert.equal((await titles(room)).length, 2);
  });

  test("many at once are all done, each under its own id", async () => {
    const { room, client } = await made();
    const many = Array.from({ length: 30 }, (_, n) => n);
    const ids = await Promise.all(
      many.map((n) => client.call("createTask", { title: `Question: ${n}?`, assignee: "human" })),
    );
    assert.equal(new Set(ids.map(({ task_id }) => task_id)).size, many.length);
    assert.equal((await titles(room)).length, many.length);
  });
});
