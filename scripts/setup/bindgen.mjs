// wasm-bindgen's command, in the very version of Cargo.lock: the two must match to the last digit.
import { existsSync, readFileSync } from "node:fs";
import { cache, inRoot } from "../lib/paths.mjs";
import { run } from "../lib/run.mjs";
import { step } from "../lib/say.mjs";
import { rustEnv } from "./rust.mjs";

export function lockedVersion(crate) {
  const lock = readFileSync(inRoot("Cargo.lock"), "utf8");
  const version = new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`).exec(lock)?.[1];
  if (!version) throw new Error(`Cargo.lock names no ${crate}`);
  return version;
}

/**
 * It runs for a second or two after each change; a fresh machine waits for its compilation. So it is compiled as it stands: in half the time,
 * for which it then takes 2 s instead of 0.7 for the Worker (measured on two cores).
 */
const asItStands = { CARGO_PROFILE_RELEASE_OPT_LEVEL: "0", CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "256" };

/** The path of the command; it is compiled once for each version and kept in the cache. */
export async function wasmBindgen() {
  const version = lockedVersion("wasm-bindgen");
  const folder = cache("tools", `wasm-bindgen-${version}`);
  const command = `${folder}/bin/wasm-bindgen`;
  if (existsSync(command)) return command;
  await step(`Compiling wasm-bindgen ${version} (once, about a minute)`, async () => {
    const install = ["install", "--quiet", "--root", folder, "--bin", "wasm-bindgen", `wasm-bindgen-cli@${version}`];
    const env = { ...(await rustEnv()), ...asItStands };
    // A registry mirror may lag behind the versions in the tool's own lock file; then its requirements alone decide.
    await run("cargo", [...install, "--locked"], { env, quiet: true }).catch(() => run("cargo", install, { env }));
  });
  return command;
}
