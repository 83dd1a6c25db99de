// How long the name of a resource may be, over every transport: one that is longer is refused, and nothing of it is kept.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RawAgent } from "../lib/raw.mjs";
import { StatelessClient, told, updated } from "../lib/stateless.mjs";
import { StreamableAgent, isReady } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const BYTES = 2_048;
const INVALID_PARAMS = -32602;
const UPDATED = "notifications/resources/updated";
const workspace = "agentrq://workspace";
/** The workspace's resource under a name of so many bytes: slashes at its end change nothing of what it means. */
const named = (bytes) => workspace + "/".repeat(bytes - workspace.length);
const tooLong = [named(BYTES + 1), named(500_000), `${workspace}?${"é".repeat(BYTES / 2)}`];

const world = ownWorld();

function isRefused({ error, result }) {
  assert.equal(result, undefined);
  assert.equal(error.code, INVALID_PARAMS);
  assert.match(error.message, /at most 2048 bytes, and this one \d+/);
  assert.ok(error.message.length < 200);
}

/** Changes the workspace, and waits until a stream was told under `name`; resolves with all names it was told under. */
async function toldUnder(room, stream, name, mission) {
  await room.change("", { mission });
  const tells = ({ json }) => json?.method === UPDATED && json.params.uri === name;
  await stream.until(tells, 10_000, "the update");
  return stream.events.filter(({ json }) => json?.method === UPDATED).map(({ json }) => json.params.uri);
}

describe("a name that is too long", () => {
  for (const [transport, connect] of [
    ["HTTP+SSE", async (url) => RawAgent.connect(url)],
    ["Streamable HTTP", async (url) => StreamableAgent.connect(url)],
  ])
    test(`is neither followed, let go nor read over ${transport}, and the longest name is all of that`, async () => {
      const { room, token } = await settle(world);
      const agent = await connect(token.mcpUrl);
      const stream = agent.stream ?? (await agent.open());
      if (!agent.stream) await isReady(stream);
      const answer = async (method, uri) => {
        const asked = await agent.ask(method, { uri });
        return asked.body ?? agent.answerTo(asked);
      };
      for (const uri of tooLong)
        for (const method of ["resources/subscribe", "resources/unsubscribe", "resources/read"])
          isRefused(await answer(method, uri));
      assert.deepEqual((await answer("resources/subscribe", named(BYTES))).result, {});
      assert.deepEqual(await toldUnder(room, stream, named(BYTES), "once"), [named(BYTES)]);
      assert.ok((await answer("resources/read", named(BYTES))).result.contents[0].text);
      assert.deepEqual((await answer("resources/unsubscribe", named(BYTES))).result, {});
      agent.drop();
    });

  test("is neither listened to nor read with an envelope, alone or among others, and the longest name is both", async () => {
    const { room, token } = await settle(world);
    const client = new StatelessClient(token.mcpUrl);
    for (const uri of tooLong)
      for (const resourceSubscriptions of [[uri], ["agentrq://inbox", uri]])
        isRefused((await client.ask("subscriptions/listen", { notifications: { resourceSubscriptions } })).json);
    isRefused((await client.ask("resources/read", { uri: named(BYTES + 1) })).json);

    const stream = await client.listen({ resourceSubscriptions: [named(BYTES)] });
    assert.deepEqual(stream.honoured.resourceSubscriptions, [named(BYTES)]);
    await room.change("", { mission: "once" });
    await updated(stream, named(BYTES));
    assert.deepEqual(told(stream).slice(1), [["resources/updated", named(BYTES)]]);
    stream.close();
    assert.equal((await client.read(named(BYTES))).name, "Test");
  });
});
