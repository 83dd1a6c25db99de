// Runs other programs: to the end, with their output shown or returned, and stops what was started here.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "./paths.mjs";
import { atStop } from "./stop.mjs";

/** A failure whose message says what to do; it is printed without a stack. */
export class Advice extends Error {}

/**
 * Runs a command to its end; throws if it fails. Its output is shown, or with `quiet` only if it fails. It may read what the person types
 * if `input` is "inherit".
 */
export function run(command, args, { env, cwd = root, shown, timeout, quiet = false, input = "ignore" } = {}) {
  return new Promise((done, fail) => {
    const output = quiet ? "pipe" : "inherit";
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [input, output, output],
      timeout,
    });
    let log = "";
    for (const stream of quiet ? [child.stdout, child.stderr] : []) stream.on("data", (chunk) => (log += chunk));
    const forget = atStop(() => child.kill());
    child.on("error", (error) => fail(new Advice(`${command} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      forget();
      const why = `${shown ?? [command, ...args].join(" ")} failed (${signal ?? `exit code ${code}`}).`;
      if (code === 0) done();
      else fail(new Advice(log ? `${log.trimEnd()}\n${why}` : why));
    });
  });
}

/** Runs a command quietly and returns what it printed, or undefined if it failed. */
export function ask(command, args, { env, cwd = root, timeout = 180_000 } = {}) {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
    timeout,
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** The full path of a program, or undefined. */
export function which(name, path = process.env.PATH ?? "") {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
