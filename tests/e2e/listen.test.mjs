// `subscriptions/listen` (MCP 2026-07-28): a client is told what it asked to be told, on a stream of its own, and nothing else.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches, states } from "../lib/deliveries.mjs";
import { StatelessClient, SUBSCRIPTION, told, updated } from "../lib/stateless.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const INVALID_PARAMS = -32602;
const INBOX = "agentrq://inbox";
const WORKSPACE = "agentrq://workspace";

const world = ownWorld();

/** A client that has asked a person something. Each stream that is opened with `listens` is closed after the test. */
async function asked(t) {
  const { person, room, token, workspace } = await settle(world);
  const client = new StatelessClient(token.mcpUrl);
  const { task_id: task } = await client.call("createTask", { title: "Question: now?", assignee: "human" });
  return {
    person,
    room,
    token,
    workspace,
    client,
    task,
    thread: `agentrq://tasks/${task}/thread`,
    says: (text, to = task) => room.make(`/tasks/${to}/messages`, { text }),
    async listens(notifications, options, by = client) {
      const stream = await by.listen(notifications, options);
      t.after(() => stream.close());
      return stream;
    },
  };
}

/** Lets a stream hear one thing more that it asked for, so that whatever was on its way before has come. */
async function settled(stream, room) {
  const from = stream.events.length;
  await room.change("", { mission: `after ${from}: ${Math.random()}` });
  await updated(stream, WORKSPACE, from);
}

describe("the last message", () => {
  for (const [what, ends] of [
    ["when the token is withdrawn", ({ room, token }) => room.remove(`/tokens/${token.id}`)],
    ["when the workspace is deleted", ({ room }) => room.remove("")],
  ])
    test(`is the answer to the request ${what}: the stream ends with it`, async (t) => {
      const here = await asked(t);
      const streams = [
        await here.listens({ resourceSubscriptions: [WORKSPACE] }),
        await here.listens({}, { id: "l-2" }),
      ];
      await ends(here);
      for (const stream of streams) {
        await stream.done;
        const { json } = stream.events.at(-1);
        assert.deepEqual([json.id, json.error, json.method], [stream.id, undefined, undefined]);
        assert.equal(json.result.resultType, "complete");
        assert.equal(json.result._meta[SUBSCRIPTION], stream.id);
        assert.equal(stream.events.filter((event) => event.json.result).length, 1);
      }
      assert.equal((await here.client.ask("subscriptions/listen", { notifications: {} })).status >= 400, true);
    });
});

describe("the first message", () => {
  test("is the acknowledgement, with what is honoured", async (t) => {
    const { listens, task, thread } = await asked(t);
    const wanted = [INBOX, WORKSPACE, `agentrq://tasks/${task}`, thread];
    const all = { toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: wanted };
    const stream = await listens(all);
    assert.equal(stream.events[0].json.method, "notifications/subscriptions/acknowledged");
    const { resourceSubscriptions, ...rest } = stream.honoured;
    assert.deepEqual(rest, { toolsListChanged: true, resourcesListChanged: true });
    assert.deepEqual(resourceSubscriptions.sort(), wanted.sort());
  });

  test("comes on a stream that no proxy keeps back", async (t) => {
    const { listens } = await asked(t);
    const { headers } = await listens({ resourceSubscriptions: [INBOX] });
    assert.equal(headers.get("x-accel-buffering"), "no");
    assert.match(headers.get("cache-control"), /no-cache.*no-transform/);
    assert.equal(headers.get("mcp-session-id"), null);
  });

  test("leaves out what is not there", async (t) => {
    const { listens, task } = await asked(t);
    const stream = await listens({
      toolsListChanged: false,
      promptsListChanged: true,
      resourceSubscriptions: [
        "agentrq://tasks/999",
        "file:///etc/passwd",
        "",
        `agentrq://tasks/${task}`,
        "agentrq://nothing",
      ],
    });
    assert.deepEqual(stream.honoured, { promptsListChanged: true, resourceSubscriptions: [`agentrq://tasks/${task}`] });
  });

  test("says nothing is honoured where nothing is asked for, and nothing comes", async (t) => {
    const { listens, says, room } = await asked(t);
    const stream = await listens({});
    assert.deepEqual(stream.honoured, {});
    const other = await listens({ resourceSubscriptions: [WORKSPACE] });
    await says("nobody asked");
    await settled(other, room);
    assert.deepEqual(told(stream), [["subscriptions/acknowledged"]]);
  });

  test("and every other bears the request's own id, a number or a text", async (t) => {
    const { listens, says, thread } = await asked(t);
    for (const id of [7, 0, -1, "seven", "7", 'a b\n"ü']) {
      const stream = await listens({ resourceSubscriptions: [thread, WORKSPACE] }, { id });
      await says(`to ${id}`);
      await updated(stream, thread);
      assert.ok(stream.events.length >= 2);
      for (const { json } of stream.events) {
        assert.deepEqual(json.params._meta[SUBSCRIPTION], id);
        assert.ok(!("id" in json), "a notification, not a request");
      }
      stream.close();
    }
  });
});

