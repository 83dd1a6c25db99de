// What an idle stream costs the server: memory and file handles of 2,000 agents who listen and hear nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { handles, isCounted, memory } from "../lib/process.mjs";
import { startProduct } from "../lib/product.mjs";
import { sse } from "../transports/sse.mjs";

const streams = 2_000;
const perToken = 50;
const tokensPerRoom = 5;
/** Until the objects are evicted and what was under way is collected. */
const settleMs = 20_000;

export const idle = {
  name: "idle",
  title: `idle: ${streams.toLocaleString("en")} agents' streams, open and silent for ${settleMs / 1000} s`,
  columns: { memory: "MiB", handles: "count", "memory a stream": "KiB", "handles a stream": "count" },
  async run() {
    if (!isCounted) return { rows: [], notes: ["memory and handles are counted on Linux only"] };
    const product = await startProduct({ connections: 32 });
    const { pid } = product.server;
    try {
      const before = await look(pid);
      const agents = await open(product);
      const after = await look(pid);
      const each = (name) => (after[name] - before[name]) / agents.length;
      const rows = [
        { what: "before", ...before },
        {
          what: `with ${agents.length} streams`,
          ...after,
          "memory a stream": each("memory"),
          "handles a stream": each("handles"),
        },
      ];
      agents.forEach((agent) => agent.close());
      rows.push({ what: "once they are closed", ...(await look(pid)) });
      return { rows };
    } finally {
      await product.end();
    }
  },
};

async function look(pid) {
  await sleep(settleMs);
  return { memory: memory(pid), handles: handles(pid) };
}

async function open(product) {
  const agents = [];
  while (agents.length < streams) {
    const room = await product.room();
    for (let tokens = 0; tokens < tokensPerRoom && agents.length < streams; tokens += 1) {
      const { mcpUrl } = await room.token(`bench-${tokens}`);
      const count = Math.min(perToken, streams - agents.length);
      agents.push(...(await Promise.all(Array.from({ length: count }, () => sse.connect(product.wire, mcpUrl)))));
    }
  }
  return agents;
}
