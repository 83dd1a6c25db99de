// Background work: what is printed reaches whoever follows it, as it comes; who asked for it is told of the end, once; a stop reaches who runs it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { commanded } from "../lib/commands.mjs";
import { Runner, textOf } from "../lib/runner.mjs";
import { SseReader } from "../lib/sse.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const world = ownWorld();
const { keep } = world;

async function place() {
  const here = await settle(world);
  return { ...here, runner: keep(await Runner.connect(here.room, here.token)) };
}

const follow = async ({ base, person }, task, query = "") =>
  keep(await SseReader.open(`${person.url}${base}/tasks/${task.taskId}/output${query}`, { cookie: person.cookie }));
const says = (stream, text) => stream.until(() => textOf(stream).includes(text), 10_000, `the output ${text}`);
const ends = (stream) => stream.until(({ event }) => event === "end", 10_000, "the end of the output");

describe("a command", () => {
  test("is asked for by one agent, run by another and followed by a person; who asked is told once, in the words of Claude Code", async () => {
    const { room, token, runner } = await place();
    const claude = keep(await Agent.connect(token.mcpUrl, { agent: "claude" }));
    const made = await claude.call("TaskCreate", { subject: "Run the tests", metadata: { command: "npm test" } });
    assert.deepEqual(
      [made.background.type, made.background.command, made.background.status],
      ["local_bash", "npm test", "pending"],
    );
    const stream = await follow(room, made);
    const task = await runner.takes(made.id);
    assert.deepEqual([task.background.status, task.holder, task.fence], ["running", "runner", 1]);
    const length = await runner.prints(task, 0, "1 passed\n");
    await says(stream, "1 passed\n");
    await runner.prints(task, length, "2 passed\n");
    await says(stream, "2 passed\n");
    await runner.ends(task, "completed", 0);
    assert.equal((await ends(stream)).json.length, 18);
    await stream.done;
    assert.equal(textOf(stream), "1 passed\n2 passed\n");
    const { content } = await claude.hears(({ meta }) => meta.kind === "ended");
    assert.equal(
      content,
      `<task-notification>\n<task-id>${made.taskId}</task-id>\n<status>completed</status>\n` +
        `<summary>Background command "npm test" completed (exit code 0)</summary>\n</task-notification>`,
    );
    await claude.call("TaskGet", { taskId: made.id });
    assert.equal(claude.heard.filter(({ meta }) => meta.kind === "ended").length, 1);
    const { work } = await room.get(`/tasks/${made.taskId}`);
    assert.deepEqual([work.job.exitCode, work.job.kind], [0, "local_bash"]);
  });

  test("is not handed to an agent that looks for work", async () => {
    const { token, runner } = await place();
    await runner.client.call("TaskCreate", { subject: "Run it", type: "local_bash", command: "rm -rf build" });
    const claude = keep(await StreamableAgent.connect(token.mcpUrl, { agent: "claude" }));
    assert.equal((await claude.call("TaskNext")).task, null);
  });

  test("needs words and a time that is allowed", async () => {
    const { runner } = await place();
    for (const [args, code, says] of [
      [{ type: "local_bash" }, "empty", /command/],
      [{ type: "local_bash", command: "x".repeat(8 * 1024 + 1) }, "too_long", /8192/],
      [{ type: "local_bash", command: "x", timeout: 999 }, "invalid", /1000 to 604800000/],
    ]) {
      const { isError, structuredContent, content } = await runner.client.try("TaskCreate", { subject: "x", ...args });
      assert.deepEqual([isError, structuredContent?.code], [true, code]);
      assert.match(content[0].text, says);
    }
    const { content } = await runner.client.try("TaskCreate", { subject: "x", type: "bash" });
    assert.match(content[0].text, /"local_bash", "local_agent"/);
    assert.deepEqual((await runner.client.call("TaskList")).tasks, []);
  });
});

