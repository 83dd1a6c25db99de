// A call that waits for a person, over Streamable HTTP to 2025-11-25: on a stream of its own, which outlives its connection.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches, states } from "../lib/deliveries.mjs";
import { StreamableAgent, answerOn, hearsOn, idsOn, isReady, messagesOn } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const { keep } = world;
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });
/** A client with a task of its own and a call that waits. */
async function waiting(args, options) {
  const { room, token } = await settle(world);
  const agent = keep(await StreamableAgent.connect(token.mcpUrl, options));
  const task = await agent.createTask();
  return { room, token, agent, task, call: await agent.wait(args) };
}
const given = ({ result }) => result.structuredContent.messages.map(({ message_id: id }) => id);

describe("a call that waits", () => {
  test("is answered on its own stream, which then ends", async () => {
    const { room, task, call } = await waiting();
    const message = await reply(room, task, "left");
    assert.deepEqual(given(await answerOn(call.stream, call.id)), [message.id]);
    await Promise.race([call.stream.done, sleep(2_000)]);
    assert.ok(call.stream.ended);
    assert.equal(call.stream.events.filter(({ json }) => json?.id === call.id).length, 1);
  });

  for (const progressToken of [7, "a token"])
    test(`sends progress at once for the token ${JSON.stringify(progressToken)}, which grows and names it`, async () => {
      const { call } = await waiting({ progressToken });
      const { json } = await call.stream.until((event) => event.json?.method === "notifications/progress", 2_000);
      assert.strictEqual(json.params.progressToken, progressToken);
      assert.equal(typeof json.params.progress, "number");
    });

  test("sends no progress to a client that asked for none", async () => {
    const { call } = await waiting();
    await sleep(300);
    assert.ok(call.stream.events.every(({ json }) => json === undefined));
  });

  test("comes back empty when its time is over", async () => {
    const { call } = await waiting({ timeout_seconds: 1 });
    assert.deepEqual(given(await answerOn(call.stream, call.id, 4_000)), []);
  });

  test("does not wait for what is there: that is answered as plain JSON", async () => {
    const { room, token } = await settle(world);
    const agent = keep(await StreamableAgent.connect(token.mcpUrl));
    const message = await reply(room, await agent.createTask(), "left");
    const [item] = (await agent.tool("waitForMessages")).messages;
    assert.equal(item.message_id, message.id);
  });

  test("is cancelled by notifications/cancelled: no answer comes, and what comes later goes elsewhere", async () => {
    const { room, agent, task, call } = await waiting({ progressToken: 1 });
    const stream = await agent.open();
    await isReady(stream);
    await agent.say("notifications/cancelled", { requestId: call.id, reason: "enough" });
    await Promise.race([call.stream.done, sleep(2_000)]);
    assert.ok(call.stream.ended, "the stream of a cancelled call ends");
    const message = await reply(room, task, "left");
    await hearsOn(stream, message);
    assert.ok(!call.stream.events.some(({ json }) => json?.id === call.id));
  });

  test("is not cancelled under another id, nor one that has the same letters as a number", async () => {
    const { room, agent, task, call } = await waiting();
    for (const requestId of [call.id + 1, String(call.id), null])
      await agent.say("notifications/cancelled", { requestId });
    const message = await reply(room, task, "left");
    assert.deepEqual(given(await answerOn(call.stream, call.id)), [message.id]);
  });

  /** A client with a call that waits and a stream of its session, opened before or after it. */
  async function besideStream(first) {
    const { room, token } = await settle(world);
    const agent = keep(await StreamableAgent.connect(token.mcpUrl));
    const task = await agent.createTask();
    const opened = {};
    const openings = {
      stream: async () => isReady((opened.stream = await agent.open())),
      call: async () => (opened.call = await agent.wait()),
    };
    for (const name of first === "stream" ? ["stream", "call"] : ["call", "stream"]) await openings[name]();
    return { room, task, ...opened };
  }

  for (const first of ["stream", "call"]) {
    const order = `when the ${first} was there first`;

    test(`whose message comes together with others leaves none of them behind, ${order}`, async () => {
      // Several, because it depends on what comes between the answer and the end of its stream.
      const rounds = Array.from({ length: 3 }, async () => {
        const { room, task, call, stream } = await besideStream(first);
        const replies = await Promise.all(["one", "two", "three"].map((text) => reply(room, task, text)));
        const sent = replies.map(({ id }) => id);
        const answered = given(await answerOn(call.stream, call.id));
        for (const id of sent.filter((id) => !answered.includes(id))) await hearsOn(stream, { id }, 3_000);
        assert.deepEqual([...answered, ...messagesOn(stream)].toSorted(), sent.toSorted());
      });
      await Promise.all(rounds);
    });

    test(`is over once it is answered: what comes next is pushed, ${order}`, async () => {
      const { room, task, call, stream } = await besideStream(first);
      for (const wait of [0, 50]) {
        const answered = await reply(room, task, "waited for");
        if (!wait) assert.deepEqual(given(await answerOn(call.stream, call.id)), [answered.id]);
        await sleep(wait);
        await hearsOn(stream, await reply(room, task, "pushed"), 3_000);
      }
    });
  }
});

