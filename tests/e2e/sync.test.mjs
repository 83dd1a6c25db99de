// `agentrq sync`: a list in Claude Code's files and a list of a workspace are the same, whoever writes where, whatever is killed meanwhile.
//
// SYNC_SEED=… repeats the choices of a run (not its timing); SYNC_WRITES=… asks for more of them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { addressFor } from "../lib/agent.mjs";
import { agentrqSync } from "../lib/agentrq.mjs";
import { besideServer } from "../lib/bridge.mjs";
import { ClaudeList } from "../lib/claude-list.mjs";
import { seeded } from "../lib/random.mjs";
import { settle } from "../lib/world.mjs";

const SESSION = fileURLToPath(new URL("../lib/claude-list.mjs", import.meta.url));

const beside = besideServer();

async function until(is, what, ms = 15_000) {
  let last;
  for (const end = Date.now() + ms; ; await sleep(40)) {
    try {
      if (await is()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`it did not come: ${what}`, { cause: last });
  }
}

/** A workspace with an agent, and a directory that is mirrored with its list by `sync()`. */
async function mirrored() {
  const { person, room, token, workspace } = await settle(beside.world);
  const folder = beside.folder();
  const path = join(folder, "tasks", "main");
  const list = new ClaudeList(path);
  const state = join(folder, "state");
  const here = {
    person,
    room,
    token,
    workspace,
    folder,
    path,
    list,
    state,
    sync: async (args = [], env = {}) => {
      const run = await agentrqSync(addressFor(token.mcpUrl, "laptop").href, ["--dir", path, ...args], {
        env: { HOME: folder, XDG_STATE_HOME: state, CLAUDE_CODE_TASK_LIST_ID: "", ...env },
      });
      return beside.keep(run);
    },
    agent: (name) => beside.connect(token, name),
    /** All tasks of the list there. */
    async there(agent) {
      const all = [];
      for (let uri = "agentrq://lists/main"; uri;) {
        const page = await agent.read(uri);
        all.push(...page.tasks);
        uri = page.next;
      }
      return all;
    },
    thread: async (task) => (await room.get(`/tasks/${task}/messages`)).messages.map((message) => message.text),
  };
  return here;
}

const kill = (run) => {
  run.child.kill("SIGKILL");
  return run.exited;
};

const own = (metadata = {}) =>
  Object.fromEntries(
    Object.entries(metadata).filter(
      ([name, value]) => !name.startsWith("agentrq_") && !(name === "task_uid" && value.startsWith("sync-")),
    ),
  );

/** What a list says, whichever side it is of: tasks by the name that was noted when they were made. */
function said(tasks) {
  const name = (task) => task.metadata?.made ?? task.subject;
  const names = new Map(tasks.map((task) => [task.id, name(task)]));
  const blockedBy = new Map(tasks.map((task) => [task.id, new Set(task.blockedBy)]));
  for (const task of tasks) for (const waiting of task.blocks ?? []) blockedBy.get(waiting)?.add(task.id);
  const all = tasks.map((task) => [
    name(task),
    {
      subject: task.subject,
      description: task.description,
      activeForm: task.activeForm ?? null,
      status: task.status,
      // What is nobody's in the directory is the mirror's own there.
      owner: task.owner === "laptop-sync" ? null : (task.owner ?? null),
      metadata: own(task.metadata),
      blockedBy: [...blockedBy.get(task.id)].map((id) => names.get(id)).sort(),
    },
  ]);
  assert.equal(new Set(all.map(([name]) => name)).size, all.length, `no task is doubled: ${all.map(([name]) => name)}`);
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function same(here, agent, ms) {
  await until(
    async () => {
      assert.deepEqual(said(here.list.all()), said(await here.there(agent)));
      return true;
    },
    "both sides are the same",
    ms,
  );
  return said(here.list.all());
}

test("what is on one side comes to the other, at once and with all that it says", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  await here.list.create({
    subject: "Design",
    description: "Tables.\nAnd keys.",
    activeForm: "Designing",
    somebodys: { own: [1] },
  });
  await here.list.create({ subject: "Build", metadata: { priority: "P1", deep: { list: [1.5, null] } } });
  await here.list.block(1, 2);
  await here.list.create({ subject: "Hidden", metadata: { _internal: true } });
  await claude.call("TaskCreate", { subject: "Ship", owner: "backend", metadata: { tags: ["x"] } });
  const run = await here.sync();
  await run.says("hold the same 3 tasks");
  assert.match(run.err, new RegExp(`${beside.world.url}/w/${here.workspace.id}/work\\?list=main`));
  // Number 1 was given on both sides, to two tasks: that is said.
  assert.match(run.err, /#4 came from the workspace: Ship; there it is #1, a number that was given here already/);
  const there = await here.there(claude);
  assert.deepEqual(
    there.map((task) => [task.id, task.subject, task.blockedBy, task.activeForm]),
    [
      ["1", "Ship", [], null],
      ["2", "Design", [], "Designing"],
      ["3", "Build", ["2"], null],
    ],
  );
  assert.deepEqual(here.list.read(4).metadata, { tags: ["x"], agentrq_task: there[0].taskId });

  // Live, both ways.
  await here.list.update(1, { subject: "Design it" });
  await until(
    async () => (await claude.call("TaskGet", { taskId: "2" })).subject === "Design it",
    "the new name there",
  );
  await claude.call("TaskUpdate", { taskId: "2", status: "completed" });
  await until(() => here.list.read(1).status === "completed", "the end of it here");
  await claude.call("TaskUpdate", { taskId: "1", addBlockedBy: ["3"], metadata: { tags: null } });
  await until(
    () => here.list.read(2).blocks.includes("4") && here.list.read(4).blockedBy.includes("2"),
    "a dependency",
  );
  await claude.call("TaskUpdate", { taskId: "1", removeBlockedBy: ["3"] });
  await until(() => !here.list.read(2).blocks.includes("4") && !here.list.read(4).blockedBy.includes("2"), "none");
  const next = await here.list.create({ subject: "Later" });
  await until(async () => (await here.there(claude)).some((task) => task.subject === "Later"), "a new task there");
  await claude.call("TaskCreate", { subject: "Last" });
  await until(() => here.list.all().some((task) => task.subject === "Last"), "a new task here");

  assert.deepEqual(here.list.read(1).somebodys, { own: [1] }, "what is somebody else's is kept");
  assert.equal(here.list.read(next).subject, "Later");
  assert.ok(!(await here.there(claude)).some((task) => task.subject === "Hidden"), "what is hidden is not shown");
  assert.deepEqual(
    readdirSync(here.path).filter((name) => !/^\d+\.json$/.test(name)),
    [".highwatermark", ".lock"],
    "nothing is left lying about",
  );
  run.child.kill("SIGTERM");
  assert.deepEqual(await run.exited, { code: 0, signal: null });
});

test("of what both have changed meanwhile the later write stands, and the other is told in the thread", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  await here.list.create({ subject: "One", description: "a" });
  await here.list.create({ subject: "Two", description: "a" });
  const first = await here.sync(["--once"]);
  assert.equal((await first.exited).code, 0);
  // While nothing is mirrored, both change the same, and each something of its own.
  await here.list.update(1, { subject: "One, in the file", metadata: { file: 1 } });
  await here.list.update(2, { subject: "Two, in the file" });
  await sleep(30);
  await claude.call("TaskUpdate", { taskId: "1", subject: "One, there", metadata: { there: 1 } });
  await claude.call("TaskUpdate", { taskId: "2", subject: "Two, there", description: "b" });
  await sleep(30);
  await here.list.update(2, { activeForm: "Doing two" });
  const run = await here.sync(["--once"]);
  assert.equal((await run.exited).code, 0);
  const both = await same(here, claude);
  assert.deepEqual([both["One, there"].metadata, both["Two, in the file"].description], [{ file: 1, there: 1 }, "b"]);
  const [one, two] = await here.there(claude);
  assert.match(
    (await here.thread(one.taskId)).at(-1),
    /Kept: "One, there", written later here. In the file it was: "One, in the file"/,
  );
  assert.match(
    (await here.thread(two.taskId)).at(-1),
    /Kept: "Two, in the file", written later in the file. Here it was: "Two, there"/,
  );
  assert.match(run.err, /#1: subject was changed on both sides/);
});

test("whoever begins a task in the directory has it in the workspace, and whoever has it there keeps it", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  await here.list.create({ subject: "Mine" });
  await here.list.create({ subject: "Theirs" });
  const run = await here.sync();
  await run.says("hold the same 2 tasks");
  await here.list.update(1, { status: "in_progress", owner: "session-1" });
  await until(async () => (await claude.call("TaskGet", { taskId: "1" })).holder === "laptop-sync", "the claim");
  const refused = await claude.try("TaskUpdate", { taskId: "1", status: "in_progress", owner: "claude" });
  assert.equal(refused.structuredContent.code, "task_held", JSON.stringify(refused));

  await claude.call("TaskUpdate", { taskId: "2", status: "in_progress", owner: "claude" });
  await until(() => here.list.read(2).owner === "claude", "their claim here");
  await here.list.update(2, { status: "completed", owner: "session-1" });
  await until(
    () => here.list.read(2).status === "in_progress" && here.list.read(2).owner === "claude",
    "it is theirs again",
  );
  const { taskId, status, holder } = await claude.call("TaskGet", { taskId: "2" });
  assert.deepEqual([status, holder], ["in_progress", "claude"]);
  await until(
    async () =>
      /refused here: .*held by claude.*In the file it was: completed by session-1/.test(
        (await here.thread(taskId)).at(-1),
      ),
    "it is told",
  );

  // Claude Code begins tasks in nobody's name: there somebody has it all the same.
  await here.list.create({ subject: "Nobody's", status: "in_progress" });
  await until(async () => (await here.there(claude))[2]?.holder === "laptop-sync", "the claim of nobody");
  assert.equal(here.list.read(3).owner, undefined);
  await same(here, claude);
});

test("what is deleted on one side goes on the other, unless it was changed there", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  for (const subject of ["a", "b", "c", "d", "e"]) await here.list.create({ subject });
  await here.list.block(1, 5);
  const first = await here.sync();
  await first.says("hold the same 5 tasks");
  await here.list.remove(1);
  await claude.call("TaskUpdate", { taskId: "2", status: "deleted" });
  await until(
    async () => (await here.there(claude)).length === 3 && here.list.ids().length === 3,
    "both are gone on both sides",
  );
  assert.deepEqual([here.list.read(5).blockedBy, existsSync(join(here.path, "2.json"))], [[], false]);
  await kill(first);

  await here.list.remove(3);
  await claude.call("TaskUpdate", { taskId: "3", description: "more" });
  await claude.call("TaskUpdate", { taskId: "4", status: "deleted" });
  await here.list.update(4, { description: "more" });
  const second = await here.sync(["--once"]);
  assert.equal((await second.exited).code, 0);
  const both = await same(here, claude);
  assert.deepEqual([both.c.description, both.d.description], ["more", "more"]);
  assert.match(second.err, /#3 was deleted here and changed in the workspace: it is here again/);
  assert.match(second.err, /#4 was deleted in the workspace and changed here: it is made there again/);
});

test("nobody deletes a list by losing its directory", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  const run = await here.sync();
  await run.says("hold the same 0 tasks");
  await here.list.create({ subject: "x" });
  await until(async () => (await here.there(claude)).length === 1, "it is there");
  rmSync(here.path, { recursive: true });
  assert.equal((await run.exited).code, 1);
  assert.match(run.err, /is not the directory any more that was mirrored. Nothing is deleted/);
  const again = await here.sync();
  assert.equal((await again.exited).code, 1);
  assert.match(again.err, /is gone, and held a list that is mirrored/);
  assert.equal((await here.there(claude)).length, 1);
});

test("one directory is mirrored with one list once, and who may not is told why", async () => {
  const here = await mirrored();
  const run = await here.sync();
  await run.says("hold the same 0 tasks");
  const second = await here.sync();
  assert.equal((await second.exited).code, 1);
  assert.match(second.err, /another `agentrq sync` mirrors this list into this directory already/);
  await here.room.remove(`/tokens/${here.token.id}`);
  await here.list.create({ subject: "x" });
  assert.equal((await run.exited).code, 1);
  assert.match(run.err, /the workspace refuses: .*token.*401/);
  const looker = await here.room.make("/tokens", { label: "looker", scopes: ["read"] });
  const reading = await agentrqSync(looker.mcpUrl, ["--dir", here.path, "--once"], {
    env: { XDG_STATE_HOME: here.state },
  });
  beside.keep(reading);
  await reading.exited;
  assert.match(reading.err, /#1 is left as it is: the workspace refuses it: .*needs the scope "agent"/);
});

test("a list of one workspace is read by no token of another", async () => {
  const [here, other] = [await mirrored(), await mirrored()];
  const claude = await here.agent();
  await claude.call("TaskCreate", { subject: "Secret" });
  const stranger = await other.agent();
  assert.deepEqual(await other.there(stranger), []);
  const url = new URL(here.token.mcpUrl);
  url.searchParams.set("token", other.token.token);
  const foreign = await agentrqSync(url.href, ["--dir", other.path, "--once"], {
    env: { XDG_STATE_HOME: other.state },
  });
  beside.keep(foreign);
  assert.equal((await foreign.exited).code, 1);
  assert.deepEqual(other.list.ids(), []);
});

test("what was made and not noted is not made twice, nor is anything when all that was agreed on is lost", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  for (const subject of ["a", "b"]) await here.list.create({ subject });
  await claude.call("TaskCreate", { subject: "c" });
  assert.equal((await (await here.sync(["--once"])).exited).code, 0);
  rmSync(here.state, { recursive: true });
  await here.list.update(1, { subject: "a, otherwise" });
  assert.equal((await (await here.sync(["--once"])).exited).code, 0);
  const both = await same(here, claude);
  assert.deepEqual(Object.keys(both), ["a, otherwise", "b", "c"]);
});

test("a file that is half written is its task's all the same: it is not made again, and not taken as deleted", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  for (const subject of ["a", "b"]) await here.list.create({ subject });
  assert.equal((await (await here.sync(["--once"])).exited).code, 0);
  rmSync(here.state, { recursive: true });
  const whole = readFileSync(here.list.file(1), "utf8");
  writeFileSync(here.list.file(1), whole.slice(0, 20));
  const run = await here.sync();
  await run.says("1.json is left as it is");
  assert.equal((await here.there(claude)).length, 2);
  writeFileSync(here.list.file(1), whole.replace('"a"', '"a, whole"'));
  await until(async () => (await here.there(claude))[0].subject === "a, whole", "what it says now");
  assert.deepEqual(Object.keys(await same(here, claude)), ["a, whole", "b"]);
});

