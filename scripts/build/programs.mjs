// Programs for this machine: the command `agentrq` (bridge), built for the tests or to be measured, and the tests' agent with the official Rust SDK.
import { resolve } from "node:path";
import { inRoot, root } from "../lib/paths.mjs";
import { run } from "../lib/run.mjs";
import { rustEnv } from "../setup/rust.mjs";

const targetDir = process.env.CARGO_TARGET_DIR ? resolve(root, process.env.CARGO_TARGET_DIR) : inRoot("target");

/** The path of a program, built with these options into this folder. */
async function built(name, options, folder) {
  const args = ["build", "--quiet", ...options, "--bin", name];
  await run("cargo", args, { env: await rustEnv(), shown: `cargo build of ${name}` });
  return resolve(targetDir, folder, process.platform === "win32" ? `${name}.exe` : name);
}

/** Of the whole workspace, so that it shares what `cargo test` has compiled. */
const forTests = (name) => built(name, ["--workspace"], "debug");

export const buildRmcpAgent = () => forTests("rmcp-agent");
export const buildAgentrq = () => forTests("agentrq");
/** As its users build it. */
export const buildReleasedAgentrq = () => built("agentrq", ["--release", "--package", "agentrq-bridge"], "release");
