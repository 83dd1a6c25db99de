// Claims and their time: what an agent had begun is free again once it is gone, whoever asked for it is told, and a board of dependent work is
// worked off by many agents, some of which die.
import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { addressFor, Agent, StreamableAgent } from "../lib/agent.mjs";
import { agentrqSync } from "../lib/agentrq.mjs";
import { besideServer } from "../lib/bridge.mjs";
import { ClaudeList } from "../lib/claude-list.mjs";
import { seeded } from "../lib/random.mjs";
import { settle } from "../lib/world.mjs";

const leaseSeconds = 5;
const beside = besideServer({ leaseSeconds });

test("an agent that is gone loses its claim after its lease, and whoever asked for the work is told", async () => {
  const { token } = await settle(beside.world);
  const lead = await StreamableAgent.connect(token.mcpUrl, { agent: "lead" });
  const worker = await Agent.connect(token.mcpUrl, { agent: "worker" });
  await lead.call("TaskCreate", { subject: "Migrate" });
  const { task } = await worker.call("TaskNext", {});
  assert.deepEqual([task.id, task.holder, task.fence], ["1", "worker", 1]);
  await sleep((leaseSeconds + 2) * 1_000);
  assert.equal(
    (await lead.call("TaskGet", { taskId: "1" })).holder,
    "worker",
    "it is there, and says nothing for long",
  );

  await worker.close();
  const gone = Date.now();
  await lead.hears(({ content }) => content.includes("free again: worker had it and has not been heard of"), 90_000);
  assert.ok(Date.now() - gone >= (leaseSeconds - 1) * 1_000, "not before its lease ended");

  const { task: taken } = await lead.call("TaskNext", {});
  assert.deepEqual([taken.id, taken.fence], ["1", 2]);
  const again = await Agent.connect(token.mcpUrl, { agent: "worker" });
  const late = await again.try("TaskUpdate", { taskId: "1", status: "completed", fence: 1 });
  assert.deepEqual([late.isError, late.structuredContent.code], [true, "task_held"]);
  await lead.call("TaskUpdate", { taskId: "1", status: "completed", fence: 2 });
  await Promise.all([lead.close(), again.close()]);
});

test("ten agents work off a board of a thousand dependent tasks, each done once and none before its time, though they die at random", async (t) => {
  const { token } = await settle(beside.world);
  const lead = await StreamableAgent.connect(token.mcpUrl, { agent: "lead" });
  const seed = process.env.CLAIMS_SEED ?? String(Date.now());
  t.diagnostic(`CLAIMS_SEED=${seed}`);
  const next = seeded(seed);
  const draw = (count) => Math.floor(next() * count);
  const count = 1_000;
  const waitsFor = new Map();
  for (let n = 1; n <= count; n++) {
    const blockedBy = n > 1 ? [...new Set([draw(n - 1) + 1, draw(n - 1) + 1])].filter(() => draw(3) > 0) : [];
    const { id } = await lead.call("TaskCreate", { subject: `Task ${n}`, blockedBy });
    waitsFor.set(id, blockedBy.map(String));
  }
  const done = new Map();
  let deaths = 0;
  /** One life of an agent; whether it has left something undone. */
  const live = async (name, place) => {
    // Those that hold a stream die without a word; the others leave when there is nothing more to do.
    const isMortal = place % 2 === 1;
    const agent = await (isMortal ? Agent : StreamableAgent).connect(token.mcpUrl, { agent: name });
    try {
      for (;;) {
        const { task, waiting, inProgress } = await agent.call("TaskNext", {});
        if (!task && !waiting && !inProgress) return false;
        if (!task) {
          await sleep(200);
          continue;
        }
        const early = waitsFor.get(task.id).filter((id) => !done.has(id));
        assert.deepEqual(early, [], `${task.id} was begun before what it waits for`);
        if (isMortal && draw(50) === 0) return true;
        done.set(task.id, (done.get(task.id) ?? 0) + 1);
        await agent.call("TaskUpdate", { taskId: task.id, status: "completed", fence: task.fence });
      }
    } finally {
      await agent.close();
    }
  };
  const work = async (_, place) => {
    for (let life = 0; await live(`worker-${place}-${life}`, place); life++) deaths += 1;
  };
  await Promise.all(Array.from({ length: 10 }, work));
  assert.ok(deaths > 0, "somebody has died over a task");
  assert.deepEqual([done.size, ...new Set(done.values())], [count, 1]);
  for (const status of ["pending", "in_progress"])
    assert.deepEqual((await lead.call("TaskList", { status })).tasks, [], status);
  await lead.close();
});

test("a claim that has ended while nobody mirrored the list is made again, unless another has the task since", async () => {
  const { token } = await settle(beside.world);
  const folder = beside.folder();
  const list = new ClaudeList(join(folder, "tasks", "main"));
  await list.create({ subject: "Goes on", status: "in_progress", owner: "session-1" });
  await list.create({ subject: "Is another's", status: "in_progress", owner: "session-1" });
  const sync = async () => {
    const env = { HOME: folder, XDG_STATE_HOME: join(folder, "state"), CLAUDE_CODE_TASK_LIST_ID: "" };
    const run = await agentrqSync(addressFor(token.mcpUrl, "laptop").href, ["--dir", list.path], { env });
    beside.keep(run);
    await run.says("hold the same 2 tasks");
    return run;
  };
  const claude = await beside.connect(token);
  const held = async () => {
    const { tasks } = await claude.call("TaskList", {});
    return tasks.map(({ status, holder }) => [status, holder]);
  };
  const first = await sync();
  assert.deepEqual(await held(), [
    ["in_progress", "laptop-sync"],
    ["in_progress", "laptop-sync"],
  ]);
  first.child.kill("SIGTERM");
  await first.exited;
  for (const end = Date.now() + 30_000; (await held())[0][0] !== "pending"; await sleep(200))
    assert.ok(Date.now() < end, "its lease ends");
  await claude.call("TaskUpdate", { taskId: "2", status: "in_progress", owner: "claude" });
  await sync();
  for (const end = Date.now() + 30_000; list.read(2).owner !== "claude"; await sleep(50)) assert.ok(Date.now() < end);
  assert.deepEqual(await held(), [
    ["in_progress", "laptop-sync"],
    ["in_progress", "claude"],
  ]);
  const { status, owner } = list.read(1);
  assert.deepEqual([status, owner], ["in_progress", "session-1"]);
});
