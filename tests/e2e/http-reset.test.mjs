// The object of a workspace is reset or evicted under Streamable HTTP clients: sessions and streams go on, with nothing lost and nothing doubled.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches } from "../lib/deliveries.mjs";
import { StreamableAgent, answerOn, hearsOn, messagesOn } from "../lib/streamable.mjs";
import { fault, insisting, reset } from "../lib/faults.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld({ build: "faults" });

const isUpdate = ({ json }) => json?.method === "notifications/resources/updated";

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
      await reset(world, workspace);
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
    await reset(world, workspace);
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
    await reset(world, workspace);
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
    await reset(world, workspace);
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
    await reset(world, workspace);
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
    await fault(world, workspace, "break");
    sent.push((await reply(`round ${round}`)).id);
    await hearsOn(stream, { id: sent[round] });
  }
  assert.deepEqual(messagesOn(stream), sent);
  assert.ok(!stream.ended);
  assert.deepEqual(await agent.result("ping"), {});
});
