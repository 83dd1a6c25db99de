// What stands between the runtime and the wasm: the handlers' entry point, and Durable Objects that survive a new wasm instance.
// (Part of the Worker: build/worker.mjs bundles it with one export for each Durable Object.)
import { WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "./index.js";

Error.stackTraceLimit = 100;
const state = wasm.__worker_init_state();

export default class extends WorkerEntrypoint {
  fetch(request) {
    return wasm.fetch(request, this.env, this.ctx);
  }
}

// A panic unwinds and costs one request. What cannot unwind (a trap: out of memory, out of stack) makes the crate `worker` start a new wasm
// instance at the next call; then an object made in the old one would point into memory that is gone. So each is made again on first use.
export function revivable(Class) {
  return new Proxy(Class, {
    construct(_, args) {
      const make = () => ({ object: new Class(...args), instance: state.instanceId });
      let made = make();
      const current = () => {
        if (made.instance !== state.instanceId) made = make();
        return made.object;
      };
      return new Proxy(made.object, {
        get: (_, property) => {
          const value = current()[property];
          return typeof value === "function" ? (...rest) => current()[property](...rest) : value;
        },
        has: (_, property) => property in current(),
      });
    },
  });
}
