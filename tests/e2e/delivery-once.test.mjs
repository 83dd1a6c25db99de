// Delivery is one thing, whatever the transport: an agent that changes between HTTP+SSE and MCP 2026-07-28 hears each reply, and once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches } from "../lib/deliveries.mjs";
import { seeded } from "../lib/random.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { StatelessClient } from "../lib/stateless.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

async function asked(t) {
  const { room, token } = await settle(world);
  const client = new StatelessClient(token.mcpUrl);
  const { task_id: task } = await client.call("createTask", { title: "Question: now?", assignee: "human" });
  const dashboard = await room.watch();
  t.after(() => dashboard.close());
  const says = async (text) => (await room.make(`/tasks/${task}/messages`, { text })).id;
  return { room, token, client, task, dashboard, says };
}

/** What stood whole in the result of a tool: `[{id, redelivered}]`. */
const rode = ({ content }) =>
  content
    .map(({ text }) => /\((.*message_id="([^"]+)".*)\)$/s.exec(text))
    .filter(Boolean)
    .map(([, meta, id]) => ({ id, redelivered: /redelivered="true"/.test(meta) }));
const waited = ({ messages }) =>
  messages.map(({ message_id: id, redelivered }) => ({ id, redelivered: redelivered === "true" }));
const pushed = (agent) =>
  agent.heard.map(({ meta }) => ({ id: meta.message_id, redelivered: meta.redelivered === "true" }));
/** What was only named in a result: it was pushed, or it is too long. */
const named = ({ content }) =>
  content.map(({ text }) => /^(\S+) for task \S+ (was pushed|waits)/.exec(text)?.[1]).filter(Boolean);
const ids = (items) => items.map(({ id }) => id);

describe("an agent that changes its transport", () => {
  test("from HTTP+SSE to 2026-07-28 and back hears each reply once, on the transport that it speaks just then", async (t) => {
    const { token, client, says, dashboard, task } = await asked(t);
    const first = await RawAgent.connect(token.mcpUrl);
    const one = await says("over the first stream");
    await reaches(dashboard, one, "received");
    assert.deepEqual(pushed(first), [{ id: one, redelivered: false }]);
    first.drop();
    const two = await says("while nobody is there");
    // In full; or by its id, as long as the stream that has gone is not known to have.
    const { content } = await client.tool("getWorkspace");
    assert.ok(content.some(({ text }) => text.includes(two)));
    const { messages } = await client.call("getTaskMessages", { task_id: task });
    assert.ok(messages.some(({ message_id: id }) => id === two));
    await client.tool("getWorkspace");
    await reaches(dashboard, two, "seen");
    const second = await RawAgent.connect(token.mcpUrl);
    t.after(() => second.drop());
    const three = await says("over the second stream");
    await reaches(dashboard, three, "received");
    const heard = pushed(second);
    assert.ok(!ids(heard).includes(two), "what was seen was pushed again");
    assert.deepEqual(
      heard.filter(({ id }) => id === three),
      [{ id: three, redelivered: false }],
    );
    assert.ok(heard.filter(({ id }) => id === one).every(({ redelivered }) => redelivered));
  });

  test("is told by its id of what was pushed on another stream, and not a second time in full", async (t) => {
    const { token, client, says, dashboard } = await asked(t);
    const agent = await RawAgent.connect(token.mcpUrl);
    t.after(() => agent.drop());
    const id = await says("pushed before");
    await reaches(dashboard, id, "received");
    const { content } = await client.tool("getWorkspace");
    assert.match(content[0].text, new RegExp(`^${id} for task .* was pushed`));
    assert.ok(!content[0].text.includes("pushed before"));
    assert.equal((await client.tool("getWorkspace")).content.length, 1, "and only once");
  });

  test("hears on its next call what was said while nobody was there, once", async (t) => {
    const { client, says } = await asked(t);
    const sent = [await says("one"), await says("two")];
    assert.deepEqual(
      rode(await client.tool("getWorkspace")),
      sent.map((id) => ({ id, redelivered: false })),
    );
    assert.deepEqual(rode(await client.tool("getWorkspace")), []);
    assert.deepEqual((await client.read("agentrq://inbox")).messages, []);
    assert.deepEqual((await client.call("waitForMessages", { timeout_seconds: 0 })).messages, []);
  });

  test("is not told again of what rode on a result, however long it is quiet after", async (t) => {
    const { client, says } = await asked(t);
    const id = await says("once");
    assert.deepEqual(ids(rode(await client.tool("getWorkspace"))), [id]);
    await sleep(2_500);
    assert.deepEqual(rode(await client.tool("getWorkspace")), []);
  });

  test("has its waiting call answered, and nothing pushed besides", async (t) => {
    const { token, client, says } = await asked(t);
    const agent = await RawAgent.connect(token.mcpUrl);
    t.after(() => agent.drop());
    const waiting = await client.wait();
    t.after(() => waiting.close());
    const id = await says("to whom?");
    const deadline = Date.now() + 5_000;
    const heard = () => [
      ...ids(pushed(agent)),
      ...waiting.events.flatMap(({ json }) => ids(waited(json.result.structuredContent))),
    ];
    while (!heard().length && Date.now() < deadline) await sleep(20);
    await sleep(200);
    assert.deepEqual(heard(), [id]);
  });
});

describe("whatever happens in between", () => {
  for (const seed of ["1", "2", "3"])
    test(`each reply is heard, and one that is heard again says so (seed ${seed})`, async (t) => {
      const { token, client, says, task } = await asked(t);
      const random = seeded(seed);
      const [sent, heard, story] = [[], [], []];
      let agent, waiting;
      const take = (how, items, at = performance.now()) => items.forEach((item) => heard.push({ at, how, ...item }));
      const leave = () => {
        if (!agent) return;
        agent.drop();
        for (const { at, json } of agent.stream.events)
          if (json?.method === "notifications/claude/channel") take("push", pushed({ heard: [json.params] }), at);
        agent = undefined;
      };
      const stop = async () => {
        if (!waiting) return;
        // What is on its way to a client that reads is read: only then does it let go.
        if (sent.length > waiting.since) await waiting.answered(3_000).catch(() => {});
        waiting.close();
        for (const { at, json } of waiting.events) take("wait", waited(json.result.structuredContent), at);
        waiting = undefined;
      };
      const call = async () => {
        const result = await client.tool("getWorkspace");
        take("result", rode(result));
        if (!named(result).length) return;
        // As the line says: what was pushed and not seen stands in the thread.
        const { messages } = await client.call("getTaskMessages", { task_id: task, order: "desc", limit: 100 });
        const there = new Set(messages.map(({ message_id }) => message_id));
        take(
          "thread",
          named(result)
            .filter((id) => there.has(id))
            .map((id) => ({ id, redelivered: true })),
        );
      };
      const look = async () => take("wait", waited(await client.call("waitForMessages", { timeout_seconds: 0 })));
      const steps = {
        says: async () => sent.push(await says(`reply ${sent.length}`)),
        saysTwice: async () => sent.push(...(await Promise.all([says("a"), says("b")]))),
        call,
        read: async () => take("inbox", waited(await client.read("agentrq://inbox"))),
        look,
        waits: async () => {
          await stop();
          await look();
          waiting = Object.assign(await client.wait({ timeout_seconds: 60 }), { since: sent.length });
        },
        stops: stop,
        connects: async () => {
          leave();
          agent = await RawAgent.connect(token.mcpUrl);
        },
        leaves: async () => leave(),
        pauses: () => sleep(40 + random() * 200),
      };
      const names = Object.keys(steps);
      for (let step = 0; step < 40; step++) {
        const name = names[Math.floor(random() * names.length)];
        story.push(name);
        await steps[name]();
      }
      leave();
      await stop();
      // What was on its way to a stream that has gone comes back once that is noticed.
      const missing = () => sent.filter((id) => !heard.some((item) => item.id === id));
      const deadline = Date.now() + 4_000;
      do {
        await look();
        await call();
        if (missing().length) await sleep(200);
      } while (missing().length && Date.now() < deadline);
      const context = (id) => `${story.join(" ")}\n${JSON.stringify(heard.filter((item) => item.id === id))}`;
      assert.deepEqual(missing(), [], context());
      for (const id of sent) {
        const [, ...again] = heard.filter((item) => item.id === id).sort((a, b) => a.at - b.at);
        assert.ok(
          again.every(({ redelivered }) => redelivered),
          `${id} (reply ${sent.indexOf(id)}) came twice without a word: ${context(id)}`,
        );
      }
    });
});
