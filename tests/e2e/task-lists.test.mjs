// Agents' own lists over MCP, as the official clients drive them: the words of Claude Code's task tools, dependencies, claims, checklists.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { PythonAgent, PythonModernAgent } from "../lib/python-agent.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
const open = [];
const joins = async (Client, token, options) => {
  const agent = await Client.connect(token.mcpUrl, options);
  open.push(agent);
  return agent;
};
before(async () => {
  world = await startWorld();
});
after(async () => {
  for (const agent of open) await agent.close();
  await world?.end();
});

const texts = ({ content }) => content.map(({ text }) => text);
const says = async (agent, tool, args) => {
  const result = await agent.try(tool, args);
  assert.ok(!result.isError, texts(result).join("\n"));
  return texts(result)[0];
};
const refusal = async (agent, tool, args) => {
  const result = await agent.try(tool, args);
  assert.ok(result.isError, texts(result).join("\n"));
  return { code: result.structuredContent?.code, text: texts(result).at(-1) };
};

for (const [kind, Client] of [
  ["TypeScript's client over HTTP+SSE", Agent],
  ["TypeScript's client over Streamable HTTP", StreamableAgent],
  ["Python's client over HTTP+SSE", PythonAgent],
  ["Python's client over 2026-07-28", PythonModernAgent],
])
  test(`${kind} drives every tool of a list`, async () => {
    const { room, token } = await settle(world);
    const agent = await joins(Client, token, { agent: "claude" });
    assert.equal(await says(agent, "TaskList", {}), "No tasks found");
    assert.equal(
      await says(agent, "TaskCreate", { subject: "First task", description: "Do it" }),
      "Task #1 created successfully: First task",
    );
    const second = await agent.call("TaskCreate", {
      subject: "Second task",
      activeForm: "Doing the second",
      metadata: { priority: "P1", tags: ["a", null], nested: { deep: [1.5, true] } },
      blockedBy: [1],
    });
    assert.deepEqual(
      [second.id, second.subject, second.activeForm, second.status, second.owner, second.blocks, second.blockedBy],
      ["2", "Second task", "Doing the second", "pending", null, [], ["1"]],
    );
    assert.deepEqual(second.metadata, { priority: "P1", tags: ["a", null], nested: { deep: [1.5, true] } });
    assert.equal(
      await says(agent, "TaskUpdate", { taskId: 1, owner: "backend", metadata: { size: "M" }, status: "in_progress" }),
      "Updated task #1 owner, metadata, status",
    );
    assert.equal(
      await says(agent, "TaskList", {}),
      "#1 [in_progress] First task (backend)\n#2 [pending] Second task [blocked by #1]",
    );
    assert.equal(
      await says(agent, "TaskGet", { taskId: "#1" }),
      'Task #1: First task\nStatus: in_progress\nDescription: Do it\nBlocks: #2\nOwner: backend\nMetadata: {"size":"M"}',
    );
    const done = await agent.call("TaskUpdate", { taskId: "1", status: "completed" });
    assert.deepEqual(
      [done.success, done.taskId, done.updatedFields, done.statusChange, done.unblocked],
      [true, "1", ["status"], { from: "in_progress", to: "completed" }, ["2"]],
    );
    const { task } = await agent.call("TaskNext", {});
    assert.deepEqual([task.id, task.status, task.owner, task.fence, task.wave], ["2", "in_progress", "claude", 1, 2]);
    assert.deepEqual((await agent.call("TaskNext", {})).task, null);
    assert.equal(await says(agent, "TaskUpdate", { taskId: "2", status: "deleted" }), "Updated task #2 deleted");
    assert.deepEqual(await refusal(agent, "TaskGet", { taskId: "2" }), {
      code: "task_not_found",
      text: "Task not found",
    });
    assert.equal((await agent.call("TaskCreate", { subject: "Third" })).id, "3", "a number is never given twice");

    const todos = [{ content: "Run the tests", status: "in_progress", activeForm: "Running the tests" }];
    assert.deepEqual(await agent.call("TodoWrite", { todos }), { oldTodos: [], newTodos: todos });
    const [{ todos: shown }] = (await room.get("/snapshot")).agents.filter(({ name }) => name === "claude");
    assert.deepEqual(shown, todos);
    assert.deepEqual((await agent.call("TodoWrite", { todos: [] })).oldTodos, todos);
  });

