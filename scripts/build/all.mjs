// The product, in the order in which its parts need each other.
import { buildAssets } from "./assets.mjs";
import { buildRules } from "./rules.mjs";
import { buildWeb } from "./web.mjs";
import { buildWorker } from "./worker.mjs";

/** The page: its rules, itself, and the files the Worker serves. */
export async function buildPage() {
  const changed = [await buildRules(), await buildWeb(), await buildAssets()];
  return changed.some(Boolean);
}

/** Builds what is out of date; returns whether anything was. */
export async function buildProduct() {
  const worker = await buildWorker();
  return (await buildPage()) || worker;
}