describe("a report of output", () => {
  test("that comes again or late is harmless, and one that leaves a gap is told where to go on", async () => {
    const { room, runner } = await place();
    const task = await runner.begins("npm test");
    assert.equal(await runner.prints(task, 0, "hello"), 5);
    assert.equal(await runner.prints(task, 0, "hello"), 5);
    assert.equal(await runner.prints(task, 3, "lo, world"), 12);
    assert.equal(await runner.prints(task, 12, ""), 12);
    const gap = await runner.reports(task, 13, "!");
    assert.deepEqual([gap.status, gap.body.code, gap.body.length], [409, "output_gap", 12]);
    const { body, headers } = await room.ask("GET", `/tasks/${task.taskId}/output`);
    assert.equal(new TextDecoder().decode(body), "hello, world");
    assert.equal(headers.get("content-range"), "bytes 0-11/12");
  });

  test("is refused where it is not whoever runs the task, or does not run, and says why", async () => {
    const { room, token, runner } = await place();
    const stranger = keep(await Runner.connect(room, token, "stranger"));
    const { id, taskId } = await runner.client.call("TaskCreate", { subject: "x", type: "local_bash", command: "x" });
    const early = await runner.reports({ taskId }, 0, "x");
    assert.deepEqual([early.status, early.body.code], [409, "not_begun"]);
    const task = await runner.takes(id);
    const others = await stranger.reports(task, 0, "x");
    assert.deepEqual([others.status, others.body.code, others.body.holder], [409, "task_held", "runner"]);
    const stale = await runner.reports(task, 0, "x", "&fence=7");
    assert.deepEqual([stale.status, stale.body.code], [409, "task_held"]);
    const nowhere = await runner.reports(task, "", "x");
    assert.deepEqual([nowhere.status, nowhere.body.field], [400, "offset"]);
    const wrong = await runner.reports(task, "-1", "x");
    assert.deepEqual([wrong.status, wrong.body.field], [400, "offset"]);
    const large = await runner.reports(task, 0, new Uint8Array(1024 * 1024 + 1));
    assert.deepEqual([large.status, large.body.code, large.body.limit], [413, "too_large", 1024 * 1024]);
    const person = await room.ask("POST", `/tasks/${taskId}/output?offset=0`, {});
    assert.deepEqual([person.status, person.body.code], [401, "token_required"]);
    const reads = await room.make("/tokens", { label: "eyes", scopes: ["read"] });
    const narrow = await Runner.connect(room, reads, "runner").then((it) => keep(it).reports(task, 0, "x"));
    assert.deepEqual([narrow.status, narrow.body.code], [403, "scope_required"]);
    const plain = await runner.client.call("TaskCreate", { subject: "Think" });
    await runner.client.call("TaskUpdate", { taskId: plain.id, status: "in_progress" });
    const none = await runner.reports(plain, 0, "x");
    assert.deepEqual([none.status, none.body.code], [400, "not_background"]);
    await runner.ends(task, "failed", 2);
    const late = await runner.reports(task, 0, "x");
    assert.deepEqual([late.status, late.body.code], [409, "task_closed"]);
    assert.equal((await room.ask("GET", `/tasks/${taskId}/output`)).body.length, 0, "nothing of all that was stored");
  });

  test("outlives a server that is killed, and is not doubled by being sent again", async () => {
    const world = await startWorld();
    try {
      const { room, token } = await settle(world);
      const runner = await Runner.connect(room, token);
      const task = await runner.begins("npm test");
      await runner.prints(task, 0, "before ");
      await world.server.kill();
      await world.restart();
      assert.equal(await runner.prints(task, 0, "before after"), 12);
      assert.equal(
        new TextDecoder().decode((await room.ask("GET", `/tasks/${task.taskId}/output`)).body),
        "before after",
      );
    } finally {
      await world.end();
    }
  });
});

