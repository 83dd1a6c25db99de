// The Worker as Cloudflare and workerd take it: one JavaScript module and one wasm module.
//
// This does for one known Worker what `worker-build` does for any: the compiled command would cost every first start two and a half
// minutes, downloads tools of its own, and wants a nightly Rust for a build that unwinds.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { built, inRoot } from "../lib/paths.mjs";
import { hashOf, whenChanged } from "../lib/stamp.mjs";
import { step } from "../lib/say.mjs";
import { rustVersion } from "../setup/rust.mjs";
import { readWrangler } from "../wrangler.mjs";
import { writeWorkerdConfig } from "../workerd-config.mjs";
import { lean } from "./glue.mjs";
import { bindgen, cargoWasm, wasmOpt } from "./wasm.mjs";

const sources = [
  ...["core", "worker", "Cargo.toml", "Cargo.lock", "wrangler.toml"],
  ...[
    "scripts/build/worker.mjs",
    "scripts/build/wasm.mjs",
    "scripts/build/glue.mjs",
    "scripts/build/shim.mjs",
    "scripts/workerd-config.mjs",
    "scripts/wrangler.mjs",
  ],
];

/** Builds into `.build/worker` (the product) or `.build/worker-faults` (with routes that fail on purpose, for tests). */
export async function buildWorker({ faults = false } = {}) {
  const folder = built(faults ? "worker-faults" : "worker");
  const hash = hashOf(sources, [await rustVersion()]);
  return whenChanged(`${folder}.stamp`, [folder], hash, async () => {
    const what = faults ? "the Worker with the tests' faults" : "the Worker";
    await step(`Building ${what}`, async () => {
      await cargoWasm(["agentrq-worker"], { features: faults ? ["faults"] : [] });
      // A folder that is complete takes the place of the last one, so that a failed build leaves a Worker that runs.
      const making = `${folder}.making`;
      rmSync(making, { recursive: true, force: true });
      mkdirSync(making, { recursive: true });
      await bindgen("agentrq_worker", making, [
        "--target",
        "module",
        "--out-name",
        "index",
        "--no-typescript",
        "--experimental-reset-state-function",
        "--force-enable-abort-handler",
      ]);
      await bundle(making);
      if (!faults) await wasmOpt(join(making, "index_bg.wasm"));
      writeWorkerdConfig(making);
      rmSync(folder, { recursive: true, force: true });
      renameSync(making, folder);
    });
  });
}

/** Puts the shim, with a class for each Durable Object, around what wasm-bindgen wrote. */
async function bundle(folder) {
  copyFileSync(inRoot("scripts/build/shim.mjs"), join(folder, "shim.mjs"));
  const classes = readWrangler().durable_objects.bindings.map((binding) => binding.class_name);
  const entry = [
    'export { default } from "./shim.mjs";',
    'import { revivable } from "./shim.mjs";',
    'import * as wasm from "./index.js";',
    ...classes.map((name) => `export const ${name} = revivable(wasm.${name});`),
  ];
  await esbuild({
    stdin: { contents: entry.join("\n"), resolveDir: folder },
    outfile: join(folder, "index.js"),
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    target: "esnext",
    external: ["./index_bg.wasm", "cloudflare:*"],
    logLevel: "warning",
  });
  // wasm-bindgen writes a source-phase import, which wrangler's bundler does not know.
  const module = join(folder, "index.js");
  writeFileSync(module, lean(readFileSync(module, "utf8").replace("import source wasmModule", "import wasmModule")));
  rmSync(join(folder, "shim.mjs"));
  rmSync(join(folder, "snippets"), { recursive: true, force: true });
}
