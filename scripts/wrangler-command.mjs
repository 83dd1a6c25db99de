// `npm run wrangler -- …`: Cloudflare's own command in the version of this checkout, under a Node that it takes.
import { begin } from "./setup/begin.mjs";
import { main } from "./lib/say.mjs";
import { run } from "./lib/run.mjs";

await main(async () => {
  await begin();
  await run("wrangler", process.argv.slice(2), { input: "inherit" });
});
