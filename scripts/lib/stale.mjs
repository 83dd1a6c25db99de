// One server for a data folder: the file `server.json` says which processes serve it, so that a leftover is found at the next start.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Advice, ask, isAlive, sleep } from "./run.mjs";

const file = (dataDir) => join(dataDir, "server.json");

export function remember(dataDir, workerdPid, url) {
  writeFileSync(file(dataDir), JSON.stringify({ workerd: workerdPid, parent: process.pid, url }));
}

export function forget(dataDir) {
  rmSync(file(dataDir), { force: true });
}

const commandOf = (pid) => ask("ps", ["-o", "args=", "-p", String(pid)]) ?? "";

/** Refuses if another start serves this folder; stops a workerd whose start script is gone. Returns the pid it stopped, if any. */
export async function clearStale(dataDir) {
  let last;
  try {
    last = JSON.parse(readFileSync(file(dataDir), "utf8"));
  } catch {
    return undefined;
  }
  // A process id may have been given to another program since: only a workerd on this very folder counts.
  if (!isAlive(last.workerd) || !commandOf(last.workerd).includes(join(dataDir, "objects")))
    return void forget(dataDir);
  if (isAlive(last.parent)) {
    throw new Advice(
      `${dataDir} is already served at ${last.url} (process ${last.parent}). Stop that one first, or set AGENTRQ_DATA to another folder.`,
    );
  }
  await stopProcess(last.workerd, 1000);
  forget(dataDir);
  return last.workerd;
}

/** SIGTERM, then SIGKILL: workerd drains on SIGTERM and so would wait for every open stream. */
export async function stopProcess(pid, graceMs) {
  const signal = (name) => {
    try {
      process.kill(pid, name);
    } catch {
      // It is gone already.
    }
  };
  signal("SIGTERM");
  const deadline = Date.now() + graceMs;
  while (isAlive(pid) && Date.now() < deadline) await sleep(20);
  if (isAlive(pid)) signal("SIGKILL");
  while (isAlive(pid)) await sleep(20);
}
