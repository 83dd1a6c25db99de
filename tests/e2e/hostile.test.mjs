// Ten thousand hostile requests: each gets the status and the error that the protocol prescribes, nothing is stored that was not acknowledged,
// and the server is at work afterwards as before.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { Hostile } from "../lib/hostile.mjs";
import { KeepAlive } from "../lib/keep-alive.mjs";
import { Mutation } from "../lib/mutation.mjs";
import { METHODS, answersInBatch, answersRequest } from "../lib/prescribed.mjs";
import { seeded } from "../lib/random.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const requests = Number(process.env.AGENTRQ_CASES ?? 10_000);
const atOnce = 16;
const mib = 1024 * 1024;

const world = ownWorld();

/** Bytes that the server has in memory, where the system says so. */
function memory() {
  if (process.platform !== "linux") return 0;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${world.server.pid}/status`, "utf8"))[1]) * 1024;
}

/** What was acknowledged, so what must be there: no less, and no more. */
class Acknowledged {
  tasks = new Set();
  messages = new Map();
  tokens = new Set();
  deleted = new Set();

  task(id) {
    this.tasks.add(id);
    this.messages.set(id, id);
  }

  /** What an answer over HTTP acknowledges. */
  answer({ method, path, body }, { status, json }) {
    if (status >= 300) return;
    const place = path.split("?")[0];
    if (method === "POST" && place.endsWith("/tasks")) this.task(json.id);
    if (method === "POST" && place.endsWith("/messages")) this.messages.set(json.id, json.task);
    if (method === "POST" && place.endsWith("/tokens")) this.tokens.add(json.id);
    if (method === "POST" && place.endsWith("/commands")) {
      const { commands } = JSON.parse(body);
      json.results.forEach(({ rejection }, at) => rejection ?? this.#command(commands[at].command));
    }
  }

  #command({ type, id, task }) {
    if (type === "createTask") this.task(id);
    if (type === "postMessage" || type === "giveVerdict") this.messages.set(id, task);
    if (type === "deleteTask") this.deleted.add(task);
  }

  /** What the answer of a tool acknowledges. */
  tool({ warnings, task_id, message_id } = {}) {
    if (warnings) this.task(task_id);
    else if (message_id) this.messages.set(message_id, task_id);
  }

  get numbers() {
    const is = (task) => !this.deleted.has(task);
    return {
      tasks: [...this.tasks].filter(is).length,
      messages: [...this.messages.values()].filter(is).length,
      tokens: this.tokens.size,
    };
  }
}

/** What is there. */
async function numbers(room) {
  const found = { tasks: 0, messages: 0, tokens: (await room.get("/tokens")).tokens.length };
  for (let cursor = ""; cursor !== null;) {
    const page = await room.get(`/tasks?limit=100&cursor=${cursor}`);
    found.tasks += page.tasks.length;
    found.messages += page.tasks.reduce((sum, task) => sum + task.messages, 0);
    cursor = page.nextCursor;
  }
  return found;
}

/** A refusal over HTTP: a problem document that says what was wrong, briefly, and nothing of the inside. */
function isProblem({ status, headers, json, bytes }) {
  assert.match(headers["content-type"], /^application\/problem\+json/);
  assert.ok(
    json.title && json.detail?.length > 5 && json.status === status && /^[a-z_]+$/.test(json.code),
    "a problem document",
  );
  assert.ok(bytes.length < 4_000, `${bytes.length} bytes to refuse it`);
  assert.doesNotMatch(bytes.toString(), /sqlite|panicked|\.rs\b/i);
}

const judges = {
  message({ told }, { status, json }) {
    if (told.is === "unsure") return assert.ok([202, 400].includes(status));
    if (told.is !== "wrong") return assert.equal(status, 202);
    assert.equal(status, 400);
    assert.deepEqual([json.error?.code, json.id, json.jsonrpc], [told.code, told.id, "2.0"]);
    assert.ok(json.error.message.length > 5 && json.error.message.length < 1_000);
  },
  post({ told, wanted }, { status, headers, json, bytes }) {
    if (!wanted && status === 404) {
      // Where readers may differ, a method that there is not is still none, and is named.
      const [, method] = /^there is no method "(.*)" here$/.exec(json.error.message) ?? [];
      assert.ok(json.error.code === -32601 && method !== undefined && !METHODS.stateless.includes(method));
      return;
    }
    if (!wanted) return assert.ok([200, 202, 400].includes(status));
    assert.equal(status, wanted.status, `${wanted.status} is prescribed`);
    if (status === 202) return assert.equal(bytes.length, 0);
    // A call that waits, and a client that listens, are answered on a stream.
    if (/event-stream/.test(headers["content-type"])) return assert.equal(status, 200);
    if (wanted.batch) {
      assert.equal(json.length, wanted.batch.length);
      return assert.ok(wanted.batch.every((asked, at) => answersInBatch(asked, json[at])));
    }
    if (!json.jsonrpc) return isProblem({ status, headers, json, bytes });
    // An answer of the client's is answered to nobody.
    assert.deepEqual([json.jsonrpc, json.id], ["2.0", told.is === "taken" ? json.id : told.id]);
    if (wanted.asked) return assert.ok(answersRequest(wanted.asked, json), "another answer is prescribed");
    assert.equal(json.error.code, wanted.code);
    assert.ok(bytes.length < 4_000, `${bytes.length} bytes to refuse it`);
  },
  route({ isJson, headers }, answer) {
    if (isJson === "none") assert.deepEqual([answer.status, answer.json.code], [400, "invalid_json"]);
    const forbidden = headers.authorization ? [403] : [];
    assert.ok([200, 201, 400, 404, 409, 413, 429, ...forbidden].includes(answer.status));
    if (answer.status >= 300) isProblem(answer);
  },
  upload(_, answer) {
    assert.ok([201, 400, 413, 415].includes(answer.status));
    if (answer.status !== 201) return isProblem(answer);
    assert.ok(answer.json.filename.length > 0 && !/[/\\\0\r\n]/.test(answer.json.filename));
  },
  list(_, answer) {
    assert.ok([200, 400, 404].includes(answer.status));
    if (answer.status !== 200) isProblem(answer);
  },
  download({ path }, answer, here) {
    assert.ok([200, 206, 304, 416].includes(answer.status));
    if (answer.status === 416) return isProblem(answer);
    const whole = here.contents.get(path.split("/").at(-1));
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.headers["content-range"] ?? "");
    if (answer.status === 200) assert.deepEqual(answer.bytes, whole);
    if (answer.status === 206) assert.deepEqual(answer.bytes, whole.subarray(Number(range[1]), Number(range[2]) + 1));
  },
  stream(_, answer) {
    assert.ok([200, 204, 400, 404, 405, 429].includes(answer.status));
    if (answer.status > 204) isProblem(answer);
  },
  foreign(_, answer) {
    assert.ok([400, 401, 403, 404].includes(answer.status));
    isProblem(answer);
  },
  path({ method }, answer) {
    assert.ok([200, 400, 401, 404, 405].includes(answer.status));
    if (answer.status >= 300 && method !== "HEAD") isProblem(answer);
  },
};

test(`of ${requests} hostile requests each is answered as prescribed, and only what was acknowledged is stored`, async (t) => {
  const random = seeded(process.env.AGENTRQ_SEED);
  t.diagnostic(`to repeat the requests: AGENTRQ_SEED=${random.seed}`);
  const { person, workspace, room, token } = await settle(world);
  const acknowledged = new Acknowledged();
  acknowledged.tokens.add(token.id);
  const tasks = [];
  for (const title of ["One", "Two", "Three"]) {
    const { id } = await room.make("/tasks", { title, assignee: "human" });
    acknowledged.task(id);
    tasks.push(id);
  }
  const contents = new Map();
  for (const content of ["", "a", "hello, world"].map((text) => Buffer.from(text))) {
    const { id } = await room.make("/attachments", content, { "content-type": "text/plain" });
    contents.set(id, content);
  }
  // What was asked on a stream, until it is answered there.
  const awaited = new Map();
  const agents = [];
  for (const label of ["a", "b", "c"]) {
    const own = await room.make("/tokens", { label });
    acknowledged.tokens.add(own.id);
    const agent = await RawAgent.connect(own.mcpUrl);
    const pong = agent.stream.onEvent;
    agent.stream.onEvent = (event) => {
      pong(event);
      acknowledged.tool(event.json?.result?.structuredContent);
      const asked = awaited.get(event.json?.id);
      if (!asked || event.json.method) return;
      awaited.delete(event.json.id);
      if (!answersRequest(asked, event.json)) wrong.push([asked, event.json]);
    };
    agents.push(agent);
  }
  const [wrong, troubles] = [[], []];
  const begun = await fetch(token.mcpUrl, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params: { protocolVersion: "2025-11-25" } }),
  });
  const session = begun.headers.get("mcp-session-id");
  assert.ok(session, "a session");
  const mutation = new Mutation(random);
  const here = {
    base: room.base,
    mcp: `/mcp/${workspace.id}`,
    cookie: person.cookie,
    token: token.token,
    session,
    endpoints: agents.map(({ endpoint }) => endpoint),
    cursor: (await room.get("/snapshot")).cursor,
    tasks,
    files: [...contents.keys()],
    contents,
  };
  const hostile = new Hostile(mutation, here);
  const network = new KeepAlive(world.url, atOnce);
  const statuses = {};
  const atStart = memory();
  let [left, cut, half] = [requests, 0, 0];

  async function one() {
    const request = hostile.next();
    const { told } = request;
    // An id that a change has made another's is not waited for; nor is a call that waits itself.
    const isAwaited =
      request.kind === "message" &&
      told.is === "request" &&
      /^h\d+$/.test(told.id) &&
      told.params.name !== "waitForMessages";
    if (isAwaited) awaited.set(told.id, told);
    const answer = await network.send(request);
    if (answer?.status !== 202 && isAwaited) awaited.delete(told.id);
    if (answer === null) return false;
    if (answer.cut) return (cut += 1);
    const shown = () => {
      const { kind, method, path, headers, body } = request;
      const said = answer.bytes.toString().slice(0, 600);
      return `${kind}: ${method} ${path} ${JSON.stringify(headers)} ${String(body).slice(0, 600)}\nanswered ${answer.status} ${said}`;
    };
    statuses[`${request.kind} ${answer.status}`] = (statuses[`${request.kind} ${answer.status}`] ?? 0) + 1;
    try {
      assert.ok(answer.status < 500, "a fault of the server");
      judges[request.kind](request, answer, here);
    } catch (error) {
      troubles.push(`${error.message}\n${shown()}`);
    }
    acknowledged.answer(request, answer);
    for (const { result } of [answer.json].flat().filter(Boolean)) acknowledged.tool(result?.structuredContent);
    return true;
  }
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      if (left === requests / 2) half = memory();
      // What cannot even be sent does not count.
      while (!(await one()));
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  network.close();

  // The answers to the last requests may still be on their way.
  for (const { id } of [...awaited.values()])
    for (const deadline = Date.now() + 10_000; awaited.has(id) && Date.now() < deadline;)
      await new Promise((done) => setTimeout(done, 20));
  const atEnd = memory();
  t.diagnostic(`${requests} requests in ${seconds} s: ${JSON.stringify(statuses)}, ${cut} cut`);
  t.diagnostic(`memory: ${[atStart, half, atEnd].map((bytes) => `${Math.round(bytes / mib)} MiB`).join(", ")}`);
  assert.equal(troubles.length, 0, `${troubles.length} answers: ${troubles.slice(0, 5).join("\n\n")}`);
  assert.deepEqual(wrong, []);
  assert.deepEqual([...awaited.values()], [], "all are answered");
  assert.deepEqual(await numbers(room), acknowledged.numbers);
  assert.ok(atEnd - half < 128 * mib, "memory does not grow with what is refused");
  agents.forEach((agent) => agent.drop());
});

test("after all of this the server is at work as before", async () => {
  const { room, token } = await settle(world, { name: "After" });
  const agent = await Agent.connect(token.mcpUrl);
  const { task_id } = await agent.call("createTask", { title: "Question: all well?", assignee: "human" });
  await room.make(`/tasks/${task_id}/messages`, { text: "all well" });
  await agent.hears(({ content }) => content.includes("all well"));
  await agent.close();
  assert.doesNotMatch(world.server.logs(), /panicked|uncaught|internal/i);
});
