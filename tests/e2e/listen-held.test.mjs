// Listening streams (MCP 2026-07-28) over time: kept alive, over resets of the object, until their token ends; and how many there may be.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StatelessClient, SUBSCRIPTION, told, updated } from "../lib/stateless.mjs";
import { fault, insisting, reset } from "../lib/faults.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const INBOX = "agentrq://inbox";
const WORKSPACE = "agentrq://workspace";

const world = ownWorld({ build: "faults" });

async function asked(t, notifications) {
  const { room, token, workspace } = await settle(world);
  const client = new StatelessClient(token.mcpUrl);
  const { task_id: task } = await client.call("createTask", { title: "Question: now?", assignee: "human" });
  const stream = await client.listen(notifications ?? { resourceSubscriptions: [INBOX, WORKSPACE] });
  t.after(() => stream.close());
  const says = (text) => insisting(() => room.make(`/tasks/${task}/messages`, { text }));
  return { room, token, workspace, client, task, stream, says };
}

const acknowledgements = (stream) => told(stream).filter(([method]) => method === "subscriptions/acknowledged").length;

describe("a stream that is held", { concurrency: 6 }, () => {
  test("a stream outlives resets of the object: what happens during and after them is told, and the client need not know", async (t) => {
    const { workspace, client, stream, says } = await asked(t);
    const sent = [];
    for (let round = 0; round < 3; round++) {
      const from = stream.events.length;
      await reset(world, workspace);
      sent.push((await says(`round ${round}`)).id);
      await updated(stream, INBOX, from);
    }
    assert.ok(!stream.ended);
    assert.equal(acknowledgements(stream), 1);
    assert.ok(stream.events.every(({ json }) => json.params._meta[SUBSCRIPTION] === stream.id));
    const { messages } = await client.read(INBOX);
    assert.deepEqual(
      messages.map(({ message_id }) => message_id),
      sent,
    );
  });

  test("what changed while the socket behind a stream was broken is told once it stands again", async (t) => {
    const { workspace, stream, says } = await asked(t);
    for (let round = 0; round < 3; round++) {
      const from = stream.events.length;
      const [said] = await Promise.all([says(`round ${round}`), fault(world, workspace, "break")]);
      assert.ok(said.id);
      await updated(stream, INBOX, from);
    }
    assert.ok(!stream.ended);
  });

  test("a call that waits goes on over a reset", async (t) => {
    const { workspace, client, says } = await asked(t);
    const waiting = await client.wait();
    t.after(() => waiting.close());
    await reset(world, workspace);
    const { id } = await says("after it");
    const { structuredContent } = await waiting.answered();
    assert.deepEqual(
      structuredContent.messages.map(({ message_id }) => message_id),
      [id],
    );
    await waiting.done;
  });

  test("a token that is revoked hears nothing more: its streams are cut, its calls refused", async (t) => {
    const { room, token, client, stream, says } = await asked(t);
    const waiting = await client.wait();
    t.after(() => waiting.close());
    const from = stream.events.length;
    await room.remove(`/tokens/${token.id}`);
    await says("not for you");
    await Promise.all([stream.done, waiting.done]);
    assert.deepEqual(
      stream.events.slice(from).filter(({ json }) => json.method),
      [],
      "something was told after the token had ended",
    );
    for (const [method, params] of [
      ["tools/list", {}],
      ["subscriptions/listen", { notifications: {} }],
    ])
      assert.equal((await client.ask(method, params)).status, 401);
  });

  test("a token may hold 64 streams: one more is refused, says when to come back, and cuts none", async (t) => {
    const { room, token } = await settle(world);
    const client = new StatelessClient(token.mcpUrl);
    const streams = [];
    t.after(() => streams.forEach((stream) => stream.close()));
    for (let n = 0; n < 64; n++) streams.push(await client.listen({ resourceSubscriptions: [WORKSPACE] }));
    for (const ask of [
      () => client.ask("subscriptions/listen", { notifications: {} }),
      () => client.ask("tools/call", { name: "waitForMessages", arguments: {} }),
    ]) {
      const { status, headers } = await ask();
      assert.equal(status, 429);
      assert.ok(Number(headers.get("retry-after")) > 0);
    }
    const another = new StatelessClient((await room.make("/tokens", { label: "another" })).mcpUrl);
    streams.push(await another.listen({ resourceSubscriptions: [WORKSPACE] }));
    await room.change("", { mission: "to all" });
    await Promise.all(streams.map((stream) => updated(stream, WORKSPACE)));
    // One that goes makes room, as soon as it is noticed.
    streams[0].close();
    const deadline = Date.now() + 5_000;
    for (;;) {
      const { status } = await client.ask("subscriptions/listen", { notifications: {} });
      if (status === 200) break;
      assert.ok(Date.now() < deadline, "the room of a stream that has gone is still taken");
      await sleep(200);
    }
  });

  test("a quiet stream gets a comment every 25 seconds, which is no event", async (t) => {
    const { client, stream } = await asked(t);
    const waiting = await client.wait({ timeout_seconds: 60 });
    t.after(() => waiting.close());
    const comments = () => [stream.comments, waiting.comments];
    // Its first byte is a comment too.
    while (!waiting.comments) await sleep(20);
    const [were, events] = [comments(), stream.events.length];
    await sleep(26_500);
    assert.deepEqual(
      comments().map((count, n) => count - were[n]),
      [1, 1],
    );
    assert.deepEqual([stream.events.length, waiting.events.length], [events, 0]);
    assert.ok(!stream.ended && !waiting.ended);
  });
});
