// How long a reply and a new task take, against the least that a relay can do on this platform, sample by sample in one run.
import { startFloor } from "../lib/floor.mjs";
import { startProduct } from "../lib/product.mjs";
import { missed } from "../lib/report.mjs";
import { takeTurns } from "../lib/series.mjs";

const goals = { "p50/floor": 1.5, "p99/floor": 2 };

export const latency = {
  name: "latency",
  title: "latency: one thing at a time, against the floor (a bare relay) of the same run",
  columns: { p50: "ms", p99: "ms", "p50/floor": "times", "p99/floor": "times" },
  async run({ samples, warmup }) {
    const product = await startProduct();
    const floor = await startFloor();
    try {
      const room = await product.asked();
      await room.watch();
      const timed = await takeTurns(
        {
          floor: floor.relay,
          reply: (mark) => room.reply(mark),
          again: floor.relay,
          task: (mark) => room.createTask(mark),
        },
        { samples, warmup },
      );
      const reads = await takeTurns(
        { floor: floor.reads, agent: () => room.agentReads(), person: () => room.personReads() },
        { samples: Math.ceil(samples / 2), warmup },
      );
      return { ...told(timed), notes: parts(timed, reads) };
    } finally {
      await Promise.all([floor.end(), product.end()]);
    }
  },
};

function told(timed) {
  const of = (what, mine, least) => ({
    what,
    p50: mine.p50,
    p99: mine.p99,
    "p50/floor": mine.p50 / least.p50,
    "p99/floor": mine.p99 / least.p99,
  });
  const rows = [
    of("floor", timed.floor, timed.floor),
    of("reply -> channel push", timed.reply, timed.floor),
    of("createTask -> dashboard event", timed.task, timed.again),
  ];
  return { rows, misses: rows.flatMap((row) => missed(row, goals)) };
}

/** The way in is measured by reading one task, against an object that only says ok. */
function parts(timed, reads) {
  const of = (name, mine, least, read) => {
    const above = mine.p50 - least.p50;
    const way = read.p50 - reads.floor.p50;
    const [all, wayIn, rest] = [above, way, above - way].map((value) => `${value.toFixed(2)} ms`);
    return `${name}: ${all} above the floor at p50: ${wayIn} the way in, ${rest} decision, transaction and streams`;
  };
  return [of("reply", timed.reply, timed.floor, reads.person), of("createTask", timed.task, timed.again, reads.agent)];
}
