// The dashboard: vite builds `web/` into `web/dist`.
import { existsSync, readFileSync } from "node:fs";
import { built, inRoot } from "../lib/paths.mjs";
import { run } from "../lib/run.mjs";
import { step } from "../lib/say.mjs";
import { hashOf, whenChanged } from "../lib/stamp.mjs";

const sources = ["web", "wasm-pkg/pkg", "package-lock.json"];

export function webScripts() {
  const file = inRoot("web/package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")).scripts ?? {}) : {};
}

export async function buildWeb() {
  if (!webScripts().build) return false;
  return whenChanged(built("web.stamp"), [inRoot("web/dist")], hashOf(sources), () =>
    step("Building the dashboard", () =>
      run("npm", ["run", "--silent", "build", "--workspace", "web"], { shown: "the dashboard's build" }),
    ),
  );
}
