// Runs a built Worker on bare workerd: `npm start` and the tests start their servers here.
//
// const server = await startServer({ port: 0, dataDir, build: 'product' | 'faults', ownerKey, quiet: true, args: [for workerd] })
// server.url, .key (this start's sign-in key), .pid (of workerd), .logs(), .exited (a promise); server.stop(), server.kill()
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { built } from "./lib/paths.mjs";
import { Advice, sleep, which } from "./lib/run.mjs";
import { serverSecret, startKey } from "./lib/secrets.mjs";
import { clearStale, forget, remember, stopProcess } from "./lib/stale.mjs";

const graceMs = 800;
const startMs = 20_000;
const portRetryMs = 5_000;

function workerdBinary() {
  const { platform, arch } = process;
  const name = `${platform}-${arch === "x64" ? "64" : arch}`;
  try {
    return createRequire(createRequire(import.meta.url).resolve("workerd/package.json")).resolve(
      `@cloudflare/workerd-${name}/bin/workerd`,
    );
  } catch {
    throw new Advice(`There is no workerd for ${platform} ${arch} in node_modules. Run: npm ci`);
  }
}

// A workerd must not outlive the process that started it, not even if that one is killed outright. Linux can promise that.
function tied(command, args) {
  const setpriv = process.platform === "linux" && which("setpriv");
  return setpriv ? [setpriv, ["--pdeathsig", "KILL", command, ...args]] : [command, args];
}

/** Starts workerd once. Resolves when it listens; rejects with what it said when it gave up. */
export function launch({ folder, host, port, dataDir, env, quiet, args: more = [] }) {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  const [command, args] = tied(workerdBinary(), [
    "serve",
    join(folder, "workerd.capnp"),
    `--socket-addr=http=${bracketed}:${port}`,
    `--directory-path=objects=${join(dataDir, "objects")}`,
    `--directory-path=assets=${built("assets")}`,
    // workerd reports on this descriptor which port it listens on.
    "--control-fd=3",
    ...more,
  ]);
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  let log = "";
  const note = (chunk) => {
    log = (log + chunk).slice(-200_000);
    if (!quiet) process.stderr.write(chunk);
  };
  child.stdout.on("data", note);
  child.stderr.on("data", note);
  const exited = new Promise((done) => child.on("exit", (code, signal) => done({ code, signal })));
  return new Promise((listening, fail) => {
    const gaveUp = setTimeout(() => {
      child.kill("SIGKILL");
      fail(new Advice(`workerd did not listen within ${startMs / 1000} s.\n${log}`));
    }, startMs);
    child.on("error", (error) => fail(new Advice(`workerd could not be started: ${error.message}`)));
    exited.then(({ code, signal }) => {
      clearTimeout(gaveUp);
      fail(
        Object.assign(new Advice(`workerd gave up (${signal ?? `exit code ${code}`}).\n${log}`), {
          portInUse: /already in use/i.test(log),
        }),
      );
    });
    let report = "";
    child.stdio[3].on("data", (chunk) => {
      report += chunk;
      const found = /"socket":"http","port":(\d+)/.exec(report);
      if (!found) return;
      clearTimeout(gaveUp);
      const inspector = /"event":"listen-inspector","port":(\d+)/.exec(report)?.[1];
      listening({ child, exited, port: Number(found[1]), inspector: inspector && Number(inspector), logs: () => log });
    });
  });
}

/** The port of a server that has just been killed may stay taken for a moment: that is waited for. */
async function launchOnFreePort(options) {
  const deadline = Date.now() + portRetryMs;
  for (;;) {
    try {
      return await launch(options);
    } catch (error) {
      if (!error.portInUse) throw error;
      if (Date.now() > deadline)
        throw new Advice(
          `Port ${options.port} is in use by another program. Stop it, or choose another port: PORT=8788 npm start`,
        );
      await sleep(200);
    }
  }
}

async function untilHealthy(url, logs) {
  const deadline = Date.now() + startMs;
  let last;
  while (Date.now() < deadline) {
    try {
      const response = await fetch(new URL("healthz", url), { signal: AbortSignal.timeout(2_000) });
      if (response.ok) return;
      last = `status ${response.status}`;
    } catch (error) {
      last = error.cause?.message ?? error.message;
    }
    await sleep(30);
  }
  throw new Advice(`The server does not answer /healthz (${last}).\n${logs()}`);
}

export async function startServer({
  port = 0,
  host = "127.0.0.1",
  dataDir,
  build = "product",
  ownerKey = "",
  publicUrl = "",
  leaseSeconds = "",
  quiet = true,
  vars = {},
  args = [],
}) {
  const folder = built(build === "faults" ? "worker-faults" : "worker");
  if (!existsSync(join(folder, "index.js")))
    throw new Advice(`Nothing is built in ${folder}. Run: npm run build${build === "faults" ? " -- faults" : ""}`);
  dataDir = resolve(dataDir);
  const secret = serverSecret(dataDir);
  const stopped = await clearStale(dataDir);
  if (stopped && !quiet) console.log(`Stopped a workerd (process ${stopped}) that an earlier start had left behind.`);
  mkdirSync(join(dataDir, "objects"), { recursive: true });
  mkdirSync(built("assets"), { recursive: true });

  const key = startKey();
  const env = {
    AGENTRQ_SECRET: secret,
    AGENTRQ_START_KEY: key,
    AGENTRQ_OWNER_KEY: ownerKey,
    AGENTRQ_PUBLIC_URL: publicUrl,
    AGENTRQ_LEASE_SECONDS: String(leaseSeconds),
    ...vars,
  };
  const started = await launchOnFreePort({ folder, host, port, dataDir, env, quiet, args });
  const { child, exited, port: listens, inspector, logs } = started;
  // An address that means "all of them" is none to visit.
  const visit = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[host] ?? (host.includes(":") ? `[${host}]` : host);
  const url = `http://${visit}:${listens}/`;
  remember(dataDir, child.pid, url);
  exited.then(() => forget(dataDir));
  // The last resort when this process ends by itself (an uncaught error, a test runner that exits).
  const atExit = () => child.kill("SIGKILL");
  process.once("exit", atExit);
  exited.then(() => process.removeListener("exit", atExit));

  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  const stop = async () => {
    await stopProcess(child.pid, graceMs);
    await exited;
  };
  try {
    await untilHealthy(url, logs);
  } catch (error) {
    await kill();
    throw error;
  }
  return { url, key, port: listens, inspector, pid: child.pid, dataDir, logs, exited, stop, kill };
}
