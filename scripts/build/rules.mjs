// core's face for the browser: wasm-pkg, as the page imports it from `wasm-pkg/pkg`.
import { mkdirSync } from "node:fs";
import { built, inRoot } from "../lib/paths.mjs";
import { step } from "../lib/say.mjs";
import { hashOf, whenChanged } from "../lib/stamp.mjs";
import { rustVersion } from "../setup/rust.mjs";
import { bindgen, cargoWasm, wasmOpt } from "./wasm.mjs";

const sources = ["core", "wasm-pkg", "Cargo.toml", "Cargo.lock", "scripts/build/rules.mjs", "scripts/build/wasm.mjs"];

export async function buildRules() {
  const folder = inRoot("wasm-pkg/pkg");
  return whenChanged(built("rules.stamp"), [folder], hashOf(sources, [await rustVersion()]), () =>
    step("Building the rules for the browser", async () => {
      await cargoWasm(["agentrq-wasm"], { profile: "page" });
      mkdirSync(folder, { recursive: true });
      await bindgen("agentrq_wasm", folder, ["--target", "web"], "page");
      await wasmOpt(`${folder}/agentrq_wasm_bg.wasm`, { profile: "page" });
    }),
  );
}
