// What is checked without running the product: layout, lint, types.
import { ask, run } from "./lib/run.mjs";
import { rustEnv } from "./setup/rust.mjs";
import { webScripts } from "./build/web.mjs";

/** rustup may have left clippy and rustfmt out. */
async function rustWithLints() {
  const env = await rustEnv();
  for (const tool of ["clippy", "fmt"]) {
    if (ask("cargo", [tool, "--version"], { env }) === undefined)
      await run("rustup", ["component", "add", tool === "fmt" ? "rustfmt" : tool]);
  }
  return env;
}

export async function checkLayout() {
  const env = await rustWithLints();
  await run("cargo", ["fmt", "--all", "--check"], { env });
  await run("prettier", ["--check", "--log-level", "warn", "."]);
}

export async function lintScripts() {
  await run("eslint", [".", "--max-warnings", "0"]);
}

/** On the machine's own target: everything compiles there too, and its tests share what this compiles. */
export async function lintRust() {
  const env = await rustWithLints();
  const clippy = (...of) =>
    run("cargo", ["clippy", ...of, "--all-targets", "--quiet", "--", "-D", "warnings"], { env });
  await clippy("--workspace", "--exclude", "agentrq-fuzz", "--all-features");
  // Without libFuzzer itself, which takes a C++ compiler.
  await clippy("--package", "agentrq-fuzz");
}

/** Types of the dashboard; they need the rules built. */
export async function checkWeb() {
  if (webScripts().check) await run("npm", ["run", "--silent", "check", "--workspace", "web"]);
}
