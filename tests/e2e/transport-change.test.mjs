// An agent that changes its transport, HTTP+SSE to Streamable HTTP and back: it hears everything once, and people see what became of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "../lib/agent.mjs";
import { reaches, states } from "../lib/deliveries.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { StreamableAgent, answerOn, heardOn, hearsOn } from "../lib/streamable.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const { keep } = world;
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });

/** Both transports behind one face: what a client heard, a tool, and leaving. */
const transports = {
  "HTTP+SSE": async (token) => {
    const agent = keep(await RawAgent.connect(token.mcpUrl));
    return {
      heard: () => agent.heard,
      hears: (message) => agent.hears(({ meta }) => meta.message_id === message.id),
      tool: async (name, args) => (await agent.tool(name, args)).structuredContent,
      leave: () => agent.drop(),
    };
  },
  "Streamable HTTP": async (token) => {
    const agent = keep(await StreamableAgent.listen(token.mcpUrl));
    return {
      heard: () => heardOn(agent.stream),
      hears: (message) => hearsOn(agent.stream, message),
      tool: (name, args) => agent.tool(name, args),
      leave: () => agent.end(),
    };
  },
};

describe("an agent that changes its transport", () => {
  for (const order of [
    ["HTTP+SSE", "Streamable HTTP", "HTTP+SSE"],
    ["Streamable HTTP", "HTTP+SSE", "Streamable HTTP"],
  ])
    test(`from ${order.join(" to ")} hears what came while it was there, and what came between, each once`, async () => {
      const { room, token } = await settle(world);
      const dashboard = keep(await room.watch());
      let task;
      const heard = [];
      const sent = [];
      for (const [i, transport] of order.entries()) {
        const between = i ? await reply(room, task, `between ${i}`) : undefined;
        if (between) await reaches(dashboard, between.id, "queued");
        const agent = await transports[transport](token);
        task ??= (await agent.tool("createTask", { title: "Question: how?", assignee: "human" })).task_id;
        for (const message of [between, await reply(room, task, `there ${i}`)].filter(Boolean)) {
          await agent.hears(message);
          await reaches(dashboard, message.id, "received");
          // The model acts on it: it is not owed to the next one.
          await agent.tool("reply", { chat_id: task, text: "noted", in_reply_to: message.id });
          const seen = await reaches(dashboard, message.id, "seen");
          assert.equal(seen.route, "channel");
          sent.push(message.id);
        }
        await sleep(100);
        heard.push(...agent.heard().map(({ meta }) => meta.message_id));
        await agent.leave();
        // Found out by a write: the client of the old transport says no goodbye.
        if (transport === "HTTP+SSE") await sleep(100);
      }
      assert.deepEqual(heard, sent);
      // One that was sent into a stream whose client had gone was queued again first.
      for (const id of sent) assert.match(states(dashboard, id).join(" "), /^(queued sent )+received seen$/);
    });

  test("is owed what the session before received and never acted on, once more, and marked", async () => {
    for (const [from, to] of [
      ["HTTP+SSE", "Streamable HTTP"],
      ["Streamable HTTP", "HTTP+SSE"],
    ]) {
      const { room, token } = await settle(world);
      const dashboard = keep(await room.watch());
      const before = await transports[from](token);
      const { task_id: task } = await before.tool("createTask", { title: "Question: how?", assignee: "human" });
      const message = await reply(room, task, "left");
      await reaches(dashboard, message.id, "received");
      await before.leave();
      const next = await transports[to](token);
      await next.hears(message);
      await sleep(200);
      const again = next.heard().filter(({ meta }) => meta.message_id === message.id);
      assert.deepEqual(
        again.map(({ meta }) => meta.redelivered),
        ["true"],
        `${from} to ${to}`,
      );
    }
  });

  test("has one identity on both, and one inbox: what it asked over one it hears over the other", async () => {
    const { room, token } = await settle(world);
    const old = await transports["HTTP+SSE"](token);
    const { task_id: task } = await old.tool("createTask", { title: "Question: how?", assignee: "human" });
    await old.leave();
    const agent = await StreamableAgent.connect(token.mcpUrl);
    const call = await agent.wait();
    world.keep(agent);
    const message = await reply(room, task, "left");
    const { result } = await answerOn(call.stream, call.id, 14_000);
    assert.equal(result.structuredContent.messages[0].message_id, message.id);
    assert.deepEqual(
      (await room.get("/agents")).agents.map(({ name }) => name),
      ["laptop"],
    );
  });
});

test("clients of both transports under one token are each told of their own tasks, each message once", async () => {
  const { room, token } = await settle(world);
  const agents = [await transports["HTTP+SSE"](token), await transports["Streamable HTTP"](token)];
  const sent = [[], []];
  const tasks = [];
  for (const agent of agents)
    tasks.push((await agent.tool("createTask", { title: `Question: ${tasks.length}?`, assignee: "human" })).task_id);
  for (const round of [1, 2, 3]) for (const i of [0, 1]) sent[i].push((await reply(room, tasks[i], `${round}`)).id);
  for (const i of [0, 1]) {
    await agents[i].hears({ id: sent[i].at(-1) });
    assert.deepEqual(
      agents[i].heard().map(({ meta }) => meta.message_id),
      sent[i],
    );
  }
});

test("the official client over HTTP+SSE and a Streamable one of the same token do not disturb each other's answers", async () => {
  const { token } = await settle(world);
  const old = keep(await Agent.connect(token.mcpUrl));
  const agent = keep(await StreamableAgent.listen(token.mcpUrl));
  const made = await Promise.all(
    [1, 2, 3].flatMap((i) => [
      old.call("createTask", { title: `Question: old ${i}?`, assignee: "human" }),
      agent.tool("createTask", { title: `Question: new ${i}?`, assignee: "human" }),
    ]),
  );
  assert.equal(new Set(made.map(({ task_id: id }) => id)).size, 6);
});
