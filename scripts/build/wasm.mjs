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
 * What a panic comes to: in the Worker it must fail one request and no other, so it unwinds. In a page it ends what was asked, and the first
 * visit waits for every byte: no unwinding, and no messages.
 */
const panics = {
  release: { flags: "-Cpanic=unwind", std: "-Zbuild-std=std,panic_unwind" },
  page: { flags: "-Zunstable-options -Cpanic=immediate-abort", std: "-Zbuild-std=std,panic_abort" },
};

/**
 * Compiles crates for wasm by a profile of Cargo.toml (`release` or `page`), with a standard library of the same profile (see
 * setup/rust.mjs).
 */
export async function cargoWasm(packages, { features = [], profile = "release" } = {}) {
  const { flags, std } = panics[profile];
  const args = ["build", "--profile", profile, "--lib", "--target", target, std];
  if (profile === "page") args.push("-Zbuild-std-features=optimize_for_size");
  if (process.env.CI) args.push("--locked");
  // First, so that its own first time is a step of its own.
  await wasmBindgen();
  for (const name of packages) args.push("--package", name);
  if (features.length) args.push("--features", features.join(","));
  const env = {
    ...(await rustEnv()),
    RUSTC_BOOTSTRAP: "1",
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: flags,
    // `worker` wants wasm-bindgen's macros to use the futures of js-sys.
    WASM_BINDGEN_USE_JS_SYS: "1",
  };
  await run("cargo", args, { env, shown: `cargo build of ${packages.join(", ")}` });
}

const targetDir = process.env.CARGO_TARGET_DIR ? resolve(root, process.env.CARGO_TARGET_DIR) : inRoot("target");

/** The wasm of a crate, as cargo leaves it. */
export const compiledWasm = (name, profile = "release") => join(targetDir, target, profile, `${name}.wasm`);

/** Writes a compiled crate's JavaScript and wasm into a folder. */
export async function bindgen(name, folder, args, profile = "release") {
  await run(await wasmBindgen(), [compiledWasm(name, profile), "--out-dir", folder, ...args]);
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

/** Functions that are alike stand side by side, as their names do: gzip makes a twentieth less of them. */
const sideBySide = "--reorder-functions-by-name";

/**
 * Levels above -O1 take three times as long. For the Worker they win nothing. What the page loads is compressed on its way: there nothing is
 * inlined, since a copy in another place is a new one to gzip.
 */
const levels = {
  release: ["-O1", sideBySide],
  page: [
    "-Os",
    "--always-inline-max-function-size=0",
    "--flexible-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
    sideBySide,
  ],
};

/** Shrinks a wasm file in place. The names of its functions go: they are a sixth of what a server loads, and a panic says its file and line. */
export async function wasmOpt(file, { profile = "release" } = {}) {
  const command = createRequire(import.meta.url).resolve("binaryen/bin/wasm-opt");
  const args = [
    command,
    file,
    ...levels[profile],
    "-o",
    `${file}.opt`,
    ...features.map((feature) => `--enable-${feature}`),
  ];
  await run(process.execPath, args, { shown: "wasm-opt" });
  renameSync(`${file}.opt`, file);
}
