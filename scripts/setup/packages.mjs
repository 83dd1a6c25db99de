// npm packages as the lock file has them. Runs before anything is installed: only what Node 18 itself has.
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "../lib/paths.mjs";
import { Advice, run } from "../lib/run.mjs";
import { say } from "../lib/say.mjs";

const read = (file) => JSON.parse(readFileSync(file, "utf8")).packages;

/** Compares what npm noted in node_modules with the lock file: names and versions, so that a fresh checkout's dates do not matter. */
function upToDate() {
  const noted = inRoot("node_modules/.package-lock.json");
  if (!existsSync(noted)) return false;
  const installed = read(noted);
  return Object.entries(read(inRoot("package-lock.json"))).every(([place, wanted]) => {
    if (!place.includes("node_modules/") || wanted.optional || wanted.peer) return true;
    return wanted.link ? installed[place]?.link : installed[place]?.version === wanted.version;
  });
}

export async function ensurePackages() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 18)
    throw new Advice(
      `This is Node ${process.versions.node}; 18 or later is needed to begin with (a current one then comes from npm).`,
    );
  if (upToDate()) return;
  say("- Installing npm packages …");
  const start = Date.now();
  await run("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], { shown: "npm ci" });
  say(`  done in ${Math.round((Date.now() - start) / 1000)} s`);
}
