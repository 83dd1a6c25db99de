// Is an output out of date? A stamp beside it holds the hash of everything it was made from.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { inRoot } from "./paths.mjs";

/** What tools make inside a source folder; it never counts as a source of its parent. */
const made = new Set(["node_modules", "dist", "pkg", "target", ".svelte-kit", ".vite"]);

/** All files below a file or folder (relative to the checkout), sorted. Naming a made folder itself includes it. */
function filesBelow(place) {
  const full = inRoot(place);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [place];
  return readdirSync(full)
    .sort()
    .filter((name) => !made.has(name))
    .flatMap((name) => filesBelow(join(place, name)));
}

/** One hash over the names and contents of files, and over any further words that matter (versions, flags). */
export function hashOf(places, words = []) {
  const hash = createHash("sha256").update(JSON.stringify(words));
  for (const file of places.flatMap(filesBelow)) hash.update(`\0${file}\0`).update(readFileSync(inRoot(file)));
  return hash.digest("hex");
}

/** Does the work unless all outputs are there and the stamp holds this hash; returns whether it did. */
export async function whenChanged(stamp, outputs, hash, work) {
  const fresh = () =>
    existsSync(stamp) && readFileSync(stamp, "utf8") === hash && outputs.every((output) => existsSync(output));
  if (fresh()) return false;
  return withLock(`${stamp}.lock`, async () => {
    // Whoever held the lock may have built just this.
    if (fresh()) return false;
    rmSync(stamp, { force: true });
    await work();
    writeFileSync(stamp, hash);
    return true;
  });
}
