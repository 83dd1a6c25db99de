// An orderly end: on SIGINT, SIGTERM or SIGHUP everything that was started here is stopped, then this process ends.
import { constants } from 'node:os';

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
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(signal));
}
