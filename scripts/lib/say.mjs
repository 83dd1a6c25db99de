// What the scripts tell the person: steps, times, and failures that say what to do.
import { Advice } from "./run.mjs";

export const say = (text) => console.log(text);

/** "1.3 s", "42 s", "4 min 12 s". */
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Says what a step does, does it, says how long it took. */
export async function step(title, work) {
  const start = Date.now();
  say(`- ${title} …`);
  const result = await work();
  say(`  done in ${duration(Date.now() - start)}`);
  return result;
}

/** Runs a script's main function; a failure it foresaw is advice, any other one keeps its stack. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Advice ? `\n${error.message}` : error);
    process.exit(1);
  }
}
