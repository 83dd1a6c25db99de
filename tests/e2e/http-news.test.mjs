// What a session is told unasked over Streamable HTTP: other tools, changed resources, log messages; and what it is not.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StreamableAgent, hearsOn, isReady } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

async function listening(token, options) {
  return world.keep(await StreamableAgent.listen(token.mcpUrl, options));
}
const LISTED = "notifications/tools/list_changed";
const UPDATED = "notifications/resources/updated";
const toldOf = (method, stream) =>
  stream.events.filter(({ json }) => json?.method === method).map(({ json }) => json.params);
const isTold = (method, stream, ms = 3_000) => stream.until(({ json }) => json?.method === method, ms, method);
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });

describe("a change of a token's scopes", () => {
  test("is told on the streams of its sessions, which then list other tools", async () => {
    const { room, token } = await settle(world);
    const [agent, beside] = [await listening(token), await listening(token)];
    const other = await listening(await room.make("/tokens", { label: "other" }));
    const names = async () => (await agent.result("tools/list")).tools.map(({ name }) => name);
    assert.ok((await names()).includes("createTask"));
    await room.change(`/tokens/${token.id}`, { scopes: ["read"] });
    await Promise.all([agent, beside].map(({ stream }) => isTold(LISTED, stream)));
    assert.ok(!(await names()).includes("createTask"));
    await sleep(200);
    assert.deepEqual(
      [agent, beside, other].map(({ stream }) => toldOf(LISTED, stream).length),
      [1, 1, 0],
    );
  });

  test("is no news where it changes nothing", async () => {
    const { room, token } = await settle(world);
    const agent = await listening(token);
    const { scopes } = (await room.get("/tokens")).tokens.find(({ id }) => id === token.id);
    await room.change(`/tokens/${token.id}`, { scopes });
    await sleep(300);
    assert.deepEqual(toldOf(LISTED, agent.stream), []);
  });
});

describe("a resource that a session has subscribed to", () => {
  test("is told of on its stream when it changes, by the address it was called by, until unsubscribed", async () => {
    const { room, token } = await settle(world);
    const agent = await listening(token);
    const task = await agent.createTask();
    const { resources } = await agent.result("resources/list");
    const uri = resources.map(({ uri }) => uri).find((uri) => uri.includes(task) || /tasks\/1$/.test(uri));
    assert.ok(uri, JSON.stringify(resources));
    assert.deepEqual(await agent.result("resources/subscribe", { uri }), {});
    await reply(room, task, "one");
    assert.deepEqual((await isTold(UPDATED, agent.stream)).json.params, { uri });
    assert.ok((await agent.result("resources/read", { uri })).contents[0].text);
    const told = toldOf(UPDATED, agent.stream).length;
    assert.deepEqual(await agent.result("resources/unsubscribe", { uri }), {});
    await hearsOn(agent.stream, await reply(room, task, "two"));
    await sleep(200);
    assert.equal(toldOf(UPDATED, agent.stream).length, told);
  });

  test("may be the inbox, so that a client without channels learns of a reply", async () => {
    const { room, token } = await settle(world);
    const agent = await listening(token);
    const uri = "agentrq://inbox";
    const task = await agent.createTask();
    await agent.result("resources/subscribe", { uri });
    const message = await reply(room, task, "left");
    await isTold(UPDATED, agent.stream);
    const { contents } = await agent.result("resources/read", { uri });
    assert.ok(contents[0].text.includes(message.id));
  });

  test("is told of in that session alone, once though subscribed twice, and on a stream that is opened later", async () => {
    const { room, token } = await settle(world);
    const agent = await StreamableAgent.connect(token.mcpUrl);
    world.keep(agent);
    const beside = await listening(token);
    const task = await agent.createTask();
    const uri = "agentrq://inbox";
    for (let i = 0; i < 2; i++) await agent.result("resources/subscribe", { uri });
    const stream = await agent.open();
    await isReady(stream);
    await reply(room, task, "left");
    await isTold(UPDATED, stream);
    await sleep(200);
    // The reply itself, and what becomes of its delivery, are changes of the inbox.
    const told = toldOf(UPDATED, stream);
    assert.ok(told.every((params) => params.uri === uri));
    assert.deepEqual(toldOf(UPDATED, beside.stream), []);
  });

  test("is forgotten with the session, and by no other session's unsubscribe", async () => {
    const { room, token } = await settle(world);
    const [agent, beside] = [await listening(token), await listening(token)];
    const task = await agent.createTask();
    const uri = "agentrq://inbox";
    for (const session of [agent, beside]) await session.result("resources/subscribe", { uri });
    await beside.result("resources/unsubscribe", { uri });
    await reply(room, task, "left");
    await isTold(UPDATED, agent.stream);
    await agent.end();
    await reply(room, task, "right");
    await sleep(300);
    assert.deepEqual(toldOf(UPDATED, beside.stream), []);
  });

  test("stays subscribed over a restart", async () => {
    const { room, token } = await settle(world);
    const agent = await listening(token);
    const task = await agent.createTask();
    const uri = "agentrq://inbox";
    await agent.result("resources/subscribe", { uri });
    await world.server.kill();
    await world.restart();
    const stream = await agent.open(agent.stream.events.at(-1).id);
    await isReady(stream);
    await reply(room, task, "left");
    assert.deepEqual((await isTold(UPDATED, stream)).json.params, { uri });
  });
});

describe("logging/setLevel", () => {
  const levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

  test("takes each of the eight levels", async () => {
    const { token } = await settle(world);
    const agent = await listening(token);
    for (const level of levels) assert.deepEqual(await agent.result("logging/setLevel", { level }), {});
  });

  test("refuses what is none with -32602 and names those that there are", async () => {
    const { token } = await settle(world);
    const agent = await listening(token);
    for (const params of [{}, { level: "loud" }, { level: "INFO" }, { level: 3 }, { level: null }]) {
      const { status, body } = await agent.ask("logging/setLevel", params);
      assert.deepEqual([status, body.error.code], [200, -32602], JSON.stringify(params));
      for (const level of levels) assert.ok(body.error.message.includes(level), body.error.message);
    }
  });
});

test("a task that is made is no news to those who subscribed to nothing: no list is said to have changed that was not promised to", async () => {
  const { room, token } = await settle(world);
  const agent = await listening(token);
  await room.make("/tasks", { title: "Question: how?", assignee: "human" });
  await sleep(300);
  assert.ok(!agent.stream.events.some(({ json }) => /list_changed|updated/.test(json?.method ?? "")));
});