test("a lock that its holder has died with is taken over, and one that is kept alive is waited for", async () => {
  const here = await mirrored();
  const claude = await here.agent();
  await claude.call("TaskCreate", { subject: "a" });
  const lock = new ClaudeList(here.path);
  let held = true;
  const holder = lock.locked(async () => {
    while (held) {
      utimesSync(join(here.path, ".lock.lock"), new Date(), new Date());
      await sleep(100);
    }
  });
  const run = await here.sync(["--once"]);
  await sleep(700);
  assert.deepEqual([here.list.ids(), run.child.exitCode], [[], null], "nobody writes while another has the lock");
  held = false;
  await holder;
  assert.equal((await run.exited).code, 0);
  assert.equal(here.list.read(1).subject, "a");
});

test("no update is lost on either side, whoever writes where and whatever is killed meanwhile", async (t) => {
  const here = await mirrored();
  const claude = await here.agent();
  const random = seeded(process.env.SYNC_SEED);
  t.diagnostic(`SYNC_SEED=${random.seed}`);
  const writes = Number(process.env.SYNC_WRITES ?? 60);
  let run = await here.sync();
  await run.says("hold the same 0 tasks");

  const local = [];
  const sessions = ["s", "z"].map((name) => {
    const child = spawn(
      process.execPath,
      [SESSION, here.path, name, String(writes), String(Math.floor(random() * 2 ** 32))],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    beside.keep({ child });
    let out = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    return new Promise((done, fail) =>
      child.on("close", (code) => {
        local.push(
          ...out
            .trim()
            .split("\n")
            .map((mark) => `${name}${mark}`),
        );
        if (code === 0) done();
        else fail(new Error(`the session ${name} has failed`));
      }),
    );
  });
  let isServed = true;
  const remote = [];
  const atWork = (async () => {
    for (let mark = 1; mark <= writes; await sleep(random() * 25)) {
      if (!isServed) continue;
      try {
        const tasks = (await claude.call("TaskList")).tasks;
        const noted = { [`t${mark}`]: mark };
        if (tasks.length < 3 || random() < 0.06) {
          const made = `t-${mark}`;
          await claude.call("TaskCreate", { subject: `Made by ${made}`, metadata: { made, task_uid: made, ...noted } });
        } else {
          const { id, description } = await claude.call("TaskGet", {
            taskId: tasks[Math.floor(random() * tasks.length)].id,
          });
          await claude.call("TaskUpdate", {
            taskId: id,
            metadata: noted,
            ...(random() < 0.2 && { description: `${description}\nthere ${mark}`.trim() }),
            ...(random() < 0.1 && { activeForm: `Doing t ${mark}` }),
          });
        }
        remote.push(`t${mark++}`);
      } catch (error) {
        // The server was killed under the call: it is made again, and says the same.
        if (isServed && !/fetch|network|socket|closed|terminated|ECONN|timed out/i.test(String(error))) throw error;
        await sleep(50);
      }
    }
  })();
  const isOver = Promise.all([...sessions, atWork]);
  let going = true;
  isOver.finally(() => (going = false)).catch(() => {});
  for (let round = 0; going && round < 5; round++) {
    await sleep(300 + random() * 500);
    if (round === 2) {
      isServed = false;
      await beside.world.server.kill();
      await sleep(200);
      await beside.world.restart();
      isServed = true;
    } else {
      await kill(run);
      await sleep(random() * 200);
      run = await here.sync();
    }
  }
  await isOver;
  const both = await same(here, claude, 20_000);
  const marks = new Set(Object.values(both).flatMap((task) => Object.keys(task.metadata)));
  const lost = [...local, ...remote].filter((mark) => !marks.has(mark));
  assert.deepEqual(lost, [], "each write that stood is there");
  run.child.kill("SIGTERM");
  assert.equal((await run.exited).code, 0);
});
