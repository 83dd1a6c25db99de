// `npm run bench [-- --samples 600]`: how long a reply and a new task take, against the least a relay can do, in one run.
//
// Floor and product take turns, sample by sample, so that whatever else the machine does slows both alike.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startFloor, startProduct } from "./sides.mjs";

const { values } = parseArgs({
  options: { samples: { type: "string", default: "600" }, warmup: { type: "string", default: "100" } },
});
const samples = Number(values.samples);
const warmup = Number(values.warmup);
const goals = { p50: 1.5, p99: 2 };

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];

class Series {
  #all = [];
  add(ms) {
    this.#all.push(ms);
  }
  at(q) {
    return quantile(
      this.#all.toSorted((a, b) => a - b),
      q,
    );
  }
}

/** Takes turns through the measured things; the first rounds are not counted. */
async function measure(things, rounds) {
  const series = Object.fromEntries(Object.keys(things).map((name) => [name, new Series()]));
  for (let round = -warmup; round < rounds; round += 1)
    for (const [name, thing] of Object.entries(things)) {
      const took = await thing(`mark-${name}-${round + warmup}-end`);
      if (round >= 0) series[name].add(took);
    }
  return series;
}

const ms = (value) => `${value.toFixed(2)} ms`;
const row = (cells) => console.log(cells.map((cell, index) => (index ? cell.padStart(10) : cell.padEnd(34))).join(""));

const product = await startProduct();
const floor = await startFloor();
try {
  console.log(
    `${samples} samples each after ${warmup} to warm up, on ${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.versions.node}\n`,
  );
  const timed = await measure(
    { floor: floor.relay, reply: product.reply, floorAgain: floor.relay, task: product.createTask },
    samples,
  );
  const rows = [
    ["reply -> channel push", timed.reply, timed.floor],
    ["createTask -> dashboard event", timed.task, timed.floorAgain],
  ];
  row(["", "p50", "p99", "p50/floor", "p99/floor"]);
  const misses = [];
  for (const [name, mine, least] of rows) {
    const ratio = Object.fromEntries(
      [
        ["p50", 0.5],
        ["p99", 0.99],
      ].map(([key, q]) => [key, mine.at(q) / least.at(q)]),
    );
    row([`floor (a bare relay)`, ms(least.at(0.5)), ms(least.at(0.99)), "1.00x", "1.00x"]);
    row([name, ms(mine.at(0.5)), ms(mine.at(0.99)), `${ratio.p50.toFixed(2)}x`, `${ratio.p99.toFixed(2)}x`]);
    for (const [key, goal] of Object.entries(goals))
      if (ratio[key] > goal)
        misses.push(`${name}: ${key} is ${ratio[key].toFixed(2)}x the floor, the goal is ${goal}x`);
  }
  const parts = await measure(
    { floor: floor.reads, agent: product.agentReads, person: product.personReads },
    Math.ceil(samples / 2),
  );
  const half = (name) => parts[name].at(0.5);
  const explain = (name, mine, least, reads) => {
    const above = mine.at(0.5) - least.at(0.5);
    const way = half(reads) - half("floor");
    console.log(`  ${name}: ${ms(above)} above the floor at p50. Of these`);
    console.log(`    ${ms(way)} are the way in: host, origin, session or token, membership, limits, JSON in and out`);
    console.log(
      `    ${ms(above - way)} are the decision, a transaction of about ten rows where the floor writes one, and two streams told`,
    );
  };
  console.log(
    "\nwhere the time goes (the way in is measured by reading one task, against an object that only says ok):",
  );
  explain("reply", timed.reply, timed.floor, "person");
  explain("createTask", timed.task, timed.floorAgain, "agent");
  console.log(misses.length ? `\nmissed:\n${misses.map((miss) => `  ${miss}`).join("\n")}` : "\nall goals are met");
} finally {
  await Promise.all([floor.end(), product.end()]);
}
