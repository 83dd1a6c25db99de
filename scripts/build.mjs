// `npm run build [-- worker|faults|rules|web|all …]`: builds what is out of date (by default the product).
import { Advice } from "./lib/run.mjs";
import { main, say } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";

await main(async () => {
  await begin();
  const { buildPage, buildProduct } = await import("./build/all.mjs");
  const { buildRules } = await import("./build/rules.mjs");
  const { buildWorker } = await import("./build/worker.mjs");
  const parts = {
    worker: () => buildWorker(),
    faults: () => buildWorker({ faults: true }),
    rules: buildRules,
    web: buildPage,
    all: buildProduct,
  };
  const asked = process.argv.length > 2 ? process.argv.slice(2) : ["all"];
  for (const part of asked) {
    if (!Object.hasOwn(parts, part))
      throw new Advice(`There is no part "${part}". The parts are: ${Object.keys(parts).join(", ")}.`);
    if (!(await parts[part]())) say(`${part}: up to date`);
  }
});