describe("whoever reads an output", () => {
  test("is told whole characters, however the bytes are cut, and goes on where it stood", async () => {
    const { room, runner } = await place();
    const task = await runner.begins("cat");
    const bytes = new TextEncoder().encode("aé😀 \u001b[31mred\u001b[0m\n");
    const stream = await follow(room, task);
    for (let at = 0; at < bytes.length; at += 1) await runner.prints(task, at, bytes.slice(at, at + 1));
    await says(stream, "red\u001b[0m\n");
    assert.equal(textOf(stream), "aé😀 \u001b[31mred\u001b[0m\n");
    const again = await follow(room, task, `?offset=${stream.events.findLast(({ event }) => event === "output").id}`);
    await runner.prints(task, bytes.length, "more");
    await says(again, "more");
    assert.equal(textOf(again), "more");
    const tail = await follow(room, task, "?tail=4");
    await says(tail, "more");
    assert.equal(textOf(tail), "more");
  });

  test("may be an agent, which waits for the end, or reads a part", async () => {
    const { token, runner } = await place();
    const claude = keep(await StreamableAgent.connect(token.mcpUrl, { agent: "claude" }));
    const task = await runner.begins("npm test");
    const length = await runner.prints(task, 0, "line 1\nline 2\n");
    const now = await claude.try("TaskOutput", { task_id: task.id, block: false });
    assert.match(
      now.content[0].text,
      /<retrieval_status>not_ready<\/retrieval_status>[^]*<output>\nline 1\nline 2\n<\/output>/,
    );
    assert.deepEqual([now.structuredContent.nextOffset, now.structuredContent.task.status], [length, "running"]);
    assert.equal(
      (await claude.call("TaskOutput", { task_id: task.taskId, block: false, tail: 7 })).task.output,
      "line 2\n",
    );
    assert.equal(
      (await claude.call("TaskOutput", { taskId: task.id, block: false, offset: 5, limit: 4 })).task.output,
      "1\nli",
    );
    assert.equal((await claude.call("TaskOutput", { task_id: task.id, timeout: 300 })).retrieval_status, "timeout");
    const progress = [];
    const waits = claude.call(
      "TaskOutput",
      { task_id: task.id, timeout: 60_000 },
      { onprogress: (it) => progress.push(it.message) },
    );
    await runner.prints(task, length, "line 3\n");
    await runner.ends(task, "failed", 2);
    const ended = await waits;
    assert.deepEqual(
      [ended.retrieval_status, ended.task.status, ended.task.exitCode, ended.task.output],
      ["success", "failed", 2, "line 1\nline 2\nline 3\n"],
    );
    assert.deepEqual(new Set(progress), new Set(["Waiting for the task to end"]));
    const again = await claude.call("TaskOutput", { task_id: task.id });
    assert.equal(again.task.output, ended.task.output, "what is over is read at once");
  });

  test("over HTTP+SSE and without a session the same", async () => {
    const { token, runner } = await place();
    const task = await runner.begins("npm test");
    await runner.prints(task, 0, "all is well\n");
    const claude = keep(await Agent.connect(token.mcpUrl, { agent: "claude" }));
    const waits = claude.call("TaskOutput", { task_id: task.id, timeout: 60_000 });
    await runner.ends(task, "completed", 0);
    assert.equal((await waits).task.output, "all is well\n");
  });

  for (const Client of [Agent, StreamableAgent])
    test(`that asked for the task and waits for its end is answered, whatever else comes for it: ${Client.name}`, async () => {
      const { room, token, runner } = await place();
      const claude = keep(await Client.connect(token.mcpUrl, { agent: "claude" }));
      const { id } = await claude.call("TaskCreate", { subject: "x", type: "local_bash", command: "npm test" });
      const task = await runner.takes(id);
      const waits = claude.call("TaskOutput", { task_id: id, timeout: 60_000 });
      await runner.prints(task, 0, "1 passed\n");
      await room.make("/tasks", { title: "Something else", assignee: "agent" });
      await runner.ends(task, "completed", 0);
      const { retrieval_status: status, task: read } = await waits;
      assert.deepEqual([status, read.output], ["success", "1 passed\n"]);
    });

  test("reads the run that is under way, and not the one before", async () => {
    const { room, runner } = await place();
    const task = await runner.begins("npm test");
    await runner.prints(task, 0, "first\n");
    await runner.ends(task, "failed", 1);
    await room.change(`/tasks/${task.taskId}`, { reopen: true });
    const stream = await follow(room, task);
    const again = await runner.takes(task.id);
    assert.equal(again.fence, 2);
    assert.equal(await runner.prints(again, 0, "second\n"), 7);
    await says(stream, "second\n");
    assert.equal(textOf(stream), "second\n");
    const stale = await runner.reports(task, 6, "more of the first", "&fence=1");
    assert.deepEqual([stale.status, stale.body.code], [409, "task_held"]);
    await runner.ends(again, "completed", 0);
    await ends(stream);
  });

  test("is one of at most 64 who follow, and of 64 calls of a session that wait", async () => {
    const { room, token, runner } = await place();
    const task = await runner.begins("npm test");
    const streams = await Promise.all(Array.from({ length: 64 }, () => follow(room, task)));
    assert.ok(streams.every(({ status }) => status === 200));
    const more = await follow(room, task);
    assert.deepEqual([more.status, JSON.parse(more.refusal).limit], [429, 64]);
    const claude = keep(await Agent.connect(token.mcpUrl, { agent: "claude" }));
    const calls = Array.from({ length: 65 }, () => claude.try("TaskOutput", { task_id: task.id, timeout: 60_000 }));
    const refused = await Promise.race(calls);
    assert.deepEqual([refused.isError, refused.structuredContent.code], [true, "too_many_requests"]);
    await runner.ends(task, "completed", 0);
    const answers = await Promise.all(calls);
    assert.equal(answers.filter(({ isError }) => !isError).length, 64);
    await Promise.all(streams.map((stream) => stream.done));
  });

  test("is refused what is no output, and every wrong wish says what is allowed", async () => {
    const { runner } = await place();
    const plain = await runner.client.call("TaskCreate", { subject: "Think" });
    for (const [args, code] of [
      [{ task_id: plain.id }, "not_background"],
      [{ task_id: "99" }, "task_not_found"],
    ]) {
      for (const tool of ["TaskOutput", "TaskStop"]) {
        const { isError, structuredContent } = await runner.client.try(tool, args);
        assert.deepEqual([isError, structuredContent.code], [true, code], tool);
      }
    }
    const { content } = await runner.client.try("TaskOutput", { task_id: plain.id, limit: 100_001 });
    assert.match(content[0].text, /it may be 4 to 100000 bytes. A call that is right: TaskOutput\(/);
  });

  test("of what never printed anything is told that it is over", async () => {
    const { room, runner } = await place();
    const task = await runner.begins("true");
    await runner.ends(task, "completed", 0);
    const stream = await follow(room, task);
    assert.equal((await ends(stream)).json.length, 0);
    assert.equal((await runner.client.call("TaskOutput", { task_id: task.id })).task.output, "");
  });

  test("takes it home as a file, which no browser takes for a page", async () => {
    const { room, runner } = await place();
    const task = await runner.begins("make page");
    await runner.prints(task, 0, "<script>alert(1)</script>");
    const { headers, body } = await room.ask("GET", `/tasks/${task.taskId}/output?download=1`);
    assert.equal(headers.get("content-disposition"), `attachment; filename="${task.taskId}.output"`);
    assert.match(headers.get("content-type"), /^text\/plain/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-security-policy"), /sandbox/);
    assert.equal(new TextDecoder().decode(body), "<script>alert(1)</script>");
    const part = await room.ask("GET", `/tasks/${task.taskId}/output?offset=1&limit=6`);
    assert.deepEqual(
      [new TextDecoder().decode(part.body), part.headers.get("content-range")],
      ["script", "bytes 1-6/25"],
    );
  });

  test("gets many megabytes as they were printed", async () => {
    const { room, runner } = await place();
    const task = await runner.begins("yes");
    const chunk = new Uint8Array(1024 * 1024);
    for (let at = 0; at < chunk.length; at += 1) chunk[at] = 97 + (at % 26);
    for (let n = 0; n < 5; n += 1) await runner.prints(task, n * chunk.length, chunk);
    await runner.prints(task, 5 * chunk.length, "the end");
    const { body } = await room.ask("GET", `/tasks/${task.taskId}/output`);
    assert.equal(body.length, 5 * chunk.length + 7);
    assert.deepEqual(body.slice(3 * chunk.length, 4 * chunk.length), chunk);
    const stream = await follow(room, task);
    await runner.ends(task, "completed", 0);
    await ends(stream);
    assert.equal(textOf(stream).length, 5 * chunk.length + 7);
  });

  test("sees it go with its workspace", async () => {
    const { person, workspace, room, runner } = await place();
    const tasks = [];
    for (const command of ["one", "two", "three"]) tasks.push(await runner.begins(command));
    for (const task of tasks) await runner.prints(task, 0, "x");
    const stream = await follow(room, tasks[1]);
    await says(stream, "x");
    await person.remove(`/api/workspaces/${workspace.id}`);
    await stream.done;
    assert.equal((await room.ask("GET", `/tasks/${tasks[0].taskId}/output`)).status, 403);
    world.opened.delete(runner);
  });

  test("sees it go with its task, and nobody else sees it at all", async () => {
    const { room, runner } = await place();
    const task = await runner.begins("npm test");
    await runner.prints(task, 0, "secret");
    const stream = await follow(room, task);
    await says(stream, "secret");
    const path = `${world.url}${room.base}/tasks/${task.taskId}/output`;
    assert.equal((await fetch(path)).status, 401);
    const elsewhere = await settle(world, { name: "Elsewhere" });
    assert.equal((await fetch(path, { headers: { authorization: `Bearer ${elsewhere.token.token}` } })).status, 401);
    assert.equal((await elsewhere.room.ask("GET", `/tasks/${task.taskId}/output`)).status, 404);
    await room.remove(`/tasks/${task.taskId}`);
    await Promise.race([stream.done, stream.until(() => false, 10_000, "the end of the stream")]);
    assert.equal((await room.ask("GET", `/tasks/${task.taskId}/output`)).status, 404);
  });
});

describe("a stop", () => {
  test("reaches who runs the task, by the inbox and with its next report, and holds once that one says so", async () => {
    const { room, token, runner } = await place();
    const claude = keep(await Agent.connect(token.mcpUrl, { agent: "claude" }));
    const { id, taskId } = await claude.call("TaskCreate", {
      subject: "Watch",
      type: "local_bash",
      command: "npm test -- --watch",
    });
    const task = await runner.takes(id);
    assert.equal((await runner.reports(task, 0, "watching\n")).body.stop, null);
    const asked = await claude.try("TaskStop", { task_id: id });
    assert.match(asked.content[0].text, /^Stop requested: \w+ \(npm test -- --watch\)/);
    assert.deepEqual([asked.structuredContent.task_type, asked.structuredContent.status], ["local_bash", "running"]);
    const { content, meta } = await runner.client.hears(({ meta }) => meta.kind === "stop");
    assert.match(content, /Stop it: claude wants it/);
    assert.equal(meta.chat_id, taskId);
    assert.equal((await runner.reports(task, 9, "ending\n")).body.stop.by.name, "claude");
    await runner.ends(task, "killed", 143);
    assert.match((await claude.hears(({ meta }) => meta.kind === "ended")).content, /killed \(exit code 143\)/);
    const { status, work } = await room.get(`/tasks/${taskId}`);
    assert.deepEqual([status, work.job.exitCode], ["killed", 143]);
  });

  test("may be a person's; what nobody runs has ended by it", async () => {
    const { room, token, runner } = await place();
    const stops = (task) => commanded(room, { type: "stopWork", task });
    const claude = keep(await Agent.connect(token.mcpUrl, { agent: "claude" }));
    const { taskId } = await claude.call("TaskCreate", { subject: "x", type: "local_bash", command: "x" });
    await stops(taskId);
    assert.equal((await room.get(`/tasks/${taskId}`)).status, "killed");
    assert.match((await claude.hears(({ meta }) => meta.kind === "ended")).content, /stopped before anybody ran it/);
    const task = await runner.begins("sleep 100");
    await stops(task.taskId);
    await runner.client.hears(({ meta }) => meta.kind === "stop" && meta.chat_id === task.taskId);
    assert.equal(
      (await room.get(`/tasks/${task.taskId}`)).status,
      "ongoing",
      "it is not over before who runs it says so",
    );
  });

  test("comes by itself when the time of a task is over", async () => {
    const { runner } = await place();
    const task = await runner.begins("sleep 100", { timeout: 1_000 });
    const { content } = await runner.client.hears(({ meta }) => meta.kind === "stop" && meta.chat_id === task.taskId);
    assert.match(content, /its time is over/);
  });
});
