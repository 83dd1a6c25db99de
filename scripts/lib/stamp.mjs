// Is an output out of date? A stamp beside it holds the hash of everything it was made from.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot } from './paths.mjs';

const ignored = new Set(['node_modules', 'dist', 'pkg', 'target', '.svelte-kit', '.vite']);

/** All files below the given files and folders (relative to the checkout), sorted. */
export function filesBelow(...places) {
  const found = [];
  const visit = (place) => {
    const full = inRoot(place);
    if (!existsSync(full)) return;
    if (!statSync(full).isDirectory()) return void found.push(place);
    for (const name of readdirSync(full).sort()) if (!ignored.has(name)) visit(join(place, name));
  };
  places.forEach(visit);
  return found;
}

/** One hash over the names and contents of files, and over any further words that matter (versions, flags). */
export function hashOf(places, words = []) {
  const hash = createHash('sha256').update(JSON.stringify(words));
  for (const file of filesBelow(...places)) hash.update(`\0${file}\0`).update(readFileSync(inRoot(file)));
  return hash.digest('hex');
}

/** Does the work only if the stamp does not hold this hash; returns whether it did. */
export async function whenChanged(stampFile, hash, work) {
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return false;
  await work();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
  return true;
}
