// What a token opens: each tool and each route with each scope, and what a person changes of it at once.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { freshId } from "../bench/lib/fill.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const looking = ["getWorkspace", "getTaskMessages", "downloadAttachment"];
const reading = [...looking, "TaskGet", "TaskList", "TaskOutput", "WorkflowList"];
const acting = ["createTask", "updateTaskStatus", "reply", ...looking];
const asking = [...acting, "waitForMessages", "TaskGet", "TaskList", "TodoWrite", "TaskOutput", "WorkflowList"];
const lists = ["TaskCreate", "TaskGet", "TaskUpdate", "TaskList", "TaskNext", "TodoWrite"];
const background = ["TaskOutput", "TaskStop", "WorkflowStart", "WorkflowList", "WorkflowSave"];
const everything = [...acting, "getNextTask", "waitForMessages", ...lists, ...background];
const opened = { read: reading, ask: asking, agent: everything };
const widest = ["agent", "ask", "read"];

let world, room;
before(async () => {
  world = await startWorld();
  ({ room } = await settle(world));
  await room.ask("PUT", "/workflows/ship", { steps: [{ key: "a", subject: "Ship it" }] });
});
after(() => world?.end());

const make = (...scopes) => room.make("/tokens", { label: `only ${scopes}`, scopes });

/** A request as an agent makes one over HTTP: `{status, body}`. */
async function asAgent({ token }, method, path, body) {
  const response = await fetch(world.url + room.base + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": typeof body === "string" ? "text/plain" : "application/json" }),
    },
    body: typeof body === "object" ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  return { status: response.status, body: /json/.test(response.headers.get("content-type")) ? JSON.parse(text) : text };
}

/** What a workspace holds, as far as agents can change it. */
async function held() {
  const { tasks } = await room.get("/tasks");
  const threads = await Promise.all(tasks.map(({ id }) => room.get(`/tasks/${id}/messages`)));
  return { tasks, messages: threads.map(({ messages }) => messages) };
}

const textOf = (result) => result.content.map(({ text }) => text).join("\n");
const toolNames = async (agent) => {
  const { tools } = (await agent.answerTo(await agent.ask("tools/list"))).result;
  return tools.map(({ name }) => name);
};
/** A call with arguments that are right. */
const rightArguments = (question, file, listed, running) => ({
  createTask: { title: "Question: now?", assignee: "human" },
  updateTaskStatus: { task_id: question.id, status: "ongoing" },
  reply: { chat_id: question.id, text: "Well?" },
  getWorkspace: {},
  getTaskMessages: { task_id: question.id },
  downloadAttachment: { attachment_id: file.id },
  getNextTask: {},
  waitForMessages: { timeout_seconds: 0 },
  TaskCreate: { subject: "Do it" },
  TaskGet: { taskId: listed },
  TaskUpdate: { taskId: listed, status: "in_progress" },
  TaskList: {},
  TaskNext: {},
  TodoWrite: { todos: [] },
  TaskOutput: { task_id: running, block: false },
  TaskStop: { task_id: running },
  WorkflowStart: { workflow: "ship" },
  WorkflowList: {},
  WorkflowSave: { definition: { name: "other", steps: [{ key: "a", subject: "A" }] } },
});
/** Puts a task on the main list; its number there. */
async function makeListed(more = {}) {
  const command = { type: "createWork", id: freshId(), list: "main", title: "To be done", ...more };
  await room.ask("POST", "/commands", { clientId: randomUUID(), commands: [{ mutationId: 1, command }] });
  const { tasks } = await room.get("/tasks?list=main");
  return Math.max(...tasks.map(({ work }) => work.number));
}
const makeRunning = () => makeListed({ kind: "local_bash", command: "npm test" });
const makeQuestion = () => room.make("/tasks", { title: "Question: when?", assignee: "human" });
const upload = () =>
  room.make("/attachments?filename=a.txt", new TextEncoder().encode("hi"), { "content-type": "text/plain" });