describe("a list", () => {
  test("is shared by all who name it in their address, and none other", async () => {
    const { token } = await settle(world);
    const [one, two, other] = await Promise.all(
      [{ agent: "one", list: "team/api" }, { agent: "two", list: "team-api" }, { agent: "other" }].map((options) =>
        joins(StreamableAgent, token, options),
      ),
    );
    await one.call("TaskCreate", { subject: "Shared" });
    assert.equal(await says(two, "TaskList", {}), "#1 [pending] Shared");
    assert.equal(await says(other, "TaskList", {}), "No tasks found");
    assert.equal((await other.call("TaskCreate", { subject: "Apart" })).id, "1");
  });

  test("keeps the same address over HTTP+SSE, whose posts go elsewhere", async () => {
    const { token } = await settle(world);
    const agent = await joins(Agent, token, { list: "sprint", tools: "tasks" });
    assert.equal((await agent.call("TaskCreate", { subject: "x" })).list, "sprint");
    const { tools } = await agent.client.listTools();
    assert.ok(
      tools.every(({ name }) => /^(Task|Todo)/.test(name)),
      tools.map(({ name }) => name),
    );
  });

  test("with a name that is none is refused, and so are tools that there are not", async () => {
    const { token } = await settle(world);
    for (const [query, field] of [
      [`list=${"x".repeat(129)}`, "list"],
      ["tools=Bash", "tools"],
    ]) {
      const address = new URL(token.mcpUrl);
      const response = await fetch(`${address}&${query}`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
      });
      const problem = await response.json();
      assert.deepEqual([response.status, problem.field], [400, field], JSON.stringify(problem));
    }
  });

  test("has no circles, and says which one there would be", async () => {
    const { token } = await settle(world);
    const agent = await joins(StreamableAgent, token);
    for (const subject of ["a", "b", "c"]) await agent.call("TaskCreate", { subject });
    await agent.call("TaskUpdate", { taskId: "2", addBlockedBy: ["1"], addBlocks: ["3"] });
    const circle = "the dependencies would go in a circle: #1 → #2 → #3 → #1";
    assert.deepEqual(await refusal(agent, "TaskUpdate", { taskId: "1", subject: "x", addBlockedBy: ["3"] }), {
      code: "dependency_cycle",
      text: circle,
    });
    assert.equal((await agent.call("TaskGet", { taskId: "1" })).subject, "a", "nothing of it was done");
  });

  test("names the task that there is not, where a call is about another one", async () => {
    const { token } = await settle(world);
    const agent = await joins(StreamableAgent, token);
    await agent.call("TaskCreate", { subject: "a" });
    const unknown = { code: "task_not_found", text: "there is no task #9 on the list main" };
    assert.deepEqual(await refusal(agent, "TaskUpdate", { taskId: "1", addBlocks: ["9"] }), unknown);
    assert.deepEqual(await refusal(agent, "TaskUpdate", { taskId: "1", removeBlockedBy: ["#9"] }), unknown);
    assert.deepEqual(await refusal(agent, "TaskCreate", { subject: "x", blockedBy: ["1", "9"] }), unknown);
    assert.equal((await agent.call("TaskList", {})).tasks.length, 1, "nothing of it was done");
  });

  test("enforces its dependencies where the workspace says so, and else warns", async () => {
    const { room, token } = await settle(world);
    const agent = await joins(StreamableAgent, token);
    await agent.call("TaskCreate", { subject: "first" });
    for (const subject of ["second", "third"]) await agent.call("TaskCreate", { subject, blockedBy: ["1"] });
    const begun = await agent.call("TaskUpdate", { taskId: "2", status: "in_progress" });
    assert.match(begun.warnings[0], /waits for #1/);
    const set = await room.ask("PATCH", "", { enforceDependencies: true });
    assert.equal(set.body.enforceDependencies, true);
    const { code, text } = await refusal(agent, "TaskUpdate", { taskId: "3", status: "in_progress" });
    assert.deepEqual([code, text], ["task_blocked", "#3 waits for #1: that must be completed first"]);
  });

  test("warns of what goes wrong on such boards, with what would be right", async () => {
    const { token } = await settle(world);
    const [lead, worker] = await Promise.all(
      ["lead", "worker"].map((agent) => joins(StreamableAgent, token, { agent })),
    );
    const warnings = async (agent, tool, args) => (await agent.call(tool, args)).warnings ?? [];
    const good = { activeForm: "Fixing", metadata: { task_group: "auth" } };
    assert.deepEqual(await warnings(lead, "TaskCreate", { subject: "Fix it", ...good }), []);
    assert.match((await warnings(lead, "TaskCreate", { subject: "Other", metadata: good.metadata }))[0], /activeForm/);
    assert.match((await warnings(lead, "TaskCreate", { subject: "More", activeForm: "x" }))[0], /task_group/);
    assert.match((await warnings(lead, "TaskCreate", { subject: " FIX  it ", ...good }))[0], /#1 is called the same/);
    for (let n = 0; n < 5; n++) await lead.call("TaskCreate", { subject: `Step ${n}`, ...good });
    assert.match((await warnings(lead, "TaskCreate", { subject: "Step 10", ...good }))[0], /10 tiny tasks/);
    const begin = (taskId) => warnings(worker, "TaskUpdate", { taskId, status: "in_progress", owner: "worker" });
    assert.match((await begin("1"))[0], /without TaskGet/);
    await worker.call("TaskGet", { taskId: "5" });
    assert.deepEqual(
      (await begin("5")).map((text) => /in progress too/.test(text)),
      [true],
    );
  });

  test("makes one task of the same uid", async () => {
    const { token } = await settle(world);
    const agent = await joins(StreamableAgent, token);
    const args = { subject: "Create the schema", metadata: { task_uid: "auth:schema" } };
    await agent.call("TaskCreate", args);
    assert.equal(
      await says(agent, "TaskCreate", { ...args, subject: "Create it anew" }),
      "Task #1 exists already, by its task_uid: Create it anew (pending)",
    );
    assert.equal(await says(agent, "TaskList", {}), "#1 [pending] Create it anew");
  });

  test("takes metadata key by key, or as a whole where that is said", async () => {
    const { token } = await settle(world);
    const agent = await joins(StreamableAgent, token);
    await agent.call("TaskCreate", { subject: "x", metadata: { a: 1, b: { c: null }, blocked_reason: "no key" } });
    const noted = async (change) => (await agent.call("TaskUpdate", { taskId: "1", ...change })).task.metadata;
    assert.deepEqual(await noted({ metadata: { a: null, d_e: "x" } }), {
      b: { c: null },
      blocked_reason: "no key",
      d_e: "x",
    });
    assert.equal((await agent.call("TaskNext", {})).task, null, "what says why it is stuck is for nobody");
    assert.deepEqual(await noted({ metadata: { only: true }, metadataMode: "replace" }), { only: true });
    const large = await refusal(agent, "TaskUpdate", { taskId: "1", metadata: { a: "x".repeat(17_000) } });
    assert.equal(large.code, "too_long");
  });

  test("is read in parts: by status, owner and group, and page by page", async () => {
    const { token } = await settle(world);
    const agent = await joins(StreamableAgent, token);
    for (let n = 1; n <= 5; n++)
      await agent.call("TaskCreate", { subject: `Task ${n}`, metadata: { task_group: n % 2 ? "odd" : "even" } });
    await agent.call("TaskUpdate", { taskId: "3", status: "in_progress", owner: "backend" });
    const ids = async (filter) => (await agent.call("TaskList", filter)).tasks.map(({ id }) => id);
    assert.deepEqual(await ids({ task_group: "odd" }), ["1", "3", "5"]);
    assert.deepEqual(await ids({ status: "in_progress" }), ["3"]);
    assert.deepEqual(await ids({ owner: "backend", task_group: "even" }), []);
    const { nextCursor } = await agent.call("TaskList", { limit: 2 });
    assert.deepEqual(await ids({ limit: 2, cursor: nextCursor }), ["3", "4"]);
  });
});

describe("a claim", () => {
  test("is made once, by whoever comes first, over any number of connections", async () => {
    const { token } = await settle(world);
    const agents = await Promise.all(
      Array.from({ length: 6 }, (_, n) => joins(n % 2 ? Agent : StreamableAgent, token, { agent: `agent-${n}` })),
    );
    await agents[0].call("TaskCreate", { subject: "x" });
    const tried = await Promise.all(
      agents.map((agent, n) => agent.try("TaskUpdate", { taskId: "1", status: "in_progress", owner: `agent-${n}` })),
    );
    const won = tried.findIndex(({ isError }) => !isError);
    assert.equal(tried.filter(({ isError }) => !isError).length, 1);
    for (const result of tried.filter(({ isError }) => isError)) {
      assert.equal(result.structuredContent.code, "task_held");
      assert.match(texts(result).at(-1), new RegExp(`^#1 is held by agent-${won} \\(claim 1\\)`));
    }
    const loser = agents[(won + 1) % agents.length];
    assert.equal((await refusal(loser, "TaskUpdate", { taskId: "1", status: "completed" })).code, "task_held");
    await loser.call("TaskUpdate", { taskId: "1", status: "in_progress", owner: "taker", fence: 1 });
    const late = await refusal(agents[won], "TaskUpdate", { taskId: "1", status: "completed", fence: 1 });
    assert.match(late.text, /held by taker/);
  });

  test("is made with the task where that is begun at once, and not where it must wait", async () => {
    const { token, room } = await settle(world);
    const [agent, other] = [await joins(StreamableAgent, token), await joins(Agent, token, { agent: "other" })];
    const begun = { subject: "Fix it", status: "in_progress", owner: "laptop", metadata: { task_uid: "fix" } };
    const task = await agent.call("TaskCreate", begun);
    assert.deepEqual([task.id, task.status, task.holder, task.fence], ["1", "in_progress", "laptop", 1]);
    assert.deepEqual((await agent.call("TaskCreate", begun)).fence, 1, "said once more, it is the same claim");
    assert.equal((await refusal(other, "TaskCreate", { ...begun, owner: "other" })).code, "task_held");
    const warned = await agent.try("TaskCreate", { subject: "Ship it", blockedBy: ["1"], status: "in_progress" });
    assert.match(texts(warned).join("\n"), /#1/);
    await room.change("", { enforceDependencies: true });
    const early = await refusal(agent, "TaskCreate", { subject: "Tell all", blockedBy: ["1"], status: "in_progress" });
    assert.equal(early.code, "task_blocked");
    assert.deepEqual(
      (await agent.call("TaskList", {})).tasks.map(({ id }) => id),
      ["1", "2"],
      "what is refused stores nothing",
    );
  });

  test("by TaskNext gives each of many agents another task", async () => {
    const { token } = await settle(world);
    const agents = await Promise.all(
      Array.from({ length: 5 }, (_, n) => joins(StreamableAgent, token, { agent: `agent-${n}` })),
    );
    for (let n = 0; n < 12; n++) await agents[0].call("TaskCreate", { subject: `Task ${n}` });
    const taken = (await Promise.all(agents.flatMap((agent) => [1, 2, 3].map(() => agent.call("TaskNext", {})))))
      .map(({ task }) => task?.id)
      .filter(Boolean);
    assert.deepEqual(
      taken.map(Number).sort((a, b) => a - b),
      Array.from({ length: 12 }, (_, n) => n + 1),
    );
  });
});

test("a token that may only look sees lists and changes none, and one that asks people shows its checklist", async () => {
  const { room, token } = await settle(world);
  const agent = await joins(StreamableAgent, token);
  await agent.call("TaskCreate", { subject: "x" });
  const scoped = async (scope) =>
    joins(StreamableAgent, await room.make("/tokens", { label: scope, scopes: [scope] }), { agent: scope });
  const [reader, asker] = [await scoped("read"), await scoped("ask")];
  for (const narrow of [reader, asker]) {
    assert.equal(await says(narrow, "TaskList", {}), "#1 [pending] x");
    for (const [tool, args] of [
      ["TaskCreate", { subject: "y" }],
      ["TaskUpdate", { taskId: "1", status: "completed" }],
      ["TaskNext", {}],
    ])
      assert.match((await refusal(narrow, tool, args)).text, /needs the scope "agent"/);
  }
  assert.match((await refusal(reader, "TodoWrite", { todos: [] })).text, /needs the scope "ask"/);
  await asker.call("TodoWrite", { todos: [{ content: "Ask", status: "pending" }] });
  assert.equal(await says(agent, "TaskList", {}), "#1 [pending] x");
});
