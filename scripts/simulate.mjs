// Builds the simulation of the sync with optimisation, and runs it: first the seeds that have failed before, then those that are asked for.
// And runs some as WebAssembly as well: what the browser and the Worker run is the code that the simulation proves.
import { readFileSync } from "node:fs";
import { cargoWasm, compiledWasm } from "./build/wasm.mjs";
import { inRoot } from "./lib/paths.mjs";
import { Advice, ask, run } from "./lib/run.mjs";
import { say } from "./lib/say.mjs";
import { rustEnv } from "./setup/rust.mjs";

const args = ["run", "--quiet", "--profile", "sim", "--package", "agentrq-sim", "--"];
const kept = ["--kept", inRoot("tests/sim/seeds.txt")];

export async function simulate(words) {
  await run("cargo", [...args, ...kept, ...words], { env: await rustEnv(), shown: "agentrq-sim" });
}

/** Requires that the same seeds come to the same state natively and as WebAssembly. */
export async function compare(seeds) {
  await cargoWasm(["agentrq-sim"]);
  const { instance } = await WebAssembly.instantiate(readFileSync(compiledWasm("agentrq_sim")));
  const native = ask("cargo", [...args, ...kept, "--seeds", String(seeds), "--hashes"], { env: await rustEnv() });
  if (native === undefined) throw new Advice("A seed panics natively: `npm run sim` says which.");
  const hashes = native.split("\n").map((line) => line.split(" ").map(BigInt));
  for (const [seed, hash] of hashes) {
    const other = hashOf(instance, seed);
    if (other !== hash || hash === 0n)
      throw new Advice(`seed ${seed}: ${inHex(hash)} natively, ${inHex(other)} as WebAssembly.`);
  }
  say(`${hashes.length} seeds come to the same state natively and as WebAssembly.`);
}

function hashOf(instance, seed) {
  try {
    return BigInt.asUintN(64, instance.exports.hash_of_seed(seed));
  } catch (trap) {
    throw new Advice(`seed ${seed} ends WebAssembly: ${trap}`);
  }
}

/** 0 stands for a run that broke a promise. */
const inHex = (hash) => (hash === 0n ? "it fails" : hash.toString(16));
