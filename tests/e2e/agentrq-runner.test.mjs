// `agentrq runner`: what an agent asks for runs on a machine whose owner has allowed it, once, and nothing else does.
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, addressFor } from "../lib/agent.mjs";
import { agentrqRun, agentrqRunner } from "../lib/agentrq.mjs";
import { besideServer } from "../lib/bridge.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const beside = besideServer();

/** A folder with programs, and what they leave there. */
function folderWith(scripts = {}) {
  const folder = beside.folder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

async function runner(token, allowed, { args = [], agent = "box", ...options } = {}) {
  const url = addressFor(token.mcpUrl, agent).href;
  const all = [...allowed.flatMap((command) => ["--allow-command", command]), ...args];
  return beside.keep(await agentrqRunner(url, all, options));
}

const asks = async (claude, command, more = {}) =>
  (await claude.call("TaskCreate", { subject: command.slice(0, 80), type: "local_bash", command, ...more })).taskId;

/** What a task came to, once it has. */
async function end(claude, task, ms = 20_000) {
  const { retrieval_status, task: ended } = await claude.call("TaskOutput", { task_id: task, timeout: ms });
  assert.equal(retrieval_status, "success", JSON.stringify(ended));
  return ended;
}
const statusOf = async (claude, task) => (await claude.call("TaskGet", { taskId: task })).background.status;

async function until(is, what) {
  for (const end = Date.now() + 20_000; !(await is()); await sleep(50))
    if (Date.now() > end) throw new Error(`it did not come: ${what}`);
}

test("what an agent asks for runs where it is allowed, and its output and its end are the agent's to read", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({ check: 'echo "in $PWD: $#: $1"; echo bad >&2; cat; exit 3' });
  const before = await asks(claude, "./check 'a  b'");
  const run = await runner(token, ["./check *"], { args: ["--dir", folder] });
  const first = await end(claude, before);
  assert.deepEqual([first.status, first.exitCode], ["failed", 3]);
  assert.equal(first.output, `in ${folder}: 1: a  b\nbad\n`);
  // It waits now, and is told.
  const ended = await end(claude, await asks(claude, "./check"));
  assert.equal(ended.output, `in ${folder}: 0: \nbad\n`);
  await run.says("#2 ended with exit code 3");
  assert.match(run.err, /#1 started: \.\/check 'a {2}b'/);
  assert.equal(run.out, "", "what a command prints goes to its task alone");
});

test("a command does not find the token of the runner in its environment", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  await runner(token, ["env"], { env: { AGENTRQ_TOKEN: token.token, KEPT: "yes" } });
  const { output } = await end(claude, await asks(claude, "env"));
  assert.match(output, /KEPT=yes/);
  assert.doesNotMatch(output, /AGENTRQ_(TOKEN|URL)/);
});

test("what is not allowed is left as it is, and named once with what is allowed", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith();
  const run = await runner(token, ["echo *"], { args: ["--dir", folder] });
  const hostile = [
    "touch here",
    "echo a; touch here",
    "echo a && touch here",
    "echo $(touch here)",
    "echo `touch here`",
    'echo "$(touch here)"',
    "echo a > here",
    "echo a\ntouch here",
    "echo a | tee here",
    "X=1 echo a",
    "/bin/echo a",
    "echo *",
    "echo 'a",
  ];
  const left = [];
  for (const command of hostile) left.push(await asks(claude, command, { subject: "x" }));
  const quoted = await end(claude, await asks(claude, "echo 'a; touch here' \"b && c\" \\$HOME '$(touch here)'"));
  assert.equal(quoted.output, "a; touch here b && c $HOME $(touch here)\n");
  await run.says(`#${hostile.length} is left to others`);
  for (const task of left) {
    const { owner, status, background } = await claude.call("TaskGet", { taskId: task });
    assert.deepEqual([owner, status, background.status], [null, "pending", "pending"]);
  }
  await end(claude, await asks(claude, "echo again"));
  await run.says("#15 ended");
  assert.equal(run.err.match(/#1 is left to others: touch here \(it is not allowed\)\. Allowed: echo \*/g).length, 1);
  assert.equal(run.err.match(/is left to others/g).length, hostile.length);
  assert.match(run.err, /#2 is left to others: .*';' means something to a shell/);
  assert.equal(existsSync(join(folder, "here")), false);
});

for (const [what, names] of [
  ["two runners on one list", ["one", "two"]],
  ["two runners of one name", ["same", "same"]],
])
  test(`${what} run each task once`, async () => {
    const { token } = await settle(beside.world);
    const claude = await beside.connect(token);
    const folder = folderWith({ count: "echo $1 >> counted" });
    const tasks = [];
    for (let n = 0; n < 10; n++) tasks.push(await asks(claude, `./count ${n}`));
    for (const agent of names) await runner(token, ["./count *"], { agent, args: ["--dir", folder, "--at-once", "3"] });
    for (let n = 10; n < 20; n++) tasks.push(await asks(claude, `./count ${n}`));
    for (const task of tasks) assert.equal((await end(claude, task)).status, "completed");
    const counted = readFileSync(join(folder, "counted"), "utf8").trim().split("\n").map(Number);
    assert.deepEqual(
      counted.toSorted((a, b) => a - b),
      Array.from({ length: 20 }, (_, n) => n),
    );
  });

test("a command under `agentrq run` is no runner's, though it is a task of the same list", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({ count: "echo $1 >> counted" });
  await runner(token, ["./count *", "echo *"], { args: ["--dir", folder, "--at-once", "4"] });
  const url = addressFor(token.mcpUrl, "box").href;
  const runs = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((n) => agentrqRun(url, ["./count", String(n)], { cwd: folder })),
  );
  runs.forEach(beside.keep);
  for (const run of runs) assert.deepEqual(await run.exited, { code: 0, signal: null });
  await end(claude, await asks(claude, "echo done"));
  const counted = readFileSync(join(folder, "counted"), "utf8").trim().split("\n");
  assert.deepEqual(counted.toSorted(), ["1", "2", "3", "4", "5", "6"]);
});

