// The stages of `npm test`: what each runs and what it needs built.
import { globSync } from "node:fs";
import { root } from "./lib/paths.mjs";
import { Advice, run } from "./lib/run.mjs";
import { duration, say } from "./lib/say.mjs";
import { buildPage, buildProduct } from "./build/all.mjs";
import { buildAgentrq, buildRmcpAgent } from "./build/programs.mjs";
import { cargoWasm, compiledWasm } from "./build/wasm.mjs";
import { webScripts } from "./build/web.mjs";
import { buildWorker } from "./build/worker.mjs";
import { checkLayout, checkWeb, lintRust, lintScripts } from "./checks.mjs";
import { keepFailures, keepVitest, keptByVitest, keptFailures } from "./failed.mjs";
import { chromium } from "./setup/chromium.mjs";
import { testPython } from "./setup/python.mjs";
import { plantAll } from "./plant.mjs";
import { rustEnv } from "./setup/rust.mjs";
import { compare, simulate } from "./simulate.mjs";
import { mutants } from "../tests/sim/mutants.mjs";

// No test of ours takes longer; one that hangs is named instead of holding up the run.
const testLimitMs = 600_000;

// A file for each of two cores, but for these: they fill both by themselves, hold a finger down for so long, kill by the clock, or build and start
// the product as a person does.
const alone = new Set(
  ["accessibility", "board", "crash", "dev", "hostile", "start"].map((name) => `tests/e2e/${name}.test.mjs`),
);

async function buildAll() {
  await buildProduct();
  await buildWorker({ faults: true });
}

/** Runs all of them and fails if one did, so that one run shows every failure. */
async function each(...works) {
  const failures = [];
  for (const work of works) await work().catch((error) => failures.push(error));
  failed(failures);
}

/** The same at once: where one waits for a single core, another has the other. */
async function beside(...works) {
  const failures = [];
  await Promise.all(works.map((work) => work().catch((error) => failures.push(error))));
  failed(failures);
}

function failed(failures) {
  if (failures.length)
    throw failures.length === 1 ? failures[0] : new Advice(failures.map((error) => error.message).join("\n"));
}

/** A failure that says what its runner has kept. */
const failedWith = (kept) => (error) => {
  throw new Advice([kept(), error.message].filter(Boolean).join("\n\n"));
};

async function endToEnd(files) {
  const found = files.length ? files : globSync("tests/e2e/**/*.test.mjs", { cwd: root }).sort();
  if (!found.length) return say("There are no tests in tests/e2e.");
  await buildAll();
  const env = {
    AGENTRQ_CHROMIUM: await chromium(),
    AGENTRQ_PYTHON: await testPython(),
    AGENTRQ_RMCP_AGENT: await buildRmcpAgent(),
    AGENTRQ_COMMAND: await buildAgentrq(),
  };
  const pass = async (files, atOnce) => {
    if (!files.length) return;
    const options = [`--test-concurrency=${atOnce}`, `--test-timeout=${testLimitMs}`];
    await run(process.execPath, ["--test", ...keepFailures, ...options, ...files], { env, shown: "node --test" }).catch(
      failedWith(keptFailures),
    );
  };
  await each(
    () =>
      pass(
        found.filter((file) => alone.has(file)),
        1,
      ),
    () =>
      pass(
        found.filter((file) => !alone.has(file)),
        2,
      ),
  );
}

export const stages = {
  lint: { title: "layout and lint", work: () => beside(() => each(checkLayout, lintScripts), lintRust) },
  rust: {
    title: "Rust tests",
    work: async () => run("cargo", ["test", "--workspace", "--quiet"], { env: await rustEnv() }),
  },
  sim: {
    title: "simulation",
    work: async () => {
      await each(
        () => simulate(["--seeds", "10000"]),
        () => compare(300),
        // Planting them takes minutes: `npm run mutants` does. Here it is held that each still stands where it says.
        async () => plantAll(mutants),
      );
    },
  },
  build: { title: "build", work: buildAll },
  web: {
    title: "dashboard: types and tests",
    work: async () => {
      await buildPage();
      // The page's own sync is run from seeds as well, against the simulation's authority.
      await cargoWasm(["agentrq-sim"]);
      const env = { AGENTRQ_SIM_WASM: compiledWasm("agentrq_sim") };
      const words = ["run", "--silent", "test", "--workspace", "web", "--", ...keepVitest];
      const test = () => run("npm", words, { env, shown: "vitest" }).catch(failedWith(keptByVitest));
      await each(checkWeb, ...(webScripts().test ? [test] : []));
    },
  },
  e2e: { title: "end to end", work: endToEnd },
};

/** Runs stages by name; returns whether all passed. */
export async function runStages(names, files) {
  const started = Date.now();
  const results = [];
  for (const name of names) {
    const { title, work } = stages[name];
    say(`\n== ${title} ==`);
    const start = Date.now();
    const error = await work(files).then(
      () => undefined,
      (failure) => failure,
    );
    const why = error && (error instanceof Advice ? error.message : String(error.stack ?? error));
    if (why) console.error(why);
    const took = duration(Date.now() - start);
    results.push({ title, took, passed: !error, why });
    say(`== ${title}: ${error ? "FAILED" : "passed"} in ${took} ==`);
  }
  const failures = results.filter((result) => !result.passed);
  for (const { title, why } of failures) say(`\n== what failed of ${title} ==\n${why}`);
  const failed = failures.length;
  say("\nstage, result, time");
  for (const { title, took, passed } of results) say(`  ${title.padEnd(28)} ${passed ? "passed" : "FAILED"}  ${took}`);
  say(`all stages in ${duration(Date.now() - started)}`);
  say(`stages: ${results.length - failed} passed, ${failed} failed`);
  return failed === 0;
}
