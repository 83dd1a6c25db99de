// What background tasks print: how soon a chunk is on a page that follows, how much goes in, and what `agentrq run` costs a command.
import { spawn } from "node:child_process";
import { buildReleasedAgentrq } from "../../../scripts/build/programs.mjs";
import { startFloor } from "../lib/floor.mjs";
import { memory, isCounted } from "../lib/process.mjs";
import { startProduct } from "../lib/product.mjs";
import { Series, takeTurns } from "../lib/series.mjs";

const goal = { share: 0.02, ms: 20 };
const chunkBytes = 1024 * 1024;
const chunks = 256;
const commands = 15;

export const output = {
  name: "output",
  title: `output: a chunk to a page that follows, against the floor of the same run; agentrq run: goal under ${goal.share * 100} % and ${goal.ms} ms`,
  columns: { p50: "ms", p99: "ms", "p50/floor": "times" },
  async run({ samples, warmup }) {
    const product = await startProduct();
    const floor = await startFloor();
    try {
      const room = await product.room();
      await room.connect();
      const seen = await followed(room);
      const timed = await takeTurns({ floor: floor.relay, chunk: seen }, { samples, warmup });
      const row = (what, mine, least) => ({ what, p50: mine.p50, p99: mine.p99, "p50/floor": mine.p50 / least.p50 });
      const ingest = await ingested(product, room);
      const ran = await run(room);
      const rows = [
        row("floor", timed.floor, timed.floor),
        row("POST output -> page", timed.chunk, timed.floor),
        row("a command by itself", ran.bare, ran.bare),
        row("agentrq run", ran.under, ran.bare),
      ];
      const over = ran.under.p50 - ran.bare.p50;
      const misses =
        over <= goal.ms && over <= goal.share * ran.bare.p50
          ? []
          : [`agentrq run costs ${over.toFixed(1)} ms of ${ran.bare.p50.toFixed(0)} ms`];
      return { rows, misses, notes: [ingest, `agentrq run: ${over.toFixed(1)} ms above the command at p50`] };
    } finally {
      await Promise.all([floor.end(), product.end()]);
    }
  },
};

/** A background task that this agent runs: posts bytes to it. */
async function begun(room, command) {
  const { structuredContent } = await room.agent.call("TaskCreate", { subject: command, command });
  await room.agent.call("TaskUpdate", { taskId: structuredContent.id, status: "running" });
  const path = `${room.base}/tasks/${structuredContent.taskId}/output`;
  const headers = { authorization: `Bearer ${room.credential.token}`, "content-type": "application/octet-stream" };
  let offset = 0;
  return {
    path,
    post: async (bytes) => (offset = (await room.wire.must("POST", `${path}?offset=${offset}`, bytes, headers)).length),
  };
}

/** Posts a line to an output that is followed: how long until it is there. */
async function followed(room) {
  const task = await begun(room, "follow");
  const stream = await room.wire.listen(task.path, { headers: { ...room.cookie, accept: "text/event-stream" } });
  return async (mark) => {
    const heard = stream.hears(mark);
    const start = performance.now();
    const posted = task.post(Buffer.from(`A line of a usual length, as a test runner prints it: ${mark}\n`));
    const took = (await heard) - start;
    await posted;
    return took;
  };
}

const mib = (bytes) => Math.round(bytes / 2 ** 20);

async function ingested({ server: { pid } }, room) {
  const task = await begun(room, "ingest");
  const bytes = Buffer.alloc(chunkBytes, "0123456789abcdef\n");
  const before = isCounted ? memory(pid) : 0;
  const start = performance.now();
  for (let n = 0; n < chunks; n += 1) await task.post(bytes);
  const seconds = (performance.now() - start) / 1_000;
  const grown = isCounted ? `, memory ${mib(before)} -> ${mib(memory(pid))} MiB` : "";
  return `ingest: ${chunks} MiB in chunks of 1 MiB, ${(chunks / seconds).toFixed(0)} MiB/s${grown}`;
}

/** A command of about a second that prints now and then, by itself and under `agentrq run`, in turns. */
async function run(room) {
  const program = await buildReleasedAgentrq();
  const script = "i=0; while [ $i -lt 10 ]; do echo line $i; sleep 0.1; i=$((i+1)); done";
  const under = ["run", "--quiet", "--", "sh", "-c", script];
  const [bare, mine] = [new Series(), new Series()];
  for (let round = -1; round < commands; round += 1) {
    const alone = await ended("sh", ["-c", script]);
    const watched = await ended(program, under, { AGENTRQ_URL: room.credential.mcpUrl });
    if (round < 0) continue;
    bare.add(alone);
    mine.add(watched);
  }
  return { bare, under: mine };
}

function ended(program, args, env = {}) {
  const start = performance.now();
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: "ignore" });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code) =>
      code === 0 ? done(performance.now() - start) : fail(new Error(`it ended with ${code}`)),
    );
  });
}
