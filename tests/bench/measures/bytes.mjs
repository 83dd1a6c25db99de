// Bytes of a dashboard event: a reply in a long thread must not cost more than one in a short thread.
import { mark } from "../lib/series.mjs";
import { startProduct } from "../lib/product.mjs";
import { threadOf } from "./thread.mjs";

const lengths = [10, 10_000];
/** The numbers in an event have more digits where there is more: that much may differ. */
const digits = 64;

export const bytes = {
  name: "bytes",
  title: "bytes: what a dashboard is sent of one reply, from its posting to its receipt",
  columns: { events: "count", bytes: "bytes" },
  async run() {
    const product = await startProduct();
    try {
      const rows = [];
      for (const length of lengths)
        rows.push({ what: `thread of ${length} messages`, ...(await sent(product, length)) });
      const [short, long] = rows;
      const misses =
        Math.abs(long.bytes - short.bytes) > digits
          ? [`a reply costs ${short.bytes} bytes in a short thread and ${long.bytes} in a long one; the goal is equal`]
          : [];
      return { rows, misses };
    } finally {
      await product.end();
    }
  },
};

async function sent(product, length) {
  const room = await threadOf(product, length);
  const received = Promise.withResolvers();
  let [events, total] = [0, 0];
  await room.watch((event) => {
    if (event.startsWith(":")) return;
    events += 1;
    total += Buffer.byteLength(event) + 2;
    if (event.includes('"state":"received"')) received.resolve();
  });
  await room.reply(mark());
  await received.promise;
  room.close();
  return { events, bytes: total };
}
