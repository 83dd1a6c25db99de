// `npm test [-- stage or test file …]`: sets up, then runs every test in stages, each with its time.
//
// A stage that fails does not keep the others from running, unless they need what it makes. Stages: lint, rust, sim, build, web, e2e.
import { existsSync } from "node:fs";
import { inRoot } from "./lib/paths.mjs";
import { Advice } from "./lib/run.mjs";
import { main } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";

await main(async () => {
  await begin();
  const { runStages, stages } = await import("./stages.mjs");
  const asked = process.argv.slice(2);
  const files = asked.filter((word) => !Object.hasOwn(stages, word));
  for (const file of files) {
    if (!existsSync(inRoot(file)))
      throw new Advice(`"${file}" is neither a stage (${Object.keys(stages).join(", ")}) nor a test file.`);
  }
  const names = asked.filter((word) => Object.hasOwn(stages, word));
  if (files.length) names.push("e2e");
  process.exitCode = (await runStages(names.length ? names : Object.keys(stages), files)) ? 0 : 1;
  // A test that left something open must not keep the run from ending.
  process.exit();
});
