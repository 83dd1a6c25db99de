// The server is killed outright, again and again, while agents and people work. What was acknowledged stands, and every reply reaches
// its agent's model; copies that the model sees are counted, and each one beyond the first must be excused.
//
// CRASH_SEED=… repeats the choices of a run (not its timing); CRASH_KILLS=… asks for more kills.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../lib/random.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { SseReader } from "../lib/sse.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const kills = Number(process.env.CRASH_KILLS ?? 25);
const random = seeded(process.env.CRASH_SEED);

let world;
let room;
let dashboard;
/** A person's writes: `{key, task, text, id?}`; without an id nobody knows yet whether it was stored. */
const writes = [];
/** Tasks that agents made and were told of. */
const madeByAgents = [];
const agents = [];
let running = false;
let inFlight = 0;

/** An agent: a model with a memory, whose connections come and go. */
class Worker {
  /** What the model saw of each message: `{at, marked, proven, connection, route}` a copy. */
  copies = new Map();
  /** Messages whose reply was acknowledged: the model has named them. */
  named = new Map();
  tasks = [];
  connections = 0;

  constructor(name, token) {
    Object.assign(this, { name, token, nextId: 0 });
  }

  /** Connects as a new model, or as one that lost its stream and says nothing of it. */
  async connect(anew) {
    const connection = ++this.connections;
    this.raw = await RawAgent.open(this.token.mcpUrl, { pongs: false, firstId: anew ? 0 : this.nextId });
    if (anew) this.waiting = new Map();
    this.raw.onEvent = undefined;
    const onEvent = (event) => this.#take(event, connection).catch(() => {});
    for (const event of this.raw.stream.events) onEvent(event);
    this.raw.stream.onEvent = onEvent;
    if (anew) await this.raw.initialize();
  }

  async #take({ json }, connection) {
    if (!json) return;
    if (json.method === "notifications/claude/channel") this.#saw(json.params.meta, connection, "push");
    if (json.method === "ping") {
      const shown = [...this.copies.values()].flat().filter((copy) => copy.connection === connection && !copy.proven);
      if ((await this.raw.pong(json.id)) === 202) for (const copy of shown) copy.proven = true;
    }
    if (json.result && this.waiting.has(json.id)) {
      // A second answer to one request is one that no client hands on.
      const answered = this.waiting.get(json.id);
      this.waiting.delete(json.id);
      const { content = [], structuredContent } = json.result;
      for (const item of structuredContent?.messages ?? []) if (item.message_id) this.#saw(item, connection, "wait");
      for (const { text } of content.slice(0, -1)) {
        const whole = /message_id="(\w{11})"/.exec(text);
        if (whole)
          this.#saw(
            { message_id: whole[1], redelivered: /redelivered="true"/.exec(text) && "true" },
            connection,
            "result",
          );
      }
      answered(json.result);
    }
  }

  #saw({ message_id: id, redelivered }, connection, route) {
    const copies = this.copies.get(id) ?? [];
    this.copies.set(id, copies);
    copies.push({ at: performance.now(), marked: redelivered === "true", proven: false, connection, route });
  }

  /** Calls a tool; `undefined` if the answer is lost. */
  async call(name, args = {}) {
    const id = (this.nextId = Math.max(this.nextId, 1) + 1);
    const answer = new Promise((answered) => this.waiting.set(id, answered));
    const request = { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
    inFlight += 1;
    try {
      if ((await this.raw.post(request)) !== 202) return undefined;
    } catch {
      return undefined;
    } finally {
      inFlight -= 1;
    }
    return Promise.race([answer, this.gone]);
  }

  async work() {
    while (running) {
      const choice = random();
      const unnamed = [...this.copies.keys()].filter(
        (id) => !this.named.has(id) && writes.some((write) => write.id === id),
      );
      if (choice < 0.3) {
        const made = await this.call("createTask", { title: `${this.name} ${this.nextId}`, assignee: "human" });
        if (made) this.#owns(made.structuredContent.task_id);
      } else if (choice < 0.6 && unnamed.length) {
        const id = unnamed[Math.floor(random() * unnamed.length)];
        const { task } = writes.find((write) => write.id === id);
        const said = await this.call("reply", { chat_id: task, text: "thanks", in_reply_to: id });
        if (said) this.named.set(id, this.connections);
      } else if (choice < 0.8) await this.call("waitForMessages", { timeout_seconds: 1 });
      else await this.call("getWorkspace");
    }
  }

  #owns(task) {
    this.tasks.push(task);
    madeByAgents.push(task);
  }

  async begin() {
    await this.connect(true);
    this.gone = new Promise(() => {});
    this.#owns(
      (await this.call("createTask", { title: `${this.name} begins`, assignee: "human" })).structuredContent.task_id,
    );
  }
}

