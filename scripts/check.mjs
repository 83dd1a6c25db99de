// `npm run check`: layout, lint and types of everything, without running it.
import { main, step } from "./lib/say.mjs";
import { begin } from "./setup/begin.mjs";

await main(async () => {
  await begin();
  const { checkLayout, checkWeb, lintRust, lintScripts } = await import("./checks.mjs");
  const { buildRules } = await import("./build/rules.mjs");
  await step("Layout", checkLayout);
  await step("Lint: JavaScript, TypeScript, Svelte", lintScripts);
  await step("Lint: Rust", lintRust);
  await buildRules();
  await step("Types of the dashboard", checkWeb);
});