describe("over MCP", () => {
  for (const [scope, open] of Object.entries(opened))
    test(`a token with the scope ${scope} sees and runs ${open.length} tools and is told what each other one needs`, async (t) => {
      const agent = await RawAgent.connect((await make(scope)).mcpUrl);
      t.after(() => agent.drop());
      assert.deepEqual(await toolNames(agent), open);
      const calls = Object.entries(
        rightArguments(await makeQuestion(), await upload(), await makeListed(), await makeRunning()),
      );
      assert.equal(calls.length, everything.length);
      for (const [tool, args] of calls) {
        const before = await held();
        const result = await agent.tool(tool, args);
        assert.equal(result.isError, !open.includes(tool), `${tool}: ${textOf(result)}`);
        if (open.includes(tool)) continue;
        const needed = asking.includes(tool) ? "ask" : "agent";
        assert.match(textOf(result), new RegExp(`needs the scope "${needed}", and it has "${scope}"`), tool);
        assert.match(textOf(result), /A person can change its scopes/, tool);
        assert.deepEqual(await held(), before, `${tool} has changed something`);
      }
    });

  test("who may only ask people files no work for agents, takes none, and is not told that it could", async (t) => {
    const agent = await RawAgent.connect((await make("ask")).mcpUrl);
    t.after(() => agent.drop());
    const work = await room.make("/tasks", { title: "Do it", assignee: "agent" });
    const before = await held();
    for (const [tool, args] of [
      ["createTask", { title: "Delete everything", assignee: "agent" }],
      ["createTask", { title: "Delete everything" }],
      ["updateTaskStatus", { task_id: work.id, status: "ongoing" }],
      ["getNextTask", {}],
    ]) {
      const result = await agent.tool(tool, args);
      assert.equal(result.isError, true, tool);
      assert.match(textOf(result), /needs the scope "agent", and it has "ask"/, tool);
    }
    assert.deepEqual(await held(), before);
    const { tools } = (await agent.answerTo(await agent.ask("tools/list"))).result;
    const createTask = tools.find(({ name }) => name === "createTask");
    assert.deepEqual(createTask.inputSchema.properties.assignee.enum, ["human"]);
    // In the thread of such a task it may write, as in any.
    assert.equal((await agent.tool("reply", { chat_id: work.id, text: "Who does this?" })).isError, false);
  });

  test("the powers of several scopes are their union, and agent beside others is just agent", async (t) => {
    const both = await make("read", "ask");
    assert.deepEqual(both.scopes, ["ask", "read"]);
    const agent = await RawAgent.connect(both.mcpUrl);
    t.after(() => agent.drop());
    assert.deepEqual(await toolNames(agent), asking);
    assert.deepEqual((await make("read", "agent")).scopes, ["agent"]);
    assert.deepEqual((await room.make("/tokens", { label: "default" })).scopes, ["agent"]);
  });
});

describe("over HTTP", () => {
  const routes = (question, file) => [
    ["GET", "/tasks", "read"],
    ["GET", `/tasks/${question.id}`, "read"],
    ["GET", `/tasks/${question.id}/messages`, "read"],
    ["GET", `/attachments/${file.id}`, "read"],
    ["POST", "/tasks", "ask", { title: "Question: now?", assignee: "human" }],
    ["PATCH", `/tasks/${question.id}`, "ask", { status: "ongoing" }],
    ["POST", `/tasks/${question.id}/messages`, "ask", { text: "Well?" }],
    ["POST", "/attachments?filename=b.txt", "ask", "hello"],
    ["POST", "/tasks", "agent", { title: "Delete everything", assignee: "agent" }],
    ["POST", "/tasks", "agent", { title: "Delete everything" }],
    ["PATCH", `/tasks/${question.number}`, "agent", { title: "Question: where?" }],
    ["PATCH", `/tasks/${question.id}`, "agent", { status: "completed", assignee: "agent" }],
    ["DELETE", `/tasks/${question.id}`, "agent"],
  ];

  for (const scope of widest)
    test(`a token with the scope ${scope} gets through where it may and nowhere else`, async () => {
      const token = await make(scope);
      const maker = scope === "agent" ? token : await make("agent");
      const made = await asAgent(maker, "POST", "/tasks", { title: "Question: when?", assignee: "human" });
      for (const [method, path, needed, body] of routes(made.body, await upload())) {
        const before = await held();
        const answer = await asAgent(token, method, path, body);
        const what = `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`;
        if (widest.indexOf(scope) <= widest.indexOf(needed)) {
          assert.ok(answer.status < 300, what);
          continue;
        }
        assert.equal(answer.status, 403, what);
        assert.equal(answer.body.code, "scope_required", what);
        // The route says what it needs before it looks at the body, which may need more.
        assert.ok(answer.body.scope === needed || (scope === "read" && answer.body.scope === "ask"), what);
        assert.deepEqual(answer.body.scopes, [scope], what);
        assert.deepEqual(await held(), before, what);
      }
    });

  test("a verdict is a person's whatever the scope, and so are tokens", async () => {
    const task = await makeQuestion();
    for (const scope of ["ask", "agent"]) {
      const verdict = { verdict: "approved", digest: task.digest };
      assert.equal(
        (await asAgent(await make(scope), "POST", `/tasks/${task.id}/messages`, verdict)).body.code,
        "forbidden",
      );
    }
    for (const scope of widest) {
      const token = await make(scope);
      const widened = await asAgent(token, "PATCH", `/tokens/${token.id}`, { scopes: ["agent"] });
      assert.deepEqual([widened.status, widened.body.code], [403, "person_only"], scope);
      assert.deepEqual((await listed(token.id)).scopes, [scope]);
    }
  });

  test("a set status that takes work is refused for the scope, one for people's tasks is not", async () => {
    const [question, work] = [await makeQuestion(), await room.make("/tasks", { title: "Do it", assignee: "agent" })];
    const token = await make("ask");
    assert.equal((await asAgent(token, "PATCH", `/tasks/${question.id}`, { status: "ongoing" })).status, 200);
    const refused = await asAgent(token, "PATCH", `/tasks/${work.id}`, { status: "ongoing" });
    assert.deepEqual([refused.body.code, refused.body.scope], ["scope_required", "agent"]);
    assert.equal((await room.get(`/tasks/${work.id}`)).status, "notstarted");
  });
});

