// Faults that a test asks of a server that was built with them: its workspace's object is reset, and answers again.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Asks the object of a workspace for a fault, or for its name. */
export const fault = (world, workspace, what) => fetch(`${world.url}/test/${workspace.id}/${what}`);
/** The name of the instance that answers: after a reset or an eviction it is another. */
export const instance = async (world, workspace) => (await (await fault(world, workspace, "instance")).json()).instance;

/** Resets the object and waits until another instance answers. */
export async function reset(world, workspace) {
  const was = await instance(world, workspace);
  await fault(world, workspace, "reset").then((response) => response.arrayBuffer());
  const deadline = Date.now() + 5_000;
  while ((await instance(world, workspace).catch(() => was)) === was)
    assert.ok(Date.now() < deadline, "the object was not reset: this test shows nothing");
}

/** Tries until the object answers: while it is being reset the answer is 503, which says to try again. */
export async function insisting(work) {
  for (let left = 60; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!left || !/503/.test(error.message)) throw error;
      await sleep(50);
    }
  }
}
