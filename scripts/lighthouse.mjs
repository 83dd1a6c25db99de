// `npm run lighthouse [-- --only sign-in --json]`: builds the product and has Lighthouse look at its page; fails below the goal.
import { buildProduct } from "./build/all.mjs";
import { inRoot } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { main } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";
import { chromium } from "./setup/chromium.mjs";

await main(async () => {
  await begin();
  await buildProduct();
  const env = { AGENTRQ_CHROMIUM: await chromium() };
  await run(process.execPath, [inRoot("tests/page/lighthouse.mjs"), ...process.argv.slice(2)], { env });
});
