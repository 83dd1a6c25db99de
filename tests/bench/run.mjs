// `npm run bench [-- --only latency,wake --samples 600 --json]`: measures the product, each measure against its own goal.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Advice } from "../../scripts/lib/run.mjs";
import { main } from "../../scripts/lib/say.mjs";
import { print } from "./lib/report.mjs";
import { bytes } from "./measures/bytes.mjs";
import { crowd } from "./measures/crowd.mjs";
import { files } from "./measures/files.mjs";
import { idle } from "./measures/idle.mjs";
import { interchange } from "./measures/interchange.mjs";
import { latency } from "./measures/latency.mjs";
import { lists } from "./measures/lists.mjs";
import { output } from "./measures/output.mjs";
import { pageMemory } from "./measures/page-memory.mjs";
import { pageOpen } from "./measures/page-open.mjs";
import { pagePaint } from "./measures/page-paint.mjs";
import { pageRebase } from "./measures/page-rebase.mjs";
import { profile } from "./measures/profile.mjs";
import { sizes } from "./measures/sizes.mjs";
import { tasks } from "./measures/tasks.mjs";
import { thread } from "./measures/thread.mjs";
import { throughput } from "./measures/throughput.mjs";
import { transport } from "./measures/transport.mjs";
import { wake } from "./measures/wake.mjs";

const ofServer = [
  latency,
  transport,
  profile,
  throughput,
  crowd,
  tasks,
  lists,
  output,
  thread,
  bytes,
  wake,
  idle,
  files,
  interchange,
  sizes,
];
const ofPage = [pagePaint, pageOpen, pageRebase, pageMemory];
const measures = [...ofServer, ...ofPage];
const names = measures.map(({ name }) => name).join(", ");

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    samples: { type: "string", default: "400" },
    warmup: { type: "string", default: "100" },
    json: { type: "boolean", default: false },
  },
});

function number(name) {
  if (/^\d{1,6}$/.test(values[name]) && Number(values[name]) > 0) return Number(values[name]);
  throw new Advice(`--${name} ${values[name]}: give a number from 1 to 999999`);
}

function chosen() {
  if (values.only === undefined) return measures;
  return values.only.split(",").map((name) => {
    const found = measures.find((measure) => measure.name === name);
    if (!found) throw new Advice(`--only ${name}: there is no such measure. There are: ${names}`);
    return found;
  });
}

await main(async () => {
  const options = { samples: number("samples"), warmup: number("warmup") };
  const say = (text) => values.json || console.log(text);
  const machine = { cores: cpus().length, node: process.versions.node };
  const report = { at: new Date().toISOString(), machine, ...options, measures: {} };
  const misses = [];

  say(`${options.samples} samples after ${options.warmup} to warm up, on ${machine.cores} cores, Node ${machine.node}`);
  for (const measure of chosen()) {
    const start = performance.now();
    const found = await measure.run(options);
    report.measures[measure.name] = { ...found, seconds: Math.round((performance.now() - start) / 100) / 10 };
    misses.push(...(found.misses ?? []).map((miss) => `${measure.name}: ${miss}`));
    if (!values.json) print({ ...measure, ...found });
  }
  if (values.json) console.log(JSON.stringify(report, null, 2));
  say(misses.length ? `\nmissed:\n${misses.map((miss) => `  ${miss}`).join("\n")}` : "\nall goals are met");
});
