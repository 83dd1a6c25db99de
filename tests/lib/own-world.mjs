// The world of a test file: there before its first test, and gone after its last with whatever was opened in it.
import { after, before } from "node:test";
import { startWorld } from "./world.mjs";

/** A world as `startWorld` makes it, from the first test on. What is given to `world.keep` is closed at the end. */
export function ownWorld(options) {
  const world = {
    opened: new Set(),
    keep: (it) => {
      world.opened.add(it);
      return it;
    },
  };
  before(async () => Object.defineProperties(world, Object.getOwnPropertyDescriptors(await startWorld(options))));
  after(async () => {
    try {
      for (const it of world.opened) await (it.close ?? it.drop).call(it);
    } finally {
      await world.end?.();
    }
  });
  return world;
}
