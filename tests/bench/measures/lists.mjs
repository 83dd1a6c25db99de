// Agents' lists: claiming, changing, and looking for circles, in a list of ten tasks, of a thousand and of a hundred thousand, each of which waits for one.
import { randomUUID } from "node:crypto";
import { freshId } from "../lib/fill.mjs";
import { startProduct } from "../lib/product.mjs";
import { takeTurns, timed } from "../lib/series.mjs";

const sizes = [10, 1_000, 100_000];
const flat = 1.5;
const circleMs = 5;
const mostTokens = 6_000;
/** About as many bytes are a token. */
const bytesPerToken = 4;

export const lists = {
  name: "lists",
  title: `lists: goal p99 and p50 within ${flat}x of a list of ${sizes[0]}, a circle through ${sizes.at(-1).toLocaleString("en")} tasks found in ${circleMs} ms`,
  columns: { p50: "ms", p99: "ms", "p50/smallest": "times", "p99/smallest": "times" },
  async run({ samples, warmup }) {
    const product = await startProduct();
    try {
      const rooms = [];
      for (const size of sizes) rooms.push(await planned(product, size));
      const rows = [];
      for (const [what, thing] of Object.entries(things)) {
        const series = await takeTurns(Object.fromEntries(rooms.map((room) => [room.size, () => thing(room)])), {
          samples,
          warmup,
        });
        for (const { size } of rooms) {
          const { p50, p99 } = series[size];
          rows.push({
            what: `${what}, ${size.toLocaleString("en")}`,
            p50,
            p99,
            "p50/smallest": p50 / series[sizes[0]].p50,
            "p99/smallest": p99 / series[sizes[0]].p99,
          });
        }
      }
      const of = (what) => rows.find((row) => row.what === `${what}, ${sizes.at(-1).toLocaleString("en")}`).p50;
      const circle = of("a circle, refused") - of("TaskUpdate");
      const tools = await rooms[0].agent.ask("tools/list", {});
      const tokens = Math.round(JSON.stringify(tools.tools).length / bytesPerToken);
      const misses = rows
        .filter((row) => !row.what.startsWith("a circle"))
        .flatMap((row) => ["p50/smallest", "p99/smallest"].map((column) => [`${row.what}: ${column}`, row[column]]))
        .filter(([, times]) => times > flat)
        .map(([what, times]) => `${what} is ${times.toFixed(2)}x, the goal is ${flat}x`);
      if (circle > circleMs) misses.push(`a circle is found in ${circle.toFixed(1)} ms, the goal is ${circleMs}`);
      if (tokens > mostTokens) misses.push(`the tools take ${tokens} tokens, the goal is ${mostTokens}`);
      const notes = [
        `a circle through ${sizes.at(-1).toLocaleString("en")} tasks: ${circle.toFixed(2)} ms above a TaskUpdate at p50`,
        `tools/list: about ${tokens} tokens`,
      ];
      return { rows, misses, notes };
    } finally {
      await product.end();
    }
  },
};

const things = {
  TaskUpdate: (room) => room.times("TaskUpdate", { taskId: room.any(), metadata: { seen: Date.now() } }),
  TaskNext: async (room) => {
    const took = await room.times("TaskNext", {});
    await room.agent.call("TaskUpdate", { taskId: room.first, status: "pending", owner: "" });
    return took;
  },
  "a circle, refused": (room) => room.refused("TaskUpdate", { taskId: room.first, addBlockedBy: [String(room.size)] }),
};

/** A room with a list in which each task waits for the one before. */
async function planned(product, size) {
  const room = await product.room();
  const clientId = randomUUID();
  let before = [];
  for (let from = 0; from < size; from += 100) {
    const commands = Array.from({ length: Math.min(100, size - from) }, (_, at) => {
      const id = freshId();
      const command = { type: "createWork", id, list: "main", title: `Task ${from + at}`, blockedBy: before };
      before = [id];
      return { mutationId: from + at + 1, command };
    });
    const { results } = await room.post("/commands", { clientId, commands });
    const wrong = results.find(({ rejection }) => rejection);
    if (wrong) throw new Error(`a command was refused: ${JSON.stringify(wrong)}`);
  }
  await room.connect();
  const times = (tool, args) => timed(() => room.agent.call(tool, args));
  const refused = (tool, args) => timed(() => room.agent.call(tool, args).then(fail, () => {}));
  return Object.assign(room, {
    size,
    first: "1",
    times,
    refused,
    any: () => String(1 + Math.floor(Math.random() * size)),
  });
}

function fail() {
  throw new Error("a circle was taken");
}