test("a runner is told of what is to run also while a command runs under its name", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  await runner(token, ["echo *"]);
  assert.equal((await end(claude, await asks(claude, "echo one"))).output, "one\n");
  const own = await agentrqRun(addressFor(token.mcpUrl, "box").href, ["sh", "-c", "echo up; sleep 60"]);
  beside.keep(own);
  await own.says("/tasks/");
  for (const word of ["two", "three", "four"]) {
    await sleep(300);
    assert.equal((await end(claude, await asks(claude, `echo ${word}`))).output, `${word}\n`);
  }
});

test("a task that waits for another runs after it, without having been asked for again", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({
    build: "until [ -e go ]; do sleep 0.05; done; echo built >> log",
    ship: "echo shipped >> log",
  });
  const run = await runner(token, ["./build", "./ship"], { args: ["--dir", folder, "--at-once", "2"] });
  const build = await asks(claude, "./build");
  const ship = await asks(claude, "./ship", { blockedBy: [build] });
  await run.says("#1 started");
  assert.equal(await statusOf(claude, ship), "pending");
  writeFileSync(join(folder, "go"), "");
  assert.equal((await end(claude, ship)).status, "completed");
  assert.equal(readFileSync(join(folder, "log"), "utf8"), "built\nshipped\n");
});

test("what an agent's own task sets free runs too", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  await runner(token, ["echo *"]);
  const think = await claude.call("TaskCreate", { subject: "Think" });
  const run = await asks(claude, "echo after", { blockedBy: [think.taskId] });
  await claude.call("TaskUpdate", { taskId: think.taskId, status: "completed" });
  assert.equal((await end(claude, run)).output, "after\n");
});

test("a stop ends the task that it names, and the other goes on", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({ wait: "trap 'echo bye; exit 0' TERM; echo up; until [ -e go ]; do sleep 0.05; done" });
  const run = await runner(token, ["./wait *"], { args: ["--dir", folder, "--at-once", "2"] });
  const [one, two] = [await asks(claude, "./wait 1"), await asks(claude, "./wait 2")];
  await run.says("#1 started");
  await run.says("#2 started");
  await until(
    async () => (await claude.call("TaskOutput", { task_id: one, block: false })).task.output.includes("up"),
    "up",
  );
  await claude.call("TaskStop", { task_id: one });
  const stopped = await end(claude, one);
  assert.equal(stopped.status, "killed");
  assert.match(stopped.output, /^up\n(Terminated\n)?bye\n$/);
  assert.equal(await statusOf(claude, two), "running");
  writeFileSync(join(folder, "go"), "");
  assert.equal((await end(claude, two)).status, "completed");
  assert.match(run.err, /#1 was stopped/);
});

test("the shorter time counts: the task's or the owner's", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({ wait: "echo up; sleep 60" });
  const file = join(folder, "allowed");
  writeFileSync(file, `# slow things\n./wait long\n./wait short\n    timeout 1s\n`, { mode: 0o600 });
  await runner(token, [], { args: ["--allow", file, "--dir", folder, "--at-once", "2", "--grace", "1s"] });
  const [task, owner] = [await asks(claude, "./wait long", { timeout: 1_000 }), await asks(claude, "./wait short")];
  for (const one of [task, owner]) {
    const { status, exitCode } = await end(claude, one);
    // The server notices the end of a task's own time as well, and asks for a stop: either may come first.
    assert.ok(
      `${status} ${exitCode}` === "failed 124" || (one === task && status === "killed"),
      `${status} ${exitCode}`,
    );
  }
});

