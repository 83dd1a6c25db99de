// A hundred thousand tasks in a workspace beside one with as few as a page shows.
import { beside, columns, everything } from "../lib/beside.mjs";
import { fill, newTask } from "../lib/fill.mjs";
import { startProduct } from "../lib/product.mjs";
import { timed } from "../lib/series.mjs";

const total = 100_000;
/** As many as a snapshot holds, so that both sides send as much. */
const few = 500;

export const tasks = {
  name: "tasks",
  title: `tasks: a workspace of ${total.toLocaleString("en")} tasks beside one of ${few}, p50`,
  columns,
  async run({ samples, warmup }) {
    const product = await startProduct();
    try {
      const [empty, full] = [await product.room(), await product.room()];
      await fill(empty, few, newTask);
      const filling = await timed(() => fill(full, total, newTask));
      for (const room of [empty, full]) {
        await room.connect();
        await room.ask();
        await room.watch();
      }
      const found = await beside(empty, full, everything, { samples, warmup });
      return { ...found, notes: [`filled at ${Math.round((total / filling) * 1000)} commands a second`] };
    } finally {
      await product.end();
    }
  },
};
