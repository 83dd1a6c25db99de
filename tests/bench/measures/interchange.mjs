// A list on its way in and out as JSON Lines: how long for each task, and what memory the server needs, however many there are.
import { freshId } from "../lib/fill.mjs";
import { forgetPeak, isCounted, memory, peak } from "../lib/process.mjs";
import { startProduct } from "../lib/product.mjs";

const sizes = [1_000, 10_000, 100_000];

export const interchange = {
  name: "interchange",
  title:
    "interchange: a list in which each task waits for the one before comes in, and leaves (memory is the most that workerd had while it came in)",
  columns: {
    in: "ms",
    "in/1,000": "ms",
    out: "ms",
    "out/1,000": "ms",
    "memory before": "MiB",
    "memory at most": "MiB",
  },
  async run() {
    const rows = [];
    for (const size of sizes) rows.push(await measured(size));
    return { rows };
  },
};

async function measured(size) {
  const product = await startProduct();
  try {
    const { pid } = product.server;
    const [template, room] = [await product.room(), await product.room()];
    const body = await lines(template, size);
    if (isCounted) forgetPeak(pid);
    const before = isCounted ? memory(pid) : undefined;
    const headers = { ...room.cookie, "content-type": "application/x-ndjson" };
    const begun = performance.now();
    const { imported } = await room.wire.must("POST", `${room.base}/import`, body, headers);
    const came = performance.now();
    const most = isCounted ? peak(pid) : undefined;
    const bytes = await exported(room);
    const left = performance.now();
    if (imported !== size || tasksIn(bytes) !== size)
      throw new Error(`${imported} of ${size} tasks came in, ${tasksIn(bytes)} left`);
    return {
      what: `${size.toLocaleString("en")} tasks, ${Math.round(body.length / 1024 / 1024)} MiB`,
      in: came - begun,
      "in/1,000": ((came - begun) * 1_000) / size,
      out: left - came,
      "out/1,000": ((left - came) * 1_000) / size,
      "memory before": before,
      "memory at most": most,
    };
  } finally {
    await product.end();
  }
}

function tasksIn(lines) {
  const begins = '\n{"type":"task"';
  let many = 0;
  for (let at = lines.indexOf(begins); at >= 0; at = lines.indexOf(begins, at + 1)) many += 1;
  return many;
}

async function exported({ wire, base, cookie }, query = "") {
  const { status, bytes, text } = await wire.ask("GET", `${base}/export${query}`, undefined, cookie);
  if (status !== 200) throw new Error(`the export answered ${status}: ${text.slice(0, 300)}`);
  return bytes;
}

/** A list of so many tasks, each as the server itself writes one. */
async function lines(room, size) {
  const body = "What there is to do, and how one can tell that it is done: some two lines of text.";
  const command = { type: "createWork", id: freshId(), list: "main", title: "A task", body };
  await room.post("/commands", { clientId: crypto.randomUUID(), commands: [{ mutationId: 1, command }] });
  const said = (await exported(room, "?list=main"))
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const of = (kind) => said.find(({ type }) => type === kind);
  const all = [of("agentrq")];
  let blockedBy = [];
  for (let number = 1; number <= size; number += 1) {
    const id = freshId();
    const title = `Task ${number}: what there is to do`;
    all.push({ ...of("task"), id, number, title, work: { ...of("task").work, number, blockedBy } });
    all.push({ ...of("message"), id, task: id });
    blockedBy = [id];
  }
  all.push({ ...of("list"), lastNumber: size }, of("end"));
  return Buffer.from(all.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
