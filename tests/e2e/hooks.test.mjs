// Hooks of Claude Code: a session's own list is seen here, with nothing installed there, and nothing that goes wrong here holds the session up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

/** A session of Claude Code whose hooks lead here. */
async function session(name = "0f6c2f7e-session", query = "") {
  const here = await settle(world, { label: "claude" });
  const { workspace, token, room } = here;
  const post = async (sent, authorization = `Bearer ${token.token}`, shared = "") => {
    const response = await fetch(`${world.url}/hooks/${workspace.id}${query}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json", "x-task-list": shared },
      body: JSON.stringify({ session_id: name, cwd: "/src", ...sent }),
    });
    return { status: response.status, body: await response.json() };
  };
  const tells = async (sent) => {
    const { status, body } = await post(sent);
    assert.deepEqual([status, body], [200, {}]);
  };
  return {
    ...here,
    post,
    creates: (id, subject) =>
      tells({
        hook_event_name: "TaskCreated",
        task_id: id,
        task_subject: subject,
        task_description: `About ${subject}`,
      }),
    uses: (tool, input) =>
      tells({ hook_event_name: "PostToolUse", tool_name: tool, tool_input: input, tool_response: { success: true } }),
    completes: (id) => tells({ hook_event_name: "TaskCompleted", task_id: id, task_subject: "x" }),
    tells,
    list: async (list = "main") =>
      (await room.get(`/tasks?list=${list}`)).tasks.sort((a, b) => a.work.number - b.work.number),
  };
}

test("a list is mirrored as it is worked on: made, joined, begun, done, taken away", async () => {
  const here = await session();
  await here.creates("1", "Write the schema");
  await here.creates("2", "Write the migration");
  const metadata = { priority: "P1" };
  await here.tells({
    hook_event_name: "PostToolUse",
    tool_name: "TaskCreate",
    tool_input: { subject: "Write the migration", description: "About Write the migration", metadata },
    tool_response: { task: { id: "2", subject: "Write the migration" } },
  });
  await here.uses("TaskUpdate", { taskId: "2", addBlockedBy: ["1"], activeForm: "Migrating" });
  await here.uses("TaskUpdate", { taskId: "1", status: "in_progress" });
  let [one, two] = await here.list();
  assert.deepEqual([one.title, one.status, one.work.owner], ["Write the schema", "ongoing", "claude"]);
  assert.equal(one.work.holder, undefined, "it is had there: a lease here would take it away");
  assert.deepEqual([two.work.blockedBy, two.work.activeForm, two.work.wave], [[one.id], "Migrating", undefined]);
  assert.equal(two.work.metadata.priority, "P1");
  await here.completes("1");
  await here.completes("1");
  [one, two] = await here.list();
  assert.deepEqual([one.status, two.work.wave], ["completed", 2]);
  await here.uses("TaskUpdate", { taskId: "2", status: "deleted" });
  assert.deepEqual((await here.list()).length, 1);
  await here.creates("1", "Write the schema");
  assert.equal((await here.list()).length, 1, "what is told twice is one task");
});

test("what was made before anybody told of it is there from its first change on", async () => {
  const here = await session();
  await here.uses("TaskUpdate", { taskId: "7", status: "in_progress", metadata: { priority: "P0", task_uid: "mine" } });
  const [task] = await here.list();
  assert.deepEqual([task.title, task.status, task.work.metadata.priority], ["Task 7", "ongoing", "P0"]);
  assert.equal(task.work.metadata.task_uid, "0f6c2f7e-session:7");
});

test("two sessions keep their numbers apart, and a list may be named", async () => {
  const here = await session("one", "?list=sprint-7");
  await here.creates("1", "Of the first");
  await here.tells({ session_id: "two", hook_event_name: "TaskCreated", task_id: "1", task_subject: "Of the second" });
  assert.deepEqual(
    (await here.list("sprint-7")).map(({ title }) => title),
    ["Of the first", "Of the second"],
  );
});

test("sessions that share a list by its name share its numbers, whichever of them tells", async () => {
  const here = await session();
  const tells = async (session_id, sent, shared = "Sprint 7") => {
    const { status, body } = await here.post({ session_id, ...sent }, undefined, shared);
    assert.deepEqual([status, body], [200, {}]);
  };
  await tells("one", { hook_event_name: "TaskCreated", task_id: "1", task_subject: "Write the schema" });
  await tells("two", { hook_event_name: "TaskCompleted", task_id: "1" });
  await tells("one", { hook_event_name: "SessionEnd", reason: "prompt_input_exit" });
  assert.deepEqual(
    (await here.list("Sprint-7")).map(({ title, status, work }) => [title, status, work.metadata.task_uid]),
    [["Write the schema", "completed", "@Sprint-7:1"]],
  );
  // A client that knows no variables in headers leaves it as it is written.
  await tells(
    "one",
    { hook_event_name: "TaskCreated", task_id: "1", task_subject: "Alone" },
    "$CLAUDE_CODE_TASK_LIST_ID",
  );
  assert.deepEqual(
    (await here.list()).map(({ work }) => work.metadata.task_uid),
    ["one:1"],
  );
  const wrong = await here.post({ hook_event_name: "Stop" }, undefined, "x".repeat(129));
  assert.deepEqual([wrong.status, wrong.body.field], [400, "list"]);
  assert.match(wrong.body.detail, /^x-task-list does not name a list: .*1 to 128/);
});

test("what is taken up again there is under way here, however it had ended, and waits once its session has", async () => {
  const here = await session();
  await here.room.change("", { enforceDependencies: true });
  await here.creates("1", "First");
  await here.creates("2", "Then this");
  await here.uses("TaskUpdate", { taskId: "2", addBlockedBy: ["1"], status: "in_progress" });
  const status = async () => (await here.list()).map(({ status }) => status);
  assert.deepEqual(await status(), ["notstarted", "ongoing"], "there it has begun, whatever is the rule here");
  await here.completes("2");
  await here.uses("TaskUpdate", { taskId: "2", status: "pending" });
  assert.deepEqual(await status(), ["notstarted", "notstarted"]);
  const [one] = await here.list();
  await here.room.change(`/tasks/${one.id}`, { status: "rejected", reason: "Not now" });
  await here.uses("TaskUpdate", { taskId: "1", status: "in_progress" });
  await here.creates("3", "Done");
  await here.completes("3");
  assert.deepEqual(await status(), ["ongoing", "notstarted", "completed"]);
  await here.tells({ session_id: "another", hook_event_name: "SessionEnd", reason: "other" });
  assert.deepEqual(await status(), ["ongoing", "notstarted", "completed"]);
  await here.tells({ hook_event_name: "SessionEnd", reason: "other" });
  assert.deepEqual(await status(), ["notstarted", "notstarted", "completed"]);
});

test("a mirrored task is the session's own: nobody here is given it, whoever it names, and no claim here stands against what is told", async () => {
  const here = await session();
  const other = await Agent.connect(here.token.mcpUrl, { agent: "other" });
  try {
    await here.creates("1", "Fix it");
    await here.creates("2", "Then this");
    assert.equal((await other.call("TaskNext", {})).task, null);
    await here.uses("TaskUpdate", { taskId: "1", status: "in_progress" });
    await here.uses("TaskUpdate", { taskId: "1", owner: "other" });
    assert.deepEqual(
      (await here.list()).map(({ status, work }) => [status, work.owner]),
      [
        ["ongoing", "other"],
        ["notstarted", "claude"],
      ],
    );
    await here.uses("TaskUpdate", { taskId: "1", status: "in_progress" });
    await here.completes("1");
    assert.equal((await here.list())[0].status, "completed");
  } finally {
    await other.close();
  }
});

test("a task of the list itself is made no mirror, whatever it says and whatever hooks tell", async () => {
  const here = await session();
  const claude = await Agent.connect(here.token.mcpUrl, { agent: "claude" });
  try {
    for (const [tool, args] of [
      ["TaskCreate", { subject: "x", metadata: { mirrored_from: "elsewhere" } }],
      ["TaskUpdate", { taskId: "1", metadata: { mirrored_from: "elsewhere" } }],
    ]) {
      const { content, isError } = await claude.try(tool, args);
      assert.ok(isError);
      assert.match(content[0].text, /`metadata\.mirrored_from` is noted of tasks that hooks tell of/);
    }
    await claude.call("TaskCreate", { subject: "Not now", metadata: { task_uid: "0f6c2f7e-session:1" } });
    const [task] = await here.list();
    await here.room.change(`/tasks/${task.id}`, { status: "rejected", reason: "Never" });
    const { body } = await here.post({
      hook_event_name: "PostToolUse",
      tool_name: "TaskUpdate",
      tool_input: { taskId: "1", status: "in_progress" },
    });
    assert.match(body.systemMessage, /^AgentRQ: a task of this list has the `task_uid` .* and is no session's/);
    const [left] = await here.list();
    assert.deepEqual([left.status, left.reason, left.work.metadata.mirrored_from], ["rejected", "Never", undefined]);
  } finally {
    await claude.close();
  }
});

test("what its tool refused there did not happen", async () => {
  const here = await session();
  await here.tells({
    hook_event_name: "PostToolUse",
    tool_name: "TaskUpdate",
    tool_input: { taskId: "9", status: "completed" },
    tool_response: { success: false, error: "Task not found" },
  });
  assert.deepEqual(await here.list(), []);
});

test("a checklist is its agent's", async () => {
  const here = await session();
  await here.uses("TodoWrite", { todos: [{ content: "Ship", status: "in_progress", activeForm: "Shipping" }] });
  const { agents } = await here.room.get("/agents");
  assert.deepEqual(
    agents.find(({ name }) => name === "claude").todos.map(({ activeForm }) => activeForm),
    ["Shipping"],
  );
});

test("other hooks change nothing, and what is refused holds nothing up and says why", async () => {
  const here = await session();
  await here.tells({ hook_event_name: "Stop" });
  await here.uses("Bash", { command: "ls" });
  await here.creates("1", "Do it");
  await here.completes("1");
  const { status, body } = await here.post({
    hook_event_name: "PostToolUse",
    tool_name: "TaskUpdate",
    tool_input: { taskId: "1", addBlockedBy: ["1"] },
  });
  assert.equal(status, 200);
  assert.match(body.systemMessage, /^AgentRQ: .*circle: #1 → #1/);
  const wrong = await here.post({ hook_event_name: "TaskCreated", task_id: "abc" });
  assert.deepEqual([wrong.status, wrong.body.code], [400, "bad_request"]);
  assert.equal((await here.list()).length, 1);
});

test("nobody but an agent's token of the workspace is heard", async () => {
  const here = await session();
  const sent = { hook_event_name: "TaskCreated", task_id: "1", task_subject: "x" };
  const elsewhere = await settle(world, { name: "Elsewhere" });
  const narrow = await here.room.make("/tokens", { label: "ask", scopes: ["ask"] });
  for (const [authorization, status] of [
    ["", 401],
    [`Bearer ${elsewhere.token.token}`, 401],
    [`Bearer ${narrow.token}`, 403],
  ])
    assert.equal((await here.post(sent, authorization)).status, status);
  const person = await here.person.ask("POST", `/hooks/${here.workspace.id}`, sent);
  assert.equal(person.status, 401);
  assert.deepEqual(await here.list(), []);
});
