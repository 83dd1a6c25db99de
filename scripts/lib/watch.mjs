// Tells when something below a folder has changed.
//
// Folders are watched and not files, one by one: Node's own recursive watch follows each file on Linux, and loses one that an editor
// has replaced with its new version.
import { readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";

function foldersBelow(folder) {
  try {
    const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...inside.flatMap((entry) => foldersBelow(join(folder, entry.name)))];
  } catch (error) {
    // It has gone since it was seen.
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

/** Calls `changed` whenever one of these files, or anything below one of these folders, is changed, replaced, made or removed. */
export function watchAll(places, changed) {
  const watchers = new Map();
  const roots = places.filter((place) => statSync(place).isDirectory());
  const follow = () => {
    const folders = new Set(roots.flatMap(foldersBelow));
    for (const [folder, watcher] of watchers)
      if (!folders.has(folder)) {
        watcher.close();
        watchers.delete(folder);
      }
    for (const folder of folders) if (!watchers.has(folder)) watchers.set(folder, watchFolder(folder));
  };
  const watchFolder = (folder) =>
    watch(folder, () => {
      follow();
      changed();
    }).on("error", () => watchers.delete(folder));
  follow();
  for (const file of places.filter((place) => !roots.includes(place)))
    watch(dirname(file), (_, name) => {
      if (name === basename(file)) changed();
    });
}
