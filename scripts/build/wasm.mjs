// From Rust to wasm: cargo, wasm-bindgen and wasm-opt with the flags that the worker and the page share.
import { renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { inRoot, root } from "../lib/paths.mjs";
import { run } from "../lib/run.mjs";
import { wasmBindgen } from "../setup/bindgen.mjs";
import { rustEnv } from "../setup/rust.mjs";

const target = "wasm32-unknown-unknown";

/**
 * Compiles crates for wasm, with a standard library that unwinds (see setup/rust.mjs). The worker and the page's crate are built with the
 * same flags, so that they share the standard library and core.
 */
export async function cargoWasm(packages, features = []) {
  const args = ["build", "--release", "--lib", "--target", target, "-Zbuild-std=std,panic_unwind"];
  if (process.env.CI) args.push("--locked");
  // First, so that its own first time is a step of its own.
  await wasmBindgen();
  for (const name of packages) args.push("--package", name);
  if (features.length) args.push("--features", features.join(","));
  const env = {
    ...(await rustEnv()),
    RUSTC_BOOTSTRAP: "1",
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: "-Cpanic=unwind",
    // `worker` wants wasm-bindgen's macros to use the futures of js-sys.
    WASM_BINDGEN_USE_JS_SYS: "1",
  };
  await run("cargo", args, { env, shown: `cargo build of ${packages.join(", ")}` });
}

const targetDir = process.env.CARGO_TARGET_DIR ? resolve(root, process.env.CARGO_TARGET_DIR) : inRoot("target");
const wasmFile = (name) => join(targetDir, target, "release", `${name}.wasm`);

/** Writes a compiled crate's JavaScript and wasm into a folder. */
export async function bindgen(name, folder, args) {
  await run(await wasmBindgen(), [wasmFile(name), "--out-dir", folder, ...args]);
}

// Named one by one: binaryen's newest encodings may be ahead of workerd and of browsers.
const features = [
  "mutable-globals",
  "sign-ext",
  "nontrapping-float-to-int",
  "bulk-memory",
  "multivalue",
  "reference-types",
  "exception-handling",
];

/**
 * Shrinks a wasm file in place. The levels above -O1 take three times as long and win a few per cent, or nothing once compressed.
 * `names` keeps function names, for stack traces in logs.
 */
export async function wasmOpt(file, { names = false } = {}) {
  const command = createRequire(import.meta.url).resolve("binaryen/bin/wasm-opt");
  const args = [command, file, "-O1", "-o", `${file}.opt`, ...features.map((feature) => `--enable-${feature}`)];
  if (names) args.push("--debuginfo");
  await run(process.execPath, args, { shown: "wasm-opt" });
  renameSync(`${file}.opt`, file);
}
