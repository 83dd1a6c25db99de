// What a process holds, as Linux counts it: memory, file handles, CPU time. Elsewhere nothing is known.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const ticksASecond = 100;

export const isCounted = process.platform === "linux";

const status = (pid, name) =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;

/** Memory that is in use, in bytes. */
export const memory = (pid) => status(pid, "VmRSS");

/** The most that was in use since `forgetPeak`. */
export const peak = (pid) => status(pid, "VmHWM");
export const forgetPeak = (pid) => writeFileSync(`/proc/${pid}/clear_refs`, "5");

export const handles = (pid) => readdirSync(`/proc/${pid}/fd`).length;

/** CPU time so far, in seconds. */
export function cpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond;
}
