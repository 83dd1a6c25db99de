// `npm run mutants [-- words of a name]`: plants bugs into a copy of the sync and requires that the simulation finds each.
import { main } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";

await main(async () => {
  await begin();
  const { plant } = await import("./plant.mjs");
  const { mutants } = await import("../tests/sim/mutants.mjs");
  const words = process.argv.slice(2).join(" ");
  await plant(mutants, (name) => name.includes(words));
});