describe("the stream of a call that waits, cut", () => {
  test("before the answer: the call waits on, and is answered on the stream that resumes it", async () => {
    const { room, agent, task, call } = await waiting();
    const [start] = idsOn(call.stream);
    call.stream.close();
    await sleep(300);
    const again = await agent.open(start);
    assert.equal(again.status, 200, again.refusal);
    const message = await reply(room, task, "left");
    assert.deepEqual(given(await answerOn(again, call.id)), [message.id]);
    await Promise.race([again.done, sleep(2_000)]);
    assert.ok(again.ended);
  });

  /** A call whose answer is written to a client that has gone, which the server cannot know yet. */
  async function answeredToNobody() {
    const here = await waiting();
    const dashboard = keep(await here.room.watch());
    const [start] = idsOn(here.call.stream);
    here.call.stream.close();
    await sleep(300);
    const message = await reply(here.room, here.task, "left");
    return { ...here, dashboard, start, message };
  }

  test("while the answer comes: it is given on the stream that resumes it, once", async () => {
    const { agent, call, start, message } = await answeredToNobody();
    await sleep(300);
    const again = await agent.open(start);
    assert.equal(again.status, 200, again.refusal);
    assert.deepEqual(given(await answerOn(again, call.id)), [message.id]);
    await Promise.race([again.done, sleep(2_000)]);
    assert.equal(again.events.filter(({ json }) => json?.id === call.id).length, 1);
  });

  test("while the answer comes: people are not told that it was received before it was", async () => {
    const { agent, call, start, message, dashboard } = await answeredToNobody();
    await sleep(1_000);
    assert.ok(!states(dashboard, message.id).includes("received"), states(dashboard, message.id).join(", "));
    await answerOn(await agent.open(start), call.id);
  });

  test("after the answer: resumed from before it, it is given once more, the same", async () => {
    const { room, agent, task, call } = await waiting();
    const [start] = idsOn(call.stream);
    const message = await reply(room, task, "left");
    const first = await answerOn(call.stream, call.id);
    await Promise.race([call.stream.done, sleep(2_000)]);
    const again = await agent.open(start);
    const second = await answerOn(again, call.id);
    assert.deepEqual(second, first);
    assert.deepEqual(given(second), [message.id]);
    await Promise.race([again.done, sleep(2_000)]);
    assert.ok(again.ended, "nothing comes after the answer");
  });

  test("after the answer: resumed from the answer, it is not given once more", async () => {
    const { room, agent, task, call } = await waiting();
    await reply(room, task, "left");
    await answerOn(call.stream, call.id);
    const last = idsOn(call.stream).at(-1);
    await Promise.race([call.stream.done, sleep(2_000)]);
    const again = await agent.open(last);
    assert.equal(again.status, 200, again.refusal);
    await sleep(500);
    assert.ok(!again.events.some(({ json }) => json?.id === call.id), "the answer came twice");
  });

  test("and asked again instead of resumed: the new call is answered, and not only the one that nobody reads", async () => {
    const { room, agent, task, call } = await waiting();
    call.stream.close();
    await sleep(300);
    const again = await agent.wait();
    const message = await reply(room, task, "left");
    assert.deepEqual(given(await answerOn(again.stream, again.id, 5_000)), [message.id]);
  });

  test("and asked again under its id: one of the two is answered, on the stream that is read", async () => {
    const { room, agent, task, call } = await waiting();
    call.stream.close();
    await sleep(300);
    const again = await agent.post({
      jsonrpc: "2.0",
      id: call.id,
      method: "tools/call",
      params: { name: "waitForMessages", arguments: {} },
    });
    const message = await reply(room, task, "left");
    assert.deepEqual(given(await answerOn(again.stream, call.id, 5_000)), [message.id]);
  });

  test("bears nothing of another stream when it is resumed", async () => {
    const { room, agent, task, call } = await waiting();
    const stream = await agent.open();
    await isReady(stream);
    const [start] = idsOn(call.stream);
    call.stream.close();
    await sleep(300);
    const answered = await reply(room, task, "waited for");
    await sleep(300);
    const pushed = await reply(room, task, "pushed");
    await hearsOn(stream, pushed);
    const again = await agent.open(start);
    assert.deepEqual(given(await answerOn(again, call.id)), [answered.id]);
    assert.deepEqual(messagesOn(again), []);
  });
});

test("a message that a waiting call returned is seen once its cursor comes back", async () => {
  const { room, agent, task, call } = await waiting();
  const dashboard = keep(await room.watch());
  const message = await reply(room, task, "left");
  const { result } = await answerOn(call.stream, call.id);
  await reaches(dashboard, message.id, "received");
  const next = await agent.wait({ cursor: result.structuredContent.cursor });
  const seen = await reaches(dashboard, message.id, "seen");
  assert.equal(seen.route, "wait");
  assert.deepEqual(states(dashboard, message.id).slice(-1), ["seen"]);
  next.stream.close();
});