describe("a stream tells", () => {
  test("of a thread: an answer, and an agent's own reply", async (t) => {
    const { listens, says, client, task, thread } = await asked(t);
    const stream = await listens({ resourceSubscriptions: [thread] });
    await says("yes");
    let heard = await updated(stream, thread);
    await client.call("reply", { chat_id: task, text: "thanks" });
    heard = await updated(stream, thread, heard);
    await client.call("updateTaskStatus", { task_id: task, status: "completed" });
    await updated(stream, thread, heard);
    assert.deepEqual(
      [
        ...new Set(
          told(stream)
            .slice(1)
            .map(([, uri]) => uri),
        ),
      ],
      [thread],
    );
  });

  test("of a task and of the workspace: whose turn it is changes both", async (t) => {
    const { listens, room, task } = await asked(t);
    const uri = `agentrq://tasks/${task}`;
    const stream = await listens({ resourceSubscriptions: [uri, WORKSPACE] });
    await room.decide(task, "approve");
    await updated(stream, uri);
    await updated(stream, WORKSPACE);
    const heard = stream.events.length;
    await room.change("", { name: "Renamed" });
    await updated(stream, WORKSPACE, heard);
  });

  test("of a resource under the name that the client gave it", async (t) => {
    const { listens, says, room, task } = await asked(t);
    const { number } = await room.get(`/tasks/${task}`);
    const uri = `agentrq://tasks/${number}/thread`;
    const stream = await listens({ resourceSubscriptions: [uri] });
    assert.deepEqual(stream.honoured, { resourceSubscriptions: [uri] });
    await says("yes");
    await updated(stream, uri);
  });

  test("of the inbox when something waits for this agent, and not for another", async (t) => {
    const { listens, says, room, token, client } = await asked(t);
    const other = new StatelessClient((await room.make("/tokens", { label: "other" })).mcpUrl);
    const third = new StatelessClient(token.mcpUrl, { agent: "third" });
    const wanted = { resourceSubscriptions: [INBOX, WORKSPACE] };
    const [mine, theirs, thirds] = [
      await listens(wanted, {}, client),
      await listens(wanted, {}, other),
      await listens(wanted, {}, third),
    ];
    await says("for the first");
    await updated(mine, INBOX);
    const { task_id: task } = await other.call("createTask", { title: "Question: mine?", assignee: "human" });
    await says("for the other", task);
    await updated(theirs, INBOX);
    for (const stream of [mine, theirs, thirds]) await settled(stream, room);
    const inboxes = (stream) => told(stream).filter(([, uri]) => uri === INBOX).length;
    assert.deepEqual([inboxes(mine), inboxes(theirs), inboxes(thirds)], [1, 1, 0]);
  });

  test("every agent of work that waits for any of them", async (t) => {
    const { listens, room, client } = await asked(t);
    const other = new StatelessClient((await room.make("/tokens", { label: "other" })).mcpUrl);
    const wanted = { resourceSubscriptions: [INBOX] };
    const streams = [await listens(wanted, {}, client), await listens(wanted, {}, other)];
    await room.make("/tasks", { title: "Anybody", assignee: "agent" });
    for (const stream of streams) await updated(stream, INBOX);
  });

  test("of tools when the token is given other scopes", async (t) => {
    const { listens, room, token, client } = await asked(t);
    const stream = await listens({ toolsListChanged: true });
    const silent = await listens({ resourceSubscriptions: [WORKSPACE] });
    const before = (await client.result("tools/list")).tools.length;
    await room.change(`/tokens/${token.id}`, { scopes: ["read"] });
    await stream.until(({ json }) => json.method === "notifications/tools/list_changed");
    assert.ok((await client.result("tools/list")).tools.length < before);
    await settled(silent, room);
    assert.ok(!told(silent).some(([method]) => method === "tools/list_changed"), "nobody asked for that");
  });

  test("of the list of resources when a task comes or goes", async (t) => {
    const { listens, room, client, task } = await asked(t);
    const stream = await listens({ resourcesListChanged: true });
    const changes = () => told(stream).filter(([method]) => method === "resources/list_changed").length;
    const more = (than) =>
      stream.until((_) => changes() > than, 5_000, `more than ${than} changes`).then(() => changes());
    const { id } = await room.make("/tasks", { title: "One more", assignee: "human" });
    const made = await more(0);
    await room.remove(`/tasks/${id}`);
    const removed = await more(made);
    await client.call("updateTaskStatus", { task_id: task, status: "completed" });
    await more(removed);
  });

  test("each listener on its own stream: several at once, each with what it asked for", async (t) => {
    const { listens, says, room, thread, client } = await asked(t);
    const wanted = [
      { resourceSubscriptions: [thread] },
      { resourceSubscriptions: [INBOX] },
      { resourcesListChanged: true },
      { resourceSubscriptions: [thread, INBOX] },
    ];
    const streams = [];
    // Two of one client under the same id too: a stream is not told apart by it.
    for (const [n, filter] of wanted.entries()) streams.push(await listens(filter, { id: Math.min(n, 2) }, client));
    await says("to all");
    await room.make("/tasks", { title: "One more", assignee: "human" });
    await updated(streams[0], thread);
    await updated(streams[1], INBOX);
    await streams[2].until(({ json }) => json.method === "notifications/resources/list_changed");
    await updated(streams[3], thread);
    await updated(streams[3], INBOX);
    const uris = (stream) => [...new Set(told(stream).slice(1).flat())].sort();
    assert.deepEqual(uris(streams[0]), ["resources/updated", thread].sort());
    assert.deepEqual(uris(streams[1]), ["resources/updated", INBOX].sort());
    assert.deepEqual(uris(streams[2]), ["resources/list_changed"]);
    streams[0].close();
    await sleep(100);
    const from = streams[3].events.length;
    await says("to those who are left");
    await updated(streams[3], thread, from);
  });

  test("nothing that is another request's: no progress, no answer, no push, no ping", async (t) => {
    const { listens, says, client, room } = await asked(t);
    const stream = await listens({ resourceSubscriptions: [WORKSPACE] });
    const waiting = await client.wait({}, { meta: { progressToken: "p" } });
    await waiting.until(({ json }) => json?.method === "notifications/progress");
    await says("an answer");
    await waiting.answered();
    await settled(stream, room);
    const methods = [...new Set(told(stream).map(([method]) => method))];
    assert.deepEqual(methods, ["subscriptions/acknowledged", "resources/updated"]);
  });

  test("nobody over another workspace", async (t) => {
    const [here, there] = [await asked(t), await asked(t)];
    const stream = await here.listens({ resourceSubscriptions: [INBOX, WORKSPACE, here.thread] });
    await there.says("elsewhere");
    await settled(stream, here.room);
    assert.ok(told(stream).every(([, uri]) => uri === undefined || uri === WORKSPACE));
  });
});

