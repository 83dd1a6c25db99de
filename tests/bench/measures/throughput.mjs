// How many replies a second arrive: the offered load is raised in steps until they no longer keep up.
import { offer } from "../lib/load.mjs";
import { cpuTime, isCounted } from "../lib/process.mjs";
import { startProduct } from "../lib/product.mjs";

const workspaces = 100;
const steps = { first: 50, factor: 1.4, seconds: 3, most: 20 };
/** Beyond this, or where less arrives than is offered, the load is more than the server can take. */
const saturated = { p99: 500, share: 0.95 };

export const throughput = {
  name: "throughput",
  title: "throughput: replies a second, offered in steps until they do not keep up (CPU is workerd's, of one core)",
  columns: { offered: "/s", arrived: "/s", p50: "ms", p99: "ms", CPU: "percent" },
  async run() {
    const product = await startProduct({ connections: 64 });
    try {
      const one = [await product.asked()];
      const many = [];
      while (many.length < workspaces) many.push(await product.asked());
      const alone = await raise(product.server.pid, "one workspace", one);
      const spread = await raise(product.server.pid, `${workspaces} workspaces`, many);
      const best = (rows) => Math.round(Math.max(...rows.map((row) => row.arrived)));
      const notes = [
        `at most ${best(alone)}/s in one workspace, ${best(spread)}/s over ${workspaces}; each reply is also pinged and answered`,
      ];
      return { rows: [...alone, ...spread], notes };
    } finally {
      await product.end();
    }
  },
};

async function raise(pid, what, rooms) {
  const rows = [];
  // Whatever is compiled late is compiled before.
  await offer(rooms, { rate: 100, seconds: 2 });
  for (let rate = steps.first; rows.length < steps.most; rate = Math.round(rate * steps.factor)) {
    const before = isCounted ? cpuTime(pid) : 0;
    const start = performance.now();
    const { achieved, latency, refused } = await offer(rooms, { rate, seconds: steps.seconds });
    const CPU = isCounted ? (cpuTime(pid) - before) / ((performance.now() - start) / 1000) : undefined;
    rows.push({ what, offered: rate, arrived: achieved, p50: latency.p50, p99: latency.p99, CPU });
    if (refused || latency.p99 > saturated.p99 || achieved < rate * saturated.share) break;
  }
  return rows;
}
