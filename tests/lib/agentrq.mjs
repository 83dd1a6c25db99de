// The command `agentrq`, started as a person starts it.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { buildAgentrq } from "../../scripts/build/programs.mjs";

/** Starts `agentrq run`; what it says comes in `out` and `err`, and `exited` is its end. */
export const agentrqRun = (mcpUrl, command, { args = [], ...options } = {}) =>
  start(["run", ...args, "--", ...command], mcpUrl, options);

/** Starts `agentrq runner`, which runs what is allowed; the same as above. */
export const agentrqRunner = (mcpUrl, args, options = {}) => start(["runner", ...args], mcpUrl, options);

/** Starts `agentrq sync`, which mirrors a list and a directory; the same as above. */
export const agentrqSync = (mcpUrl, args, options = {}) => start(["sync", ...args], mcpUrl, options);

async function start(args, mcpUrl, { cwd, env = {} }) {
  const program = process.env.AGENTRQ_COMMAND ?? (await buildAgentrq());
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, AGENTRQ_URL: mcpUrl, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const run = { child, out: "", err: "" };
  child.stdout.on("data", (chunk) => (run.out += chunk));
  child.stderr.on("data", (chunk) => (run.err += chunk));
  run.exited = new Promise((done) => child.on("close", (code, signal) => done({ code, signal })));
  run.says = async (words, ms = 20_000) => {
    for (const end = Date.now() + ms; !(run.out + run.err).includes(words); await sleep(20))
      if (Date.now() > end) throw new Error(`agentrq did not say ${words}: ${run.out} ${run.err}`);
  };
  return run;
}
