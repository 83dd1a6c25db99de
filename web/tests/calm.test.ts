// It is calm once all that the address names is there: what may be wanted later waits for that.
import { expect, it } from "vitest";
import { nextTask } from "../src/lib/idle";
import { awaits, calm } from "../src/lib/state/calm";

/** The rest of the microtasks, and the tasks that they ask for. */
const after = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn += 1) await nextTask();
};

function pending(): { promise: Promise<void>; come: () => void; fail: (error: Error) => void } {
  let [come, fail] = [(): void => {}, (_: Error): void => {}];
  const promise = new Promise<void>((done, failed) => ([come, fail] = [done, failed]));
  return { promise, come, fail };
}

it("comes after the last of what is awaited, with what that has brought, and when it could not be had", async () => {
  let isCalm = false;
  void calm.then(() => (isCalm = true));
  const [list, part, thread] = [pending(), pending(), pending()] as const;
  awaits(list.promise);
  awaits(part.promise);
  list.come();
  await after();
  expect(isCalm).toBe(false);

  // Who shows what came asks for the next, in the same task.
  void part.promise.then(() => awaits(thread.promise));
  part.come();
  await after();
  expect(isCalm).toBe(false);

  thread.fail(new Error("no network"));
  await after();
  expect(isCalm).toBe(true);
});
