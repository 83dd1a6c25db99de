// `Last-Event-ID` over Streamable HTTP: a stream that was cut at any place goes on there, with nothing lost, nothing doubled and nothing of another.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches, told } from "../lib/deliveries.mjs";
import {
  REVISIONS,
  StreamableAgent,
  heardOn,
  hearsOn,
  idsOn,
  isReady,
  messagesOn,
  pingsOn,
} from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const { keep } = world;
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });
const isPush = ({ json }) => json?.method === "notifications/claude/channel";

/** A client that listens and answers no ping by itself, with a task of its own. */
async function listening(options = {}) {
  const { room, token } = await settle(world);
  const agent = keep(await StreamableAgent.listen(token.mcpUrl, { pongs: false, ...options }));
  await agent.pong(pingsOn(agent.stream)[0].json.id);
  return { room, token, agent, stream: agent.stream, task: await agent.createTask() };
}

/** Takes a stream up after `last`, and pongs from then on. */
async function resumed(agent, last) {
  agent.pongs = true;
  const stream = await agent.open(last);
  assert.equal(stream.status, 200, stream.refusal);
  return stream;
}

/** Pushes two replies in one go each, and resolves with their ids once both and the ping after the last have come. */
async function pushed({ room, stream, task }) {
  const sent = [];
  for (const text of ["one", "two"]) {
    const message = await reply(room, task, text);
    const event = await hearsOn(stream, message);
    await stream.until(
      (later) => later.json?.method === "ping" && stream.events.indexOf(later) > stream.events.indexOf(event),
    );
    sent.push(message.id);
  }
  return sent;
}

describe("a stream cut", () => {
  const cuts = {
    "before anything that was pushed": { until: () => -1, missed: 2 },
    "after the first push, before its ping": { until: (events) => events.findIndex(isPush), missed: 1 },
    "after the first ping that follows a push": { until: (events) => events.findIndex(isPush) + 1, missed: 1 },
    "after the last push, before its ping": { until: (events) => events.findLastIndex(isPush), missed: 0 },
    "after everything": { until: (events) => events.length - 1, missed: 0 },
  };
  for (const [where, { until, missed }] of Object.entries(cuts))
    test(`${where} goes on there: what the client had does not come again, what it missed does, in order`, async () => {
      const here = await listening();
      const sent = await pushed(here);
      const { room, agent, stream, task } = here;
      stream.close();
      const index = until(stream.events);
      const last =
        index < 0
          ? stream.events.findLast(
              (event) => event.id && stream.events.indexOf(event) < stream.events.findIndex(isPush),
            ).id
          : stream.events[index].id;
      const again = await resumed(agent, last);
      const next = await reply(room, task, "three");
      await hearsOn(again, next);
      await sleep(200);
      assert.deepEqual(messagesOn(again), [...sent.slice(2 - missed), next.id]);
    });

  for (const version of REVISIONS)
    test(`and taken up by a client of ${version} gets a byte at once and an event with an id of the same stream`, async () => {
      const { agent, stream } = await listening({ version });
      const last = idsOn(stream).at(-1);
      stream.close();
      const again = await resumed(agent, last);
      const first = await again.until(({ id }) => id, 2_000);
      assert.equal(first.id.split(".")[0], last.split(".")[0]);
      assert.ok(!idsOn(stream).includes(first.id), "an id came twice");
    });

  test("again and again loses nothing and doubles nothing", async () => {
    const { room, agent, stream, task } = await listening();
    agent.pongs = true;
    const sent = [];
    const streams = [stream];
    for (let round = 0; round < 6; round++) {
      const current = streams.at(-1);
      sent.push((await reply(room, task, `heard ${round}`)).id);
      await hearsOn(current, { id: sent.at(-1) });
      current.close();
      // One while the server may not have noticed, one while it surely has.
      sent.push((await reply(room, task, `missed ${round}`)).id);
      await sleep(round % 2 ? 150 : 0);
      streams.push(await resumed(agent, idsOn(current).at(-1)));
    }
    await hearsOn(streams.at(-1), { id: sent.at(-1) });
    await sleep(200);
    assert.deepEqual(messagesOn(...streams), sent);
    const ids = streams.flatMap(idsOn).filter((id) => !id.endsWith(".0") || id.split(".").length > 2);
    assert.equal(new Set(ids).size, ids.length, "an id came twice");
  });

  test("and taken up while it still seems open leaves the old one ended", async () => {
    const { room, agent, stream, task } = await listening();
    const again = await resumed(agent, idsOn(stream).at(-1));
    await Promise.race([stream.done, sleep(3_000)]);
    assert.ok(stream.ended);
    const message = await reply(room, task, "left");
    await hearsOn(again, message);
    assert.deepEqual(messagesOn(stream, again), [message.id]);
  });

  test("counts what the client names as received, and that alone", async () => {
    const here = await listening();
    const dashboard = keep(await here.room.watch());
    const [first, second] = await pushed(here);
    const { agent, stream } = here;
    stream.close();
    await sleep(300);
    agent.pongs = false;
    const again = await agent.open(stream.events.find(isPush).id);
    await reaches(dashboard, first, "received");
    await hearsOn(again, { id: second });
    assert.ok(!told(dashboard, second).some(({ state }) => state === "received"));
    await agent.pong(pingsOn(again).at(-1).json.id);
    agent.pongs = true;
  });
});

