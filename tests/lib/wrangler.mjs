// Runs a built Worker under `wrangler dev`, which is as near to Cloudflare as a machine without a network comes: the tests start it here.
//
// const server = await startWrangler({ dataDir, secrets: { AGENTRQ_SECRET: … } }); server.url, .logs(), .stop()
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { Advice } from "../../scripts/lib/run.mjs";

const startMs = 60_000;
const graceMs = 5_000;

/** What keeps wrangler to itself: no telemetry, no look for a newer version, no sample of Cloudflare's `request.cf`. */
export const offline = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CI: "true",
};

export async function startWrangler({ dataDir, secrets }) {
  const file = join(dataDir, "secrets.env");
  writeFileSync(
    file,
    Object.entries(secrets)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
    { mode: 0o600 },
  );
  const options = [
    "--local",
    "--ip=127.0.0.1",
    "--port=0",
    "--inspector-port=0",
    "--show-interactive-dev-session=false",
  ];
  const folders = [`--persist-to=${join(dataDir, "state")}`, `--env-file=${file}`];
  // A group of its own: wrangler starts others, and all of them must end with it.
  const child = spawn(
    process.execPath,
    [inRoot("node_modules/wrangler/bin/wrangler.js"), "dev", ...options, ...folders],
    {
      cwd: inRoot(),
      env: { ...process.env, ...offline, WRANGLER_REGISTRY_PATH: join(dataDir, "registry") },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    },
  );
  let log = "";
  const exited = new Promise((done) => child.on("exit", done));
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended by itself.
    }
  };
  const stop = async () => {
    kill("SIGTERM");
    const late = setTimeout(() => kill("SIGKILL"), graceMs);
    await exited;
    clearTimeout(late);
    // What wrangler has left behind, if anything.
    kill("SIGKILL");
  };
  const atExit = () => kill("SIGKILL");
  process.once("exit", atExit);
  exited.then(() => process.removeListener("exit", atExit));
  const url = await new Promise((ready, fail) => {
    const late = setTimeout(
      () => fail(new Advice(`wrangler dev was not ready within ${startMs / 1000} s.\n${log}`)),
      startMs,
    );
    const note = (chunk) => {
      log += chunk;
      const found = /Ready on (http:\/\/\S+)/.exec(log);
      if (found) ready(found[1].replace(/\/$/, ""));
      if (found) clearTimeout(late);
    };
    child.stdout.on("data", note);
    child.stderr.on("data", note);
    exited.then((code) => fail(new Advice(`wrangler dev ended (exit code ${code}).\n${log}`)));
  }).catch(async (error) => {
    await stop();
    throw error;
  });
  return { url, stop, logs: () => log };
}
