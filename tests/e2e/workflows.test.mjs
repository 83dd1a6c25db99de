// Workflows over the real server: saved, started, worked off by an agent, a runner and a person, told of once, and stopped.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, StreamableAgent, addressFor } from "../lib/agent.mjs";
import { agentrqRunner } from "../lib/agentrq.mjs";
import { Runner } from "../lib/runner.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
const open = [];
const started = [];
const folder = mkdtempSync(join(tmpdir(), "agentrq-workflows-"));
before(async () => {
  world = await startWorld();
});
after(async () => {
  for (const run of started) run.child.kill("SIGKILL");
  for (const it of open) await it.close();
  rmSync(folder, { recursive: true, force: true });
  await world?.end();
});

const release = {
  name: "release",
  title: "Release {{version}}",
  description: "Tests, asks, publishes.",
  parameters: [
    { name: "version", description: "as in the tag", required: true },
    { name: "target", values: ["staging", "production"], default: "staging" },
  ],
  steps: [
    { key: "test", subject: "Test {{version}}", command: "echo testing {{version}}" },
    { key: "notes", subject: "Write the notes of {{version}}", activeForm: "Writing the notes" },
    {
      key: "ok",
      subject: "Approve: release {{version}} to {{target}}",
      assignee: "human",
      dependsOn: ["test", "notes"],
    },
    { key: "publish", subject: "Publish", command: "echo published {{version}} {{target}}", dependsOn: ["ok"] },
  ],
};

async function connect(token, Client = Agent, options = { agent: "claude" }) {
  const agent = await Client.connect(token.mcpUrl, options);
  open.push(agent);
  return agent;
}

async function place() {
  const here = await settle(world);
  return { ...here, claude: await connect(here.token) };
}

async function until(is, what) {
  for (const end = Date.now() + 20_000; ; await sleep(50)) {
    const found = await is();
    if (found) return found;
    if (Date.now() > end) throw new Error(`it did not come: ${what}`);
  }
}

const ended = (agent) => agent.heard.filter(({ meta }) => meta.kind === "ended");

