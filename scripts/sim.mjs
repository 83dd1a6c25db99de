// `npm run sim [-- --seeds N --from S]`: simulates the sync over as many seeds as one likes (tests/sim).
import { main } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";

await main(async () => {
  await begin();
  const { simulate } = await import("./simulate.mjs");
  await simulate(process.argv.slice(2));
});
