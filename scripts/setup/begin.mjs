// How every command begins: npm packages, then a current Node. The machine's Node may be old; the one from npm is not.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { inRoot } from "../lib/paths.mjs";
import { Advice } from "../lib/run.mjs";
import { atStop, stopOnSignals, stopWithParent } from "../lib/stop.mjs";
import { ensurePackages } from "./packages.mjs";

const oldest = [22, 12];

function current() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** Goes on only in a current Node: an older one runs the same command again in the newer one and waits for it. */
export async function begin() {
  stopOnSignals();
  if (process.env.npm_lifecycle_event || process.env.AGENTRQ_RESTARTED) stopWithParent();
  await ensurePackages();
  // What is started from here finds the project's own commands first, node among them.
  process.env.PATH = `${inRoot("node_modules/.bin")}${delimiter}${process.env.PATH}`;
  if (current()) return;
  const node = inRoot("node_modules/.bin/node");
  if (!existsSync(node))
    throw new Advice(
      `This is Node ${process.versions.node}, and npm has no newer one for ${process.platform} ${process.arch}. Install Node 22.12 or later.`,
    );
  const child = spawn(node, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, AGENTRQ_RESTARTED: "1" },
  });
  // The older Node only passes things on: signals to the newer one, its exit code to whoever called.
  atStop(() => {
    child.kill("SIGTERM");
    return new Promise(() => {});
  });
  await new Promise(() => child.on("exit", (code, signal) => process.exit(signal ? 1 : code)));
}
