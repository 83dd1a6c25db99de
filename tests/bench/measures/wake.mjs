// A reply to a workspace that sleeps: its object was evicted while the streams stayed open, and must wake first.
import { setTimeout as sleep } from "node:timers/promises";
import { startProduct } from "../lib/product.mjs";
import { Series, mark } from "../lib/series.mjs";

/** An object is evicted after some ten seconds without a request. */
const idleMs = 14_000;
const most = 40;

export const wake = {
  name: "wake",
  title: `wake: from a person's reply to the held stream, after ${idleMs / 1000} s of silence and once more when awake`,
  columns: { p50: "ms", p99: "ms" },
  async run({ samples }) {
    const product = await startProduct();
    try {
      const rooms = [];
      while (rooms.length < Math.min(most, samples)) {
        const room = await product.asked();
        await room.watch();
        await room.reply(mark());
        rooms.push(room);
      }
      await sleep(idleMs);
      const [cold, warm] = [new Series(), new Series()];
      for (const room of rooms) {
        cold.add(await room.reply(mark()));
        warm.add(await room.reply(mark()));
      }
      const row = (what, { p50, p99 }) => ({ what, p50, p99 });
      return { rows: [row(`asleep (${rooms.length} workspaces)`, cold), row("awake", warm)] };
    } finally {
      await product.end();
    }
  },
};
