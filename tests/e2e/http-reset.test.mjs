// The object of a workspace is reset or evicted under Streamable HTTP clients: sessions and streams go on, with nothing lost and nothing doubled.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches } from "../lib/deliveries.mjs";
import { StreamableAgent, answerOn, hearsOn, messagesOn } from "../lib/streamable.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
before(async () => {
  world = await startWorld({ build: "faults" });
});
after(() => world?.end());

const at = (workspace, what) => fetch(`${world.url}/test/${workspace.id}/${what}`);
const instance = async (workspace) => (await (await at(workspace, "instance")).json()).instance;

const isUpdate = ({ json }) => json?.method === "notifications/resources/updated";

/** Resets the object and waits until another instance answers. */
async function reset(workspace) {
  const was = await instance(workspace);
  await at(workspace, "reset").then((response) => response.arrayBuffer());
  const deadline = Date.now() + 5_000;
  while ((await instance(workspace).catch(() => was)) === was)
    assert.ok(Date.now() < deadline, "the object was not reset: this test shows nothing");
}

/** Tries until the object answers: while it is being reset the answer is 503, which says to try again. */
async function insisting(work) {
  for (let left = 40; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!left || !/503/.test(error.message)) throw error;
      await sleep(50);
    }
  }
}

async function listening(t) {
  const { room, token, workspace } = await settle(world);
  const dashboard = await room.watch();
  const agent = await StreamableAgent.listen(token.mcpUrl);
  t.after(() => {
    agent.drop();
    dashboard.close();
  });
  const task = await agent.createTask();
  const reply = (text) => insisting(() => room.make(`/tasks/${task}/messages`, { text }));
  return { room, token, workspace, dashboard, agent, stream: agent.stream, task, reply };
}

describe("a reset of the object", () => {
  test("ends no stream, and what is pushed meanwhile comes once and in order", async (t) => {
    const { workspace, agent, stream, reply } = await listening(t);
    const sent = [];
    for (let round = 0; round < 4; round++) {
      await reset(workspace);
      for (const wait of [0, 0, 150]) {
        await sleep(wait);
        sent.push((await reply(`round ${round}`)).id);
      }
      assert.equal((await insisting(() => agent.tool("getWorkspace"))).name, "Test");
    }
    for (const id of sent) await hearsOn(stream, { id });
    await sleep(200);
    assert.deepEqual(messagesOn(stream), sent);
    assert.ok(!stream.ended);
  });

  test("ends no call that waits, which is answered once", async (t) => {
    const { workspace, agent, reply } = await listening(t);
    const call = await agent.wait({ progressToken: 1 });
    await reset(workspace);
    const message = await reply("now");
    const { result } = await answerOn(call.stream, call.id);
    assert.equal(result.structuredContent.messages[0].message_id, message.id);
    await Promise.race([call.stream.done, sleep(2_000)]);
    assert.ok(call.stream.ended);
    assert.equal(call.stream.events.filter(({ json }) => json?.id === call.id).length, 1);
  });

  test("forgets no session, no ended one, no answer and no subscription", async (t) => {
    const { workspace, token, agent, stream, reply } = await listening(t);
    const ended = await StreamableAgent.connect(token.mcpUrl);
    await ended.end();
    await agent.result("resources/subscribe", { uri: "agentrq://inbox" });
    const asked = { jsonrpc: "2.0", id: 500, method: "tools/call" };
    const params = { name: "createTask", arguments: { title: "Question: once?", assignee: "human" } };
    const first = await agent.post({ ...asked, params });
    await reset(workspace);
    assert.deepEqual((await agent.post({ ...asked, params })).body, first.body);
    assert.equal((await ended.ask("ping")).status, 404);
    // Once this is heard, the stream is fed again.
    await hearsOn(stream, await reply("left"));
    const before = stream.events.length;
    await reply("right");
    await stream.until((event) => isUpdate(event) && stream.events.indexOf(event) >= before);
  });

  test("loses no news of a resource that changed before the stream was fed again", async (t) => {
    const { workspace, agent, stream, reply } = await listening(t);
    await agent.result("resources/subscribe", { uri: "agentrq://inbox" });
    await reset(workspace);
    await reply("left");
    await stream.until(isUpdate, 5_000);
  });

  test("between two streams: what the client missed comes by its last id, once", async (t) => {
    const { workspace, dashboard, agent, stream, reply } = await listening(t);
    const first = await reply("heard");
    await hearsOn(stream, first);
    await reaches(dashboard, first.id, "received");
    const last = stream.events.at(-1).id;
    stream.close();
    await sleep(200);
    const missed = await reply("missed");
    await reset(workspace);
    const again = await insisting(async () => {
      const opened = await agent.open(last);
      assert.equal(opened.status, 200, `${opened.status}`);
      return opened;
    });
    await hearsOn(again, missed);
    const next = await reply("and on");
    await hearsOn(again, next);
    assert.deepEqual(messagesOn(stream, again), [first.id, missed.id, next.id]);
  });
});

test("sockets that break under a living object are dialled again, and the client notices nothing", async (t) => {
  const { workspace, agent, stream, reply } = await listening(t);
  const sent = [];
  for (let round = 0; round < 3; round++) {
    await at(workspace, "break");
    sent.push((await reply(`round ${round}`)).id);
    await hearsOn(stream, { id: sent[round] });
  }
  assert.deepEqual(messagesOn(stream), sent);
  assert.ok(!stream.ended);
  assert.deepEqual(await agent.result("ping"), {});
});