const listed = async (id) => (await room.get("/tokens")).tokens.find((token) => token.id === id);

describe("a person changes the scopes", () => {
  test("narrower and wider ones count at once, on a stream that is open and over HTTP", async (t) => {
    const token = await make("agent");
    const agent = await RawAgent.connect(token.mcpUrl);
    t.after(() => agent.drop());
    const asks = (title) => agent.tool("createTask", { title: `Question: ${title}?`, assignee: "human" });
    const takes = () => agent.tool("getNextTask", {});
    for (const [i, [scope, may]] of [
      ["agent", { ask: true, take: true }],
      ["ask", { ask: true, take: false }],
      ["read", { ask: false, take: false }],
      ["ask", { ask: true, take: false }],
      ["agent", { ask: true, take: true }],
    ].entries()) {
      const info = await room.change(`/tokens/${token.id}`, { scopes: [scope] });
      assert.deepEqual(info.scopes, [scope]);
      assert.equal(info.expiresAt, token.expiresAt);
      assert.equal((await asks(`${i} ${scope}`)).isError, !may.ask, scope);
      assert.equal((await takes()).isError, !may.take, scope);
      assert.deepEqual(await toolNames(agent), opened[scope]);
      const created = await asAgent(token, "POST", "/tasks", { title: `${i}`, assignee: "human" });
      assert.equal(created.status, may.ask ? 201 : 403, scope);
      assert.equal((await asAgent(token, "GET", "/tasks")).status, 200, scope);
      assert.ok(!agent.stream.ended, "the stream was ended");
    }
  });

  test("holding a body back gains nothing: a request that began with wider scopes is refused", async () => {
    const token = await make("agent");
    const answer = new Promise((done, fail) => {
      const headers = { authorization: `Bearer ${token.token}`, "content-type": "application/json" };
      const sent = request(`${world.url}${room.base}/tasks`, { method: "POST", headers }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => done({ status: response.statusCode, body: JSON.parse(text) }));
      });
      sent.on("error", fail);
      sent.write('{"title": "Held back", ');
      // The request is in the object once it has noted that the token is used.
      const underWay = async () => {
        while (!(await listed(token.id)).lastUsedAt) await new Promise((tick) => setTimeout(tick, 10));
        await room.change(`/tokens/${token.id}`, { scopes: ["read"] });
        sent.end('"assignee": "human"}');
      };
      underWay().catch(fail);
    });
    const { status, body } = await answer;
    assert.deepEqual([status, body.code, body.scope], [403, "scope_required", "ask"]);
    const { tasks } = await room.get("/tasks");
    assert.ok(tasks.every(({ title }) => title !== "Held back"));
  });

  test("together with its life, or alone; an extension alone leaves them", async () => {
    const token = await make("ask");
    const both = await room.change(`/tokens/${token.id}`, { scopes: ["read"], expiresInDays: 7 });
    assert.deepEqual(both.scopes, ["read"]);
    assert.ok(both.expiresAt < token.expiresAt);
    const extended = await room.change(`/tokens/${token.id}`, { expiresInDays: 60 });
    assert.deepEqual(extended.scopes, ["read"]);
    assert.ok(extended.expiresAt > token.expiresAt);
  });

  test("what cannot be is refused with what can, and nothing is stored", async () => {
    const token = await make("ask");
    const before = await room.get("/tokens");
    for (const [scopes, detail] of [
      [[], /at least one scope; the scopes that there are: "agent", "ask", "read"/],
      [["root"], /no scope "root"; the scopes that there are: "agent", "ask", "read"/],
      [["agent", "root"], /no scope "root"/],
      [["Read"], /no scope "Read"/],
      [["ask read"], /no scope "ask read"/],
      [["read", "ask", "read"], /"read" stands there twice/],
      [["agent", "agent"], /"agent" stands there twice/],
    ])
      for (const [method, path, body] of [
        ["POST", "/tokens", { label: "x", scopes }],
        ["PATCH", `/tokens/${token.id}`, { scopes }],
        ["PATCH", `/tokens/${token.id}`, { scopes, expiresInDays: 9 }],
      ]) {
        const { status, body: problem } = await room.ask(method, path, body);
        assert.deepEqual([status, problem.code, problem.field], [400, "bad_request", "scopes"], JSON.stringify(body));
        assert.match(problem.detail, detail);
        assert.deepEqual(problem.allowed, ["agent", "ask", "read"]);
      }
    for (const body of [
      {},
      { scopes: null },
      { scopes: "read" },
      { scopes: [5] },
      { scopes: ["read"], expiresInDays: 0 },
    ])
      assert.equal((await room.ask("PATCH", `/tokens/${token.id}`, body)).status, 400, JSON.stringify(body));
    assert.deepEqual(await room.get("/tokens"), before);
  });

  test("a token that was revoked gets no scopes any more", async () => {
    const token = await make("read");
    await room.remove(`/tokens/${token.id}`);
    const { status, body } = await room.ask("PATCH", `/tokens/${token.id}`, { scopes: ["agent"] });
    assert.deepEqual([status, body.code], [404, "token_not_found"]);
  });
});

