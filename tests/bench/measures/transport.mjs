// The same reply over each transport, in one workspace each, taking turns.
import { startProduct } from "../lib/product.mjs";
import { takeTurns } from "../lib/series.mjs";
import { transports } from "../transports/all.mjs";

export const transport = {
  name: "transport",
  title: "transport: from a person's reply to its text at the agent; and a tool call, there and back",
  columns: { "reply p50": "ms", "reply p99": "ms", "call p50": "ms", "call p99": "ms" },
  async run(options) {
    const product = await startProduct();
    try {
      const replies = {};
      const calls = {};
      for (const each of transports) {
        const room = await product.asked(each);
        replies[each.name] = (mark) => room.reply(mark);
        calls[each.name] = () => called(room);
      }
      const replied = await takeTurns(replies, options);
      const answered = await takeTurns(calls, options);
      const rows = transports.map(({ name }) => ({
        what: name,
        "reply p50": replied[name].p50,
        "reply p99": replied[name].p99,
        "call p50": answered[name].p50,
        "call p99": answered[name].p99,
      }));
      return { rows };
    } finally {
      await product.end();
    }
  },
};

async function called({ agent, task }) {
  const start = performance.now();
  await agent.call("getTaskMessages", { taskId: task, limit: 1 });
  return performance.now() - start;
}