describe("a workflow", () => {
  test("is saved by an agent, listed as a prompt, started by a tool, and ends once an agent, a runner and a person have done its steps", async () => {
    const { room, token, claude } = await place();
    const told = [];
    claude.client.fallbackNotificationHandler = async (notification) => {
      told.push(notification.method);
      claude.notice(notification);
    };
    const saved = await claude.call("WorkflowSave", { definition: release });
    assert.deepEqual([saved.name, saved.steps], ["release", 4]);
    await until(() => told.includes("notifications/prompts/list_changed"), "that the prompts changed");
    const { prompts } = await claude.client.listPrompts();
    assert.deepEqual(
      prompts.find(({ name }) => name === "release").arguments.map(({ name, required }) => [name, required]),
      [
        ["version", true],
        ["target", false],
      ],
    );
    const { messages } = await claude.client.getPrompt({ name: "release", arguments: { version: "1.2" } });
    assert.match(messages[0].content.text, /WorkflowStart\(\{"parameters":\{"target":"staging","version":"1\.2"\}/);
    const { completion } = await claude.client.complete({
      ref: { type: "ref/prompt", name: "release" },
      argument: { name: "target", value: "pro" },
    });
    assert.deepEqual(completion.values, ["production"]);
    assert.deepEqual((await room.get("/tasks?list=main")).tasks, [], "to get a prompt starts nothing");

    // A value that would be code anywhere but in quotes.
    const version = "1.2'; touch pwned; echo '$(touch pwned)";
    const run = await claude.call("WorkflowStart", { workflow: "release", parameters: { version } });
    assert.deepEqual(
      run.steps.map(({ key, id, by, blockedBy }) => [key, id, by, blockedBy]),
      [
        ["test", "2", "local_bash", []],
        ["notes", "3", "agent", []],
        ["ok", "4", "human", ["2", "3"]],
        ["publish", "5", "local_bash", ["4"]],
      ],
    );
    const runner = await agentrqRunner(
      addressFor(token.mcpUrl, "box").href,
      ["--allow-command", "echo *", "--dir", folder],
      {},
    );
    started.push(runner);
    const next = await claude.call("TaskNext");
    assert.deepEqual([next.task.id, next.task.activeForm], ["3", "Writing the notes"]);
    assert.equal((await claude.call("TaskNext")).task, null, "what is a person's or a runner's is handed to no agent");
    const first = await claude.call("TaskOutput", { task_id: "2", timeout: 20_000 });
    assert.deepEqual([first.task.status, first.task.output], ["completed", `testing ${version}\n`]);
    const ok = run.steps[2].taskId;
    assert.equal((await room.get(`/tasks/${ok}`)).turn, "agent", "nobody is asked too early");
    await claude.call("TaskUpdate", { taskId: "3", status: "completed" });
    const asked = await room.get(`/tasks/${ok}`);
    assert.deepEqual([asked.turn, asked.status, asked.work.stepOf], ["human", "notstarted", run.taskId]);
    const refused = await claude.try("TaskUpdate", { taskId: "4", status: "completed" });
    assert.deepEqual([refused.isError, refused.structuredContent.code], [true, "forbidden"]);
    const under = await claude.call("TaskGet", { taskId: run.id });
    assert.deepEqual([under.background.status, under.background.workflow.completed], ["running", 2]);
    assert.equal(ended(claude).length, 0);
    await room.decide(ok, "approved", "Ship it.");
    const { content } = await claude.hears(({ meta }) => meta.kind === "ended");
    assert.equal(
      content,
      `<task-notification>\n<task-id>${run.taskId}</task-id>\n<status>completed</status>\n` +
        `<summary>Background workflow "Release ${version}" completed: 4 of 4 steps completed</summary>\n</task-notification>`,
    );
    const last = await claude.call("TaskOutput", { task_id: "5", block: false });
    assert.equal(last.task.output, `published ${version} staging\n`);
    const whole = await claude.call("TaskOutput", { task_id: run.id });
    assert.equal(whole.task.status, "completed");
    assert.equal(ended(claude).length, 1, "told once, and of none of its steps");
    assert.doesNotMatch(runner.err, /pwned: /);
  });

  test("that is wrong is refused with the way to it, and nothing is stored", async () => {
    const { room, claude } = await place();
    const circle = structuredClone(release);
    circle.steps[0].dependsOn = ["publish"];
    for (const [definition, path, says] of [
      [{ ...release, name: "Release it" }, "name", /all lower case/],
      [{ ...release, name: "ask" }, "name", /a prompt of this server/],
      [{ ...release, steps: [{ key: "a", subject: "{{x}}" }] }, "steps[0].subject", /there are version, target/],
      [{ ...release, steps: [{ key: "a", subject: "A", dependsOn: ["b"] }] }, "steps[0].dependsOn[0]", /no step `b`/],
      [circle, "steps[0].dependsOn", /in a circle: test → ok → publish → test/],
      [
        { ...release, steps: [{ key: "a", subject: "A", command: 'echo "{{version}}"' }] },
        "steps[0].command",
        /leave the quotes out/,
      ],
    ]) {
      const { isError, structuredContent, content } = await claude.try("WorkflowSave", { definition });
      assert.deepEqual([isError, structuredContent.code, structuredContent.path], [true, "workflow_invalid", path]);
      assert.match(content[0].text, says);
      const put = await room.ask("PUT", `/workflows/${encodeURIComponent(definition.name)}`, definition);
      assert.ok(put.status === 400 || put.status === 404, `${put.status}`);
    }
    const unnamed = await room.ask("PUT", "/workflows/x%20y", { ...release, name: "x y" });
    assert.equal(unnamed.status, 404);
    assert.match(unnamed.body.detail, /"x y" is no name; a name is a letter and then letters/);
    assert.deepEqual((await claude.call("WorkflowList")).workflows, []);
    await claude.call("WorkflowSave", { definition: release });
    for (const [parameters, path] of [
      [{}, "parameters.version"],
      [{ version: "1", target: "moon" }, "parameters.target"],
      [{ version: "1", colour: "red" }, "parameters.colour"],
    ]) {
      const { structuredContent } = await claude.try("WorkflowStart", { workflow: "release", parameters });
      assert.deepEqual([structuredContent.code, structuredContent.path], ["workflow_invalid", path]);
    }
    const unknown = await claude.try("WorkflowStart", { workflow: "relaese" });
    assert.deepEqual(unknown.structuredContent.code, "workflow_not_found");
    assert.match(unknown.content[0].text, /there are release/);
    assert.deepEqual((await claude.call("TaskList")).tasks, []);
  });

  test("is stopped with its run: what has not begun is called off, and a command ends when its runner says so", async () => {
    const { room, token, claude } = await place();
    const runner = await Runner.connect(room, token);
    open.push(runner);
    await claude.call("WorkflowSave", { definition: release });
    const run = await claude.call("WorkflowStart", { workflow: "release", parameters: { version: "1" } });
    const command = await runner.takes("2");
    const stopped = await claude.call("TaskStop", { task_id: run.id });
    assert.equal(stopped.status, "running");
    const statuses = async () =>
      Promise.all(run.steps.map(async ({ taskId }) => (await room.get(`/tasks/${taskId}`)).status));
    assert.deepEqual(await statuses(), ["ongoing", "killed", "killed", "killed"]);
    await runner.client.hears(({ meta }) => meta.kind === "stop");
    assert.equal((await room.get(`/tasks/${run.taskId}`)).status, "ongoing");
    await runner.ends(command, "killed");
    await claude.hears(({ meta }) => meta.kind === "ended");
    assert.equal((await room.get(`/tasks/${run.taskId}`)).status, "killed");
    await claude.call("TaskList");
    assert.equal(ended(claude).length, 1);
  });

  test("is a person's to save, start and delete over HTTP, and a run outlives it", async () => {
    const { room, token, claude } = await place();
    const kept = await room.ask("PUT", "/workflows/release", release);
    assert.deepEqual([kept.status, kept.body.name, kept.body.steps.length], [200, "release", 4]);
    assert.deepEqual(
      (await room.get("/workflows")).workflows.map(({ name }) => name),
      ["release"],
    );
    const other = await room.ask("PUT", "/workflows/another", release);
    assert.deepEqual([other.status, other.body.code, other.body.path], [400, "workflow_invalid", "name"]);
    assert.equal((await room.ask("PUT", "", { name: "x" })).status, 405, "no workspace is made from outside");
    const start = (parameters, key) =>
      room.ask("POST", "/workflows/release/runs", { parameters }, key ? { "idempotency-key": key } : {});
    const wrong = await start({ version: "1", target: "moon" });
    assert.deepEqual([wrong.status, wrong.body.path], [400, "parameters.target"]);
    const [one, again] = [await start({ version: "1" }, "k"), await start({ version: "1" }, "k")];
    assert.deepEqual([one.status, one.body.id, one.body.status], [201, again.body.id, "ongoing"]);
    assert.equal((await claude.call("TaskList")).tasks.length, 5);
    await room.remove("/workflows/release");
    assert.equal((await room.ask("GET", "/workflows/release")).body.code, "workflow_not_found");
    assert.equal((await room.get(`/tasks/${one.body.id}`)).work.job.run.workflow, "release");

    const bearer = { authorization: `Bearer ${token.token}` };
    const calls = [
      ["GET", "/workflows"],
      ["GET", "/workflows/release"],
      ["PUT", "/workflows/release", release],
      ["DELETE", "/workflows/release"],
      ["POST", "/workflows/release/runs", {}],
    ];
    for (const [method, path, body] of calls) {
      const asked = async (headers) =>
        (
          await fetch(`${world.url}${room.base}${path}`, {
            method,
            headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
            body: body && JSON.stringify(body),
          })
        ).status;
      assert.deepEqual([await asked(bearer), await asked({})], [403, 401], `${method} ${path}`);
    }
  });

  test("is only listed to a token that may not start one", async () => {
    const { room, claude } = await place();
    await claude.call("WorkflowSave", { definition: release });
    const narrow = await room.make("/tokens", { label: "asks", scopes: ["ask"] });
    const asks = await connect(narrow, StreamableAgent, { agent: "asks" });
    const { prompts } = await asks.client.listPrompts();
    assert.ok(!prompts.some(({ name }) => name === "release"));
    assert.equal((await asks.call("WorkflowList")).workflows.length, 1);
    for (const [tool, args] of [
      ["WorkflowStart", { workflow: "release", parameters: { version: "1" } }],
      ["WorkflowSave", { delete: "release" }],
    ]) {
      const { isError, content } = await asks.try(tool, args);
      assert.ok(isError);
      assert.match(content[0].text, /needs the scope "agent"/);
    }
  });
});
