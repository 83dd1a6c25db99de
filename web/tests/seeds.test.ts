// @vitest-environment node
// The page's own code for tabs, storage, stream and queue, run from seeds against the authority of the simulation. tests/sim runs millions of
// seeds of core and a model of the page; here each line of the page itself runs, some hundred times.
//
// AGENTRQ_SEED=… repeats one seed, AGENTRQ_SEEDS=… runs as many.
import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import * as wasm from "@agentrq/wasm";
import { realCore } from "./lib/core";
import { World } from "./seeds/world";

const core = { ...(await realCore()), idAt: (ms: number, random: number) => wasm.newId(ms, random) };
const one = process.env["AGENTRQ_SEED"];
const count = Number(process.env["AGENTRQ_SEEDS"] ?? 150);
const seeds = one === undefined ? Array.from({ length: count }, (_, at) => at + 1) : [Number(one)];

it(`keeps every promise over ${seeds.length} seeds`, async () => {
  const sum: Record<string, number> = {};
  for (const seed of seeds) {
    const world = new World(seed, core);
    try {
      await world.run();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`seed ${seed} (AGENTRQ_SEED=${seed}): ${why}\n${world.steps.join("\n")}`, { cause: error });
    } finally {
      await world.end();
    }
    for (const [name, times] of Object.entries({ ...world.counts, ...world.network.counts }))
      sum[name] = (sum[name] ?? 0) + times;
  }
  console.info(sum);
  if (one !== undefined) return;
  // A run in which nothing goes wrong proves nothing.
  for (const [name, times] of Object.entries(sum)) expect(times, name).toBeGreaterThan(seeds.length / 50);
}, 600_000);
