// Where things are: the checkout, what is built, and the caches that outlive a clone.
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../../..");
export const inRoot = (...parts) => join(root, ...parts);

/** What a build puts out; wrangler.toml names the same folder. */
export const built = (...parts) => inRoot(".build", ...parts);

/** Tools of this checkout alone (a Python environment for tests). */
export const toolchain = (...parts) => inRoot(".toolchain", ...parts);

/** Compiled tools, keyed by version: shared by every clone of this person on this machine. */
const cacheHome = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
export const cache = (...parts) => join(process.env.AGENTRQ_CACHE || join(cacheHome, "agentrq"), ...parts);