/** One write of a person; sent again under its key until somebody says that it is stored. */
async function write(item) {
  inFlight += 1;
  try {
    const key = { "idempotency-key": item.key };
    const { status, body } = await room.ask("POST", `/tasks/${item.task}/messages`, { text: item.text }, key);
    assert.equal(status, 201, JSON.stringify(body));
    item.id = body.id;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
  } finally {
    inFlight -= 1;
  }
}

async function personWorks() {
  while (running) {
    const agent = agents[Math.floor(random() * agents.length)];
    const task = agent.tasks[Math.floor(random() * agent.tasks.length)];
    const item = { key: `key-${writes.length}`, agent, task, text: `reply ${writes.length}` };
    writes.push(item);
    await write(item);
    await sleep(random() * 10);
  }
}

const undelivered = () => writes.filter(({ id, agent }) => id && !agent.copies.has(id));

/** An undelivered reply, and how far the server thinks that it has come. */
async function asServed({ id, task, text, agent }) {
  const deliveries = await everything(`/tasks/${task}/messages`, "deliveries");
  const { state, route, session, copies, redelivered } = deliveries.find((it) => it.id === id) ?? {};
  return `${text} to ${agent.name}: ${JSON.stringify({ state, route, session, copies, redelivered })}`;
}

async function watch() {
  const at = dashboard.events.findLast(({ id }) => id)?.id;
  const stream = await SseReader.open(`${world.url}${room.base}/events`, {
    cookie: room.person.cookie,
    ...(at ? { "last-event-id": at } : {}),
  });
  stream.onEvent = (event) => dashboard.events.push(event);
  dashboard.events.push(...stream.events);
  dashboard.stream = stream;
}

