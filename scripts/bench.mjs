// `npm run bench`: builds the product and measures it against the floor of the same run.
import { existsSync } from "node:fs";
import { inRoot } from "./lib/paths.mjs";
import { Advice, run } from "./lib/run.mjs";
import { main } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";
import { chromium } from "./setup/chromium.mjs";

await main(async () => {
  await begin();
  const bench = inRoot("tests/bench/run.mjs");
  if (!existsSync(bench)) throw new Advice("There is no benchmark yet (tests/bench/run.mjs).");
  const { buildProduct } = await import("./build/all.mjs");
  const { buildWorker } = await import("./build/worker.mjs");
  await buildProduct();
  // Where the time goes is looked at in the build that keeps the names of its functions.
  const asked = process.argv.slice(2).join(" ");
  if (!asked.includes("--only") || asked.includes("profile")) await buildWorker({ faults: true });
  const env = { AGENTRQ_CHROMIUM: await chromium() };
  await run(process.execPath, [bench, ...process.argv.slice(2)], { env });
});
