// An orderly end: on SIGINT, SIGTERM or SIGHUP everything that was started here is stopped, then this process ends.
import { constants } from "node:os";

const tasks = new Set();
let ending = false;

/** Adds something to do before the end; returns what takes it off the list again. */
export function atStop(task) {
  tasks.add(task);
  return () => tasks.delete(task);
}

export const isStopping = () => ending;

async function end(signal) {
  if (ending) return;
  ending = true;
  await Promise.allSettled([...tasks].map((task) => task()));
  process.exit(process.exitCode ?? 128 + constants.signals[signal]);
}

export function stopOnSignals() {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(signal));
}

/**
 * Ends this process when the one that started it is gone. npm killed outright passes no signal on, and would leave a server behind that
 * nobody sees. (Only for parents that stay: a shell may well exit before its background job.)
 */
export function stopWithParent() {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end("SIGTERM"), 300).unref();
}