describe("a filter", () => {
  test("that is none is refused with what is wrong, and no stream", async (t) => {
    const { client } = await asked(t);
    for (const params of [
      {},
      { notifications: null },
      { notifications: "all" },
      { notifications: [] },
      { notifications: { toolsListChanged: "yes" } },
      { notifications: { resourceSubscriptions: INBOX } },
      { notifications: { resourceSubscriptions: [7] } },
    ]) {
      const { id, status, headers, json, text } = await client.ask("subscriptions/listen", params);
      assert.match(headers.get("content-type"), /^application\/json/, `${JSON.stringify(params)} opened a stream`);
      assert.ok([200, 400].includes(status), text);
      assert.deepEqual([json.error?.code, json.id], [INVALID_PARAMS, id], text);
    }
  });

  test("holds 500 resources, and says so where there are more", async (t) => {
    const { client, listens, says, thread } = await asked(t);
    const many = (count) => Array.from({ length: count }, (_, n) => `agentrq://tasks/${n + 1_000}`);
    const refused = await client.ask("subscriptions/listen", { notifications: { resourceSubscriptions: many(501) } });
    assert.equal(refused.json.error?.code, INVALID_PARAMS);
    assert.match(refused.json.error.message, /500/);
    const stream = await listens({ resourceSubscriptions: [...many(499), thread] });
    await says("yes");
    await updated(stream, thread);
  });

  test("of 500 resources that are all there is honoured in full, with the lists besides", async (t) => {
    const { client, listens } = await asked(t);
    const uris = [INBOX, WORKSPACE];
    const tasks = await Promise.all(
      Array.from({ length: 249 }, (_, n) => client.call("createTask", { title: `Task ${n}`, assignee: "human" })),
    );
    for (const { task_id: id } of tasks) uris.push(`agentrq://tasks/${id}`, `agentrq://tasks/${id}/thread`);
    const stream = await listens({ toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: uris });
    assert.equal(uris.length, 500);
    assert.deepEqual(stream.honoured.resourceSubscriptions.toSorted(), uris.toSorted());
    assert.deepEqual([stream.honoured.toolsListChanged, stream.honoured.resourcesListChanged], [true, true]);
  });

  test("with one resource under two names is told of under each", async (t) => {
    const { listens, says, task, room, thread } = await asked(t);
    const { number } = await room.get(`/tasks/${task}`);
    const names = [thread, `agentrq://tasks/${number}/thread`];
    const stream = await listens({ resourceSubscriptions: names });
    assert.deepEqual(stream.honoured.resourceSubscriptions.toSorted(), names.toSorted());
    await says("yes");
    for (const name of names) await updated(stream, name);
  });
});

