// The tests' agent with the official Rust SDK (tests/rmcp-agent), built for this machine.
import { resolve } from "node:path";
import { inRoot, root } from "../lib/paths.mjs";
import { run } from "../lib/run.mjs";
import { rustEnv } from "../setup/rust.mjs";

const targetDir = process.env.CARGO_TARGET_DIR ? resolve(root, process.env.CARGO_TARGET_DIR) : inRoot("target");

/** The path of its program. Of the whole workspace, so that it shares what `cargo test` has compiled. */
export async function buildRmcpAgent() {
  const args = ["build", "--quiet", "--workspace", "--bin", "rmcp-agent"];
  await run("cargo", args, { env: await rustEnv(), shown: "cargo build of rmcp-agent" });
  return resolve(targetDir, "debug", process.platform === "win32" ? "rmcp-agent.exe" : "rmcp-agent");
}
