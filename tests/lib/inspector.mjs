// The command line of the official MCP inspector.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const launcher = join(
  dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/inspector/package.json")),
  "clients/launcher/build/index.js",
);

/** Runs one command against an address; resolves with its exit code, its answer and what it had to say besides. */
export async function inspect(mcpUrl, ...options) {
  // It keeps a catalog and secrets at home; this one is its own.
  const home = mkdtempSync(join(tmpdir(), "agentrq-inspector-"));
  const args = [launcher, "--cli", mcpUrl, "--format", "json", ...options];
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, HOME: home } });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) child[stream].on("data", (chunk) => (said[stream] += chunk));
  try {
    const code = await new Promise((done, fail) => child.on("error", fail).on("close", done));
    return { code, result: said.stdout && JSON.parse(said.stdout).result, stderr: said.stderr };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