describe("a client of this revision", () => {
  test("asks, listens, reads what a person answered, and people see how far it came", async (t) => {
    const { room, client, task, says, listens } = await asked(t);
    const dashboard = await room.watch();
    t.after(() => dashboard.close());
    const stream = await listens({ resourceSubscriptions: [INBOX] });
    const { id } = await says("Both, please.");
    await updated(stream, INBOX);
    await reaches(dashboard, id, "queued");
    assert.deepEqual(states(dashboard, id), ["queued"], "to be told is not to be given");
    const { messages, more } = await client.read(INBOX);
    assert.deepEqual(
      messages.map(({ message_id, chat_id, text }) => [message_id, chat_id, text.includes("Both, please.")]),
      [[id, task, true]],
    );
    assert.equal(more, false);
    await reaches(dashboard, id, "received");
    await client.call("reply", { chat_id: task, text: "Both it is.", in_reply_to: id });
    await reaches(dashboard, id, "seen");
    assert.deepEqual(states(dashboard, id), ["queued", "sent", "received", "seen"]);
    assert.deepEqual((await client.read(INBOX)).messages, []);
  });

  test("that only listens is shown as there", async (t) => {
    const { room, token, listens } = await asked(t);
    const dashboard = await room.watch();
    t.after(() => dashboard.close());
    const listener = new StatelessClient(token.mcpUrl, { agent: "listener" });
    await listens({ resourceSubscriptions: [INBOX] }, {}, listener);
    const isOf = (kind) => (event) => event.event === kind && JSON.stringify(event.json).includes("listener");
    await dashboard.until(isOf("agent.connected"), 3_000, "that the listener is there");
  });

  test("with a token that only reads hears nothing of the inbox, and takes nothing from it", async (t) => {
    const { room, token, listens, says, client, thread } = await asked(t);
    const dashboard = await room.watch();
    t.after(() => dashboard.close());
    // The same agent by name, over a token that only looks.
    const { mcpUrl } = await room.make("/tokens", { label: "laptop", scopes: ["read"] });
    const looks = new StatelessClient(mcpUrl, { agent: token.label });
    const stream = await listens({ resourceSubscriptions: [INBOX, thread, WORKSPACE] }, {}, looks);
    const { id } = await says("not for you");
    await updated(stream, thread);
    assert.deepEqual((await looks.read(INBOX)).messages, []);
    const { content } = await looks.tool("getWorkspace");
    assert.ok(!content.some(({ text }) => text.includes("not for you")));
    await looks.read(thread);
    await settled(stream, room);
    assert.equal((await reaches(dashboard, id, "queued")).state, "queued");
    assert.ok(!told(stream).some(([, uri]) => uri === INBOX), "it was told of an inbox that is empty to it");
    const { messages } = await client.read(INBOX);
    assert.deepEqual(
      messages.map(({ message_id }) => message_id),
      [id],
    );
  });
});
