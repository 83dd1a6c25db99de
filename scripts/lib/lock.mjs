// One at a time: two commands in one checkout must not build the same thing into the same folder.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive, sleep } from "./run.mjs";
import { say } from "./say.mjs";

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

function holder(file) {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Does the work while holding the lock; waits for whoever holds it, unless that one is gone. */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    const pid = holder(file);
    // An empty file is a lock being taken this very moment.
    if (pid && !isAlive(pid)) rmSync(file, { force: true });
    else if (!told && (told = true)) say(`- Waiting for process ${pid}, which is building …`);
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