async function everything(path, list) {
  const found = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await room.get(`${path}?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    found.push(...page[list]);
    cursor = page.nextCursor;
  }
  return found;
}

/** Each acknowledged write is there, once. */
async function assertStored(some) {
  for (const task of new Set(some.map((item) => item.task))) {
    const messages = await everything(`/tasks/${task}/messages`, "messages");
    for (const item of some.filter((it) => it.task === task)) {
      const found = messages.filter(({ text }) => text === item.text);
      assert.deepEqual(
        found.map(({ id }) => id),
        [item.id],
        `${item.text} is stored ${found.length} times`,
      );
    }
  }
}

before(async () => {
  world = await startWorld();
  const settled = await settle(world, { label: "agent-0" });
  room = settled.room;
  dashboard = { events: [] };
  await watch();
  for (let i = 0; i < 3; i++) {
    const token = i ? await room.make("/tokens", { label: `agent-${i}` }) : settled.token;
    agents.push(new Worker(`agent-${i}`, token));
    await agents[i].begin();
  }
});
after(async () => {
  running = false;
  dashboard?.stream?.close();
  for (const agent of agents) agent.raw?.drop();
  await world?.end();
});

test(`${kills} kills under load lose nothing that was acknowledged`, async (t) => {
  t.diagnostic(`CRASH_SEED=${random.seed}`);
  const totals = { undelivered: 0, inFlight: 0 };
  for (let round = 0; round < kills; round++) {
    let lost;
    const gone = new Promise((resolve) => (lost = resolve));
    // One agent is away in this round; what people write to it waits.
    const away = agents[round % agents.length];
    away.raw.drop();
    for (const agent of agents) agent.gone = gone;
    running = true;
    const from = writes.length;
    const loops = [
      ...agents.filter((agent) => agent !== away).map((agent) => agent.work()),
      personWorks(),
      personWorks(),
    ];
    await sleep(80 + random() * 300);
    for (let tries = 0; !(undelivered().length && inFlight); tries++) {
      assert.ok(tries < 2_000, "no moment with an undelivered reply and a write in flight: this test shows nothing");
      await sleep(1);
    }
    totals.undelivered += undelivered().length;
    totals.inFlight += inFlight;
    running = false;
    await world.server.kill();
    lost(undefined);
    await Promise.all(loops);
    dashboard.stream.close();
    for (const agent of agents) agent.raw.drop();

    await world.restart();
    const written = writes.slice(from);
    await assertStored(written.filter(({ id }) => id));
    // What nobody knows of is sent again, as a browser does; if it was stored before, this stores no second one.
    for (const item of written.filter(({ id }) => !id)) await write(item);
    await assertStored(written);
    await watch();
    for (const agent of agents) await agent.connect(random() < 0.5);
    const tasks = new Set((await everything("/tasks", "tasks")).map(({ id }) => id));
    assert.deepEqual(
      madeByAgents.filter((id) => !tasks.has(id)),
      [],
    );
  }

  // Peace: everybody comes back, and everything finds its way.
  for (const agent of agents) {
    agent.raw.drop();
    await agent.connect(true);
  }
  const deadline = Date.now() + 20_000;
  while (undelivered().length && Date.now() < deadline) await sleep(20);
  assert.deepEqual(await Promise.all(undelivered().map(asServed)), [], "these never reached their agent");
  await assertStored(writes);

  const { cursor: head } = await room.get("/snapshot");
  await dashboard.stream.until(({ id }) => id === head);
  assert.ok(!dashboard.events.some(({ event }) => event === "reset"));
  let place = dashboard.events.find(({ id }) => id).json.base;
  for (const { id, json } of dashboard.events.filter(({ id }) => id)) {
    assert.equal(json.base, place, "the dashboard's history is broken");
    place = id;
  }

  const counts = { once: 0, marked: 0, unproven: 0 };
  for (const { id, agent, text } of writes) {
    const [, ...more] = agent.copies.get(id);
    if (!more.length) counts.once += 1;
    agent.copies.get(id).forEach((copy, i, all) => {
      if (i === 0) return;
      const excused = copy.marked || all.slice(0, i).every(({ proven }) => !proven);
      assert.ok(
        excused,
        `${text}: copy ${i + 1} of ${all.length} is neither marked nor follows on unproven ones: ${JSON.stringify(all)}`,
      );
      counts[copy.marked ? "marked" : "unproven"] += 1;
    });
    const named = agent.named.get(id);
    const late = agent.copies.get(id).filter(({ connection }) => named !== undefined && connection > named);
    assert.deepEqual(late, [], `${text} came again after the agent had named it`);
  }
  for (const agent of agents)
    for (const [id, copies] of agent.copies)
      assert.ok(
        writes.some((item) => item.id === id && item.agent === agent),
        `${agent.name} saw ${copies.length} of ${id}, which is none of its replies`,
      );
  t.diagnostic(
    `${kills} kills; at them ${totals.undelivered} acknowledged replies undelivered and ${totals.inFlight} writes in flight; ` +
      `${writes.length} replies: ${counts.once} seen once; copies beyond the first: ${counts.marked} marked, ${counts.unproven} after unproven ones`,
  );
  assert.ok(counts.marked > 0, "no reply was redelivered: this test shows less than it should");
});
