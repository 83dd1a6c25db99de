// The streams of Streamable HTTP to 2025-11-25: what comes first, what keeps them open, and what a proxy is told.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StreamableAgent, answerOn, hearsOn, idsOn, isReady } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

async function connected(token, options) {
  return world.keep(await StreamableAgent.connect(token.mcpUrl, options));
}

const isPriming = (block) => /^id: [\w.]+\nretry: \d+\ndata: ?$/.test(block);
/** Each stream that a client of these revisions can have open, by name. */
const kinds = {
  "the session's stream": (agent) => agent.open(),
  "the stream of a call that waits": async (agent) => (await agent.wait()).stream,
};

for (const [kind, opened] of Object.entries(kinds))
  describe(kind, () => {
    test("says by its headers that it is a stream which nobody may hold back or keep", async () => {
      const { token } = await settle(world);
      const { headers } = await opened(await connected(token));
      assert.match(headers.get("content-type"), /^text\/event-stream/);
      assert.equal(headers.get("cache-control"), "no-cache, no-transform");
      assert.equal(headers.get("x-accel-buffering"), "no");
      assert.equal(headers.get("content-encoding"), null);
      assert.equal(headers.get("content-length"), null);
    });

    test("begins with an id, no data and the time after which to come back, for 2025-11-25", async () => {
      const { token } = await settle(world);
      const stream = await opened(await connected(token));
      await stream.until(() => true);
      assert.ok(isPriming(stream.first), JSON.stringify(stream.first));
      assert.ok(Number(stream.events[0].retry) <= 5_000, "a client comes back soon");
    });

    for (const version of ["2025-03-26", "2025-06-18"])
      test(`begins with a comment for ${version}, whose clients take an event without data for a message`, async () => {
        const { token } = await settle(world);
        const agent = await connected(token, { version });
        const stream = await opened(agent);
        for (const deadline = Date.now() + 5_000; !stream.first && Date.now() < deadline;) await sleep(5);
        assert.match(stream.first, /^:/);
        await sleep(100);
        assert.ok(stream.events.every(({ data }) => data.length > 0));
      });
  });

describe("the session's stream", () => {
  for (const version of ["2025-03-26", "2025-06-18", "2025-11-25", undefined])
    test(`gets a ping with an id at once, so that a client of ${version ?? "no named revision"} can come back to it`, async () => {
      const { token } = await settle(world);
      const stream = await (await connected(token, { version })).open();
      const first = await stream.until(({ data }) => data.length > 0, 2_000);
      assert.equal(first.json.method, "ping");
      assert.match(first.id, /^\w+\.\d+\.0$/);
    });

  test("is answered and gets its first bytes though nobody has ever said initialize", async () => {
    const { token } = await settle(world);
    const agent = new StreamableAgent(token.mcpUrl);
    world.keep(agent);
    const stream = await agent.open();
    assert.equal(stream.status, 200);
    // It names no session, so it is of the old transport: its first bytes say where to post. Where nobody speaks, a ping follows by
    // itself, two seconds later: waiting just as long was a race.
    await stream.until("endpoint");
    await isReady(stream, 10_000);
  });

  test("bears no answer to a request, and that of a call no other's message", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const stream = await agent.open();
    await isReady(stream);
    const call = await agent.wait();
    await agent.result("ping");
    const task = await agent.createTask();
    const message = await room.make(`/tasks/${task}/messages`, { text: "left" });
    const { result } = await answerOn(call.stream, call.id);
    assert.equal(result.structuredContent.messages[0].message_id, message.id);
    assert.ok(!stream.events.some(({ json }) => json && !json.method), "an answer came on the session's stream");
    assert.ok(!call.stream.events.some(({ json }) => json?.method?.startsWith("notifications/claude")));
  });

  test("bears ids that are unique over all streams of the session and name theirs", async () => {
    const { room, token } = await settle(world);
    const agent = await connected(token);
    const streams = [await agent.open(), await agent.open()];
    await Promise.all(streams.map((stream) => isReady(stream)));
    const task = await agent.createTask();
    const read = [];
    for (const text of ["one", "two"]) {
      const message = await room.make(`/tasks/${task}/messages`, { text });
      await Promise.any(streams.map((stream) => hearsOn(stream, message)));
      read.push(message.id);
    }
    const call = await agent.wait({ cursor: read.join(".") });
    streams.push(call.stream);
    await room.make(`/tasks/${task}/messages`, { text: "three" });
    await answerOn(call.stream, call.id);
    const ids = streams.flatMap(idsOn);
    assert.ok(ids.length >= 8, `${ids}`);
    assert.equal(new Set(ids).size, ids.length, `${ids}`);
    const names = streams.map((stream) => new Set(idsOn(stream).map((id) => id.split(".")[0])));
    for (const name of names) assert.equal(name.size, 1);
    assert.equal(new Set(names.flatMap((name) => [...name])).size, streams.length);
  });
});
