// wrangler.toml, read: the one place where the Worker's name, bindings and dates stand.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { inRoot } from "./lib/paths.mjs";

export const readWrangler = () => parse(readFileSync(inRoot("wrangler.toml"), "utf8"));
