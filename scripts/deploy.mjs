// `npm run deploy [-- wrangler's options]`: builds the product and hands it to Cloudflare.
import { main } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";
import { run } from "./lib/run.mjs";

await main(async () => {
  await begin();
  const { buildProduct } = await import("./build/all.mjs");
  await buildProduct();
  await run("wrangler", ["deploy", ...process.argv.slice(2)], { input: "inherit" });
});
