// The real rules, as the page runs them, for tests in Node.
import { readFileSync } from "node:fs";
import { loadCore, type Core } from "../../src/lib/sync/replica";

export const realCore = (): Promise<Core> =>
  loadCore(new Uint8Array(readFileSync("../wasm-pkg/pkg/agentrq_wasm_bg.wasm")));
