// What a first visit fetches: each file as it travels gzipped, as the browser asks for it and as the build says.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { built } from "../../scripts/lib/paths.mjs";

const assets = built("assets");
/** Fonts and pictures come beside, and the page is readable without them. */
const counted = /\.(html|js|css|wasm)$/;

const gzipped = (path) => ({ path, bytes: gzipSync(readFileSync(join(assets, path)), { level: 9 }).length });

export const total = (files) => files.reduce((sum, { bytes }) => sum + bytes, 0);

/** As a table, for whoever has to find what has grown. */
export const listed = (files) =>
  [...files, { path: "in all", bytes: total(files) }]
    .map(({ path, bytes }) => `${String(bytes).padStart(8)}  ${path}`)
    .join("\n");

/** The page's own files that a browser with an empty cache has asked for when it draws what `selector` names. */
export async function askedUntil(page, address, selector) {
  await page.addInitScript((selector) => {
    globalThis.drawnAt = new Promise((done) => {
      const look = () =>
        requestAnimationFrame(() => (document.querySelector(selector) ? done(performance.now()) : look()));
      look();
    });
  }, selector);
  await page.goto(address);
  const asked = await page.evaluate(async () => {
    const at = await globalThis.drawnAt;
    return performance
      .getEntriesByType("resource")
      .filter(({ startTime }) => startTime < at)
      .map(({ name }) => new URL(name).pathname);
  });
  return ["/index.html", ...asked.filter((path) => counted.test(path))].map(gzipped);
}

/** The same read off the build: the page, what it names, what these import without being asked twice, and the rules with their face. */
export function initialChunks() {
  const page = readFileSync(join(assets, "index.html"), "utf8");
  const waiting = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css|wasm))"/g)].map(([, path]) => path);
  const found = new Set(["/index.html"]);
  while (waiting.length) {
    const path = waiting.pop();
    if (found.has(path)) continue;
    found.add(path);
    if (!path.endsWith(".js")) continue;
    const text = readFileSync(join(assets, path), "utf8");
    for (const [, name] of text.matchAll(/\b(?:from|import)\s*"\.\/([^"]+\.js)"/g)) waiting.push(`/assets/${name}`);
    // The rules are asked for by their own names as soon as the page begins.
    for (const [name] of text.matchAll(/agentrq_wasm[\w-]*\.(?:js|wasm)/g))
      if (existsSync(join(assets, "assets", name))) waiting.push(`/assets/${name}`);
  }
  return [...found].map(gzipped);
}