describe("who only looks hears nothing", () => {
  const asksSomething = async (agent) =>
    (await agent.tool("createTask", { title: "Question: when?", assignee: "human" })).structuredContent.task_id;

  test("an answer is neither pushed to a token that only reads nor lost on it, even under the name of the agent that asked", async (t) => {
    const { room, token } = await settle(world);
    const onlooker = await room.make("/tokens", { label: "onlooker", scopes: ["read"] });
    const agent = await RawAgent.connect(token.mcpUrl);
    const task = await asksSomething(agent);
    const looking = await RawAgent.connect(onlooker.mcpUrl, { agent: "laptop" });
    t.after(() => looking.drop());
    await room.remove(`/tokens/${token.id}`);
    const reply = await room.make(`/tasks/${task}/messages`, { text: "Now." });
    const read = await looking.tool("getTaskMessages", { task_id: task });
    assert.deepEqual(
      read.structuredContent.messages.map(({ text }) => text),
      ["", "Now."],
    );
    // Nothing but the answer itself stands in the result, and nothing was pushed before it.
    assert.equal(read.content.length, 1);
    assert.equal((await looking.tool("getNextTask")).content.length, 1);
    assert.deepEqual(looking.heard, []);
    const next = await RawAgent.connect((await room.make("/tokens", { label: "laptop" })).mcpUrl);
    t.after(() => next.drop());
    await next.hears(({ meta }) => meta.message_id === reply.id);
  });

  test("an open stream that is narrowed to reading hears no more, and what waited the moment it is widened again", async (t) => {
    const { room, token } = await settle(world);
    const agent = await RawAgent.connect(token.mcpUrl);
    t.after(() => agent.drop());
    const task = await asksSomething(agent);
    await room.change(`/tokens/${token.id}`, { scopes: ["read"] });
    const reply = await room.make(`/tasks/${task}/messages`, { text: "Now." });
    await agent.tool("getWorkspace");
    assert.deepEqual(agent.heard, []);
    await room.change(`/tokens/${token.id}`, { scopes: ["ask"] });
    const heard = await agent.hears(({ meta }) => meta.message_id === reply.id);
    assert.match(heard.content, /Now\./);
  });
});
