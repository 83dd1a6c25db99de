// Ten thousand messages in a thread beside as many as a page shows.
import { beside, columns, everything } from "../lib/beside.mjs";
import { fill, newMessage, newTask } from "../lib/fill.mjs";
import { startProduct } from "../lib/product.mjs";

const total = 10_000;
/** As many as a page shows, so that both sides send as much. */
const few = 50;

export const thread = {
  name: "thread",
  title: `thread: a thread of ${total.toLocaleString("en")} messages beside one of ${few}, p50`,
  columns,
  async run({ samples, warmup }) {
    const product = await startProduct();
    try {
      const [empty, full] = [await threadOf(product, few), await threadOf(product, total)];
      await Promise.all([empty.watch(), full.watch()]);
      return await beside(empty, full, everything, { samples, warmup });
    } finally {
      await product.end();
    }
  },
};

/** A room whose task has a thread of this length, with an agent at work on it. */
export async function threadOf(product, messages) {
  const room = await product.room();
  const task = newTask(0);
  room.task = task.id;
  await fill(room, 1, () => task);
  await fill(room, messages, (index) => newMessage(index, task.id));
  await room.connect();
  // Whoever speaks in a task works on it, and hears of replies.
  await room.agent.call("reply", { taskId: task.id, text: "Looking into it." });
  return room;
}