test("a program that there is not is a task that failed, and says so", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  await runner(token, ["there-is-no-such-program *"]);
  const { status, exitCode, output } = await end(claude, await asks(claude, "there-is-no-such-program -v"));
  assert.deepEqual([status, exitCode], ["failed", 127]);
  assert.equal(output, "agentrq: there-is-no-such-program: command not found\n");
});

test("a runner that is asked to end stops what it runs, says so, and takes no more", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({ wait: "echo up; while :; do sleep 0.1; done" });
  const run = await runner(token, ["./wait *"], { args: ["--dir", folder] });
  const [one, two] = [await asks(claude, "./wait 1"), await asks(claude, "./wait 2")];
  await run.says("#1 started");
  run.child.kill("SIGTERM");
  assert.deepEqual(await run.exited, { code: 0, signal: null });
  assert.equal((await end(claude, one)).status, "killed");
  assert.equal(await statusOf(claude, two), "pending");
});

test("a second signal ends it at once, and leaves nothing running", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({ wait: "trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done" });
  const run = await runner(token, ["./wait"], { args: ["--dir", folder, "--grace", "1h"] });
  await asks(claude, "./wait");
  const pid = join(folder, "pid");
  await until(() => existsSync(pid) && readFileSync(pid, "utf8").endsWith("\n"), "the command");
  run.child.kill("SIGINT");
  await sleep(200);
  assert.equal(run.child.exitCode, null, "it waits for the command");
  run.child.kill("SIGINT");
  assert.deepEqual(await run.exited, { code: 0, signal: null });
  const number = Number(readFileSync(pid, "utf8"));
  await until(() => !isAlive(number), "the command's end");
});

/** Is a process there that does anything? */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !existsSync("/proc") || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

test("a runner that dies leaves its task as running, and what it has not begun to others", async () => {
  const { token } = await settle(beside.world);
  const claude = await beside.connect(token);
  const folder = folderWith({ wait: "echo $$ > pid; sleep 60" });
  const first = await runner(token, ["./wait", "echo *"], { agent: "first", args: ["--dir", folder] });
  const one = await asks(claude, "./wait");
  await first.says("#1 started");
  await until(() => existsSync(join(folder, "pid")), "the command");
  first.child.kill("SIGKILL");
  await first.exited;
  process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
  await runner(token, ["./wait", "echo *"], { agent: "second", args: ["--dir", folder] });
  assert.equal((await end(claude, await asks(claude, "echo two"))).output, "two\n");
  // Half of the command may have run: nobody begins it again.
  assert.equal(await statusOf(claude, one), "running");
});

test("a runner goes on after the server was killed and started again", async () => {
  const world = await startWorld();
  try {
    const { token } = await settle(world);
    let claude = await Agent.connect(token.mcpUrl, { agent: "claude" });
    const folder = folderWith({ count: 'i=0; while [ $i -lt 100 ]; do echo "line $i"; i=$((i+1)); sleep 0.02; done' });
    const run = await runner(token, ["./count", "echo *"], { args: ["--dir", folder] });
    const count = await asks(claude, "./count");
    await run.says("#1 started");
    await claude.close();
    await world.server.kill();
    await world.restart();
    claude = await Agent.connect(token.mcpUrl, { agent: "claude" });
    const counted = await end(claude, count, 60_000);
    assert.equal(counted.output, Array.from({ length: 100 }, (_, n) => `line ${n}\n`).join(""));
    assert.equal((await end(claude, await asks(claude, "echo on"), 60_000)).output, "on\n");
    // Also with nothing to do meanwhile.
    await claude.close();
    await world.server.kill();
    await world.restart();
    claude = await Agent.connect(token.mcpUrl, { agent: "claude" });
    assert.equal((await end(claude, await asks(claude, "echo still on"), 60_000)).output, "still on\n");
    await claude.close();
  } finally {
    await world.end();
  }
});

test("without an allow list nothing is even connected to, and it says how to write one", async () => {
  const run = await agentrqRunner("http://127.0.0.1:9/mcp/ABC?token=x", []);
  assert.equal((await run.exited).code, 2);
  assert.match(run.err, /--allow FILE/);
  assert.match(run.err, /--allow-command 'npm test'/);
});
