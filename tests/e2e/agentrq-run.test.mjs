// `agentrq run`: a command of one's own is watched from anywhere, stopped from anywhere, and loses nothing on the way, whatever the server does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { agentrqRun } from "../lib/agentrq.mjs";
import { besideServer } from "../lib/bridge.mjs";
import { textOf } from "../lib/runner.mjs";
import { SseReader } from "../lib/sse.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const beside = besideServer();

async function runs(token, command, options) {
  return beside.keep(await agentrqRun(token.mcpUrl, command, options));
}

/** The one background task of a room, once it is there. */
async function taskOf(room) {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    const { tasks } = await room.get("/tasks?list=main");
    if (tasks.length) return tasks[0];
  }
  throw new Error("no task came");
}
const outputOf = async (room, task) =>
  new TextDecoder().decode((await room.ask("GET", `/tasks/${task.id}/output`)).body);

test("a command runs as it always does, and people and agents see what it prints and how it ended", async () => {
  const { workspace, room, token } = await settle(beside.world);
  const script = "echo one; echo two >&2; sleep 0.5; echo three; exit 3";
  const run = await runs(token, ["sh", "-c", script]);
  const task = await taskOf(room);
  assert.equal(task.work.job.command, `sh -c '${script}'`);
  const stream = await SseReader.open(`${beside.world.url}${room.base}/tasks/${task.id}/output`, {
    cookie: room.person.cookie,
  });
  await stream.until(() => textOf(stream).includes("one"), 20_000, "the first line");
  assert.deepEqual(await run.exited, { code: 3, signal: null });
  assert.equal(run.out, "one\nthree\n");
  assert.match(run.err, new RegExp(`agentrq: .*/w/${workspace.id}/tasks/${task.id}`));
  assert.match(run.err, /two\n/);
  await stream.done;
  assert.deepEqual(textOf(stream).trim().split("\n").toSorted(), ["one", "three", "two"]);
  const { status, work } = await room.get(`/tasks/${task.id}`);
  assert.deepEqual([status, work.job.exitCode], ["failed", 3]);
});

test("an agent's stop ends it, and both hear how", async () => {
  const { room, token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const run = await runs(token, ["sh", "-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done"]);
  await run.says("up");
  const task = await taskOf(room);
  await claude.call("TaskStop", { task_id: task.id });
  const waited = await claude.call("TaskOutput", { task_id: task.id, timeout: 20_000 });
  assert.deepEqual([waited.retrieval_status, waited.task.status], ["success", "killed"]);
  // The shell may say as well, on its other stream, that its `sleep` was ended.
  assert.match(waited.task.output, /^up\n/);
  assert.match(waited.task.output, /bye\n/);
  assert.match((await claude.hears(({ meta }) => meta.kind === "ended")).content, /killed/);
  await run.exited;
});

test("a command that will not end is killed after its grace", async () => {
  const { room, token } = await settle(beside.world);
  const run = await runs(token, ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"], {
    args: ["--grace", "1s"],
  });
  await run.says("up");
  const task = await taskOf(room);
  const claude = await beside.connect(token);
  await claude.call("TaskStop", { task_id: task.id });
  assert.equal((await claude.call("TaskOutput", { task_id: task.id, timeout: 20_000 })).task.status, "killed");
  assert.equal((await run.exited).code, 128 + 9);
});

test("what it prints while the server is killed and starts again comes whole and in order", async () => {
  const world = await startWorld();
  try {
    const { room, token } = await settle(world);
    const lines = 300;
    const script = `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); sleep 0.01; done`;
    const run = await runs(token, ["sh", "-c", script]);
    const task = await taskOf(room);
    await run.says("line 50\n");
    await world.server.kill();
    await run.says("line 150\n");
    await world.restart();
    assert.deepEqual(await run.exited, { code: 0, signal: null });
    assert.equal(await outputOf(room, task), Array.from({ length: lines }, (_, n) => `line ${n}\n`).join(""));
    assert.equal((await room.get(`/tasks/${task.id}`)).status, "completed");
  } finally {
    await world.end();
  }
});

test("an answer for a model does not end up with a program, whoever listens", async () => {
  const { room, token } = await settle(beside.world);
  const run = await runs(token, ["sh", "-c", "echo up; sleep 30"]);
  await run.says("up");
  await taskOf(room);
  const { id } = await room.make("/tasks", { title: "For whoever comes", assignee: "agent" });
  await sleep(500);
  const claude = await beside.connect(token);
  await claude.hears(({ meta }) => meta.chat_id === id);
  run.child.kill("SIGTERM");
  await run.exited;
});

test("without a server the command runs all the same", async () => {
  const { token } = await settle(beside.world);
  const nowhere = token.mcpUrl.replace(/:\d+\//, ":9/");
  const run = await runs({ mcpUrl: nowhere }, ["sh", "-c", "echo here; exit 4"], { args: ["--linger", "1s"] });
  assert.deepEqual(await run.exited, { code: 4, signal: null });
  assert.equal(run.out, "here\n");
  assert.match(run.err, /agentrq: /);
});

test("a wrong address is refused before anything runs, with what is allowed", async () => {
  const run = await runs({ mcpUrl: "http://127.0.0.1/somewhere?token=x" }, ["touch", "/never"]);
  assert.equal((await run.exited).code, 2);
  assert.match(run.err, /\/mcp\/WORKSPACE/);
});