describe("what is taken up", () => {
  test("is never another stream's, though both are the session's", async () => {
    const { room, agent, stream, task } = await listening();
    agent.pongs = true;
    const other = await agent.open();
    await isReady(other);
    const sent = [];
    for (const text of ["one", "two", "three"]) sent.push((await reply(room, task, text)).id);
    const [told, untold] = await Promise.any(
      [
        [stream, other],
        [other, stream],
      ].map(([a, b]) => hearsOn(a, { id: sent.at(-1) }).then(() => [a, b])),
    );
    untold.close();
    await sleep(300);
    const again = await agent.open(idsOn(untold)[0]);
    await sleep(300);
    assert.deepEqual(messagesOn(again), []);
    assert.deepEqual(messagesOn(told, untold), sent);
  });

  test("is never a stream of another agent under the same token", async () => {
    const { room, token } = await settle(world);
    const one = keep(await StreamableAgent.listen(token.mcpUrl, { agent: "one" }));
    const two = keep(await StreamableAgent.connect(token.mcpUrl, { agent: "two" }));
    const task = await one.createTask();
    const stream = await two.open(idsOn(one.stream)[0]);
    await isReady(stream);
    const message = await reply(room, task, "for one");
    await hearsOn(one.stream, message, 3_000);
    assert.deepEqual(messagesOn(stream), []);
  });

  test("is never a stream of another session of the agent", async () => {
    const { room, token } = await settle(world);
    const one = keep(await StreamableAgent.listen(token.mcpUrl));
    const two = keep(await StreamableAgent.connect(token.mcpUrl));
    const task = await one.createTask();
    const stream = await two.open(idsOn(one.stream)[0]);
    await isReady(stream);
    const message = await reply(room, task, "for one");
    await hearsOn(one.stream, message, 3_000);
    assert.deepEqual(messagesOn(stream), []);
  });

  for (const [what, last] of [
    ["an id that was never given", "15LmlslOBXn.0"],
    ["a text that is no id", "hello world"],
    ["an empty id", ""],
    ["an id that is too long", `${"9".repeat(4_000)}.1.1`],
  ])
    test(`by ${what} is a new stream, on which what waits comes`, async () => {
      const { room, token } = await settle(world);
      const agent = keep(await StreamableAgent.connect(token.mcpUrl));
      const message = await reply(room, await agent.createTask(), "left");
      const stream = await agent.open(last);
      assert.equal(stream.status, 200, stream.refusal);
      await hearsOn(stream, message);
    });

  test("is a new stream where the old one has been given up, and its messages come there", async () => {
    const { room, token } = await settle(world);
    const agent = keep(await StreamableAgent.listen(token.mcpUrl, { pongs: false }));
    const task = await agent.createTask();
    const message = await reply(room, task, "left");
    await hearsOn(agent.stream, message);
    const last = idsOn(agent.stream)[0];
    agent.drop();
    // Another stream takes over what that one had, since its client did not come back to it.
    await sleep(300);
    agent.pongs = true;
    const newer = await agent.open();
    await hearsOn(newer, message);
    const again = await agent.open(last);
    assert.equal(again.status, 200, again.refusal);
    await sleep(300);
    assert.deepEqual(heardOn(again), [], "it has been given elsewhere since");
  });
});
