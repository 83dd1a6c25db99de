// How the dashboard is built: static files with hashed names that run under a strict CSP.
import { fileURLToPath } from "node:url";
import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { askFirst, preloadRules } from "./preload.ts";
import { shell } from "./shell-plugin.ts";

const inWeb = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where wasm-bindgen leaves core's face for the browser. */
const wasmFace = inWeb("../wasm-pkg/pkg/agentrq_wasm.js");

/** The server that `npm run dev` talks to. */
const server = new URL(process.env["AGENTRQ_SERVER"] ?? "http://127.0.0.1:8787").origin;

export default defineConfig({
  plugins: [
    // What a component is made from is built node by node: parsing each as HTML takes a quarter longer on the first look.
    svelte({ preprocess: vitePreprocess(), compilerOptions: { fragments: "tree" } }),
    preloadRules(),
    askFirst("first", "/src/first.ts"),
    shell(inWeb("src/sw/worker.ts"), inWeb("public")),
  ],
  resolve: {
    alias: { "@agentrq/wasm": wasmFace },
    // Tests mount components, as the browser does.
    ...(process.env["VITEST"] ? { conditions: ["browser"] } : {}),
  },
  build: {
    outDir: "dist",
    // light-dark() and oklch() stand as written: every browser of the last two years knows them.
    target: "es2022",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // Nothing is inlined as a data: URL, so the CSP needs no exception for them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: inWeb("index.html"), first: inWeb("src/first.ts") },
      output: {
        codeSplitting: {
          groups: [
            { name: "first", test: /src\/first\.ts$|rolldown\/runtime/u, priority: 2 },
            // What else every first visit needs is one file: it compresses better than its parts, and is asked for once.
            { name: "page", tags: ["$initial"], priority: 1 },
            // So is an open task, whatever else needs a part of it.
            { name: "task", test: /src\/lib\/ui\/OpenTask\.svelte$/u },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      // The page comes from vite's own port, and the server lets in no page but its own.
      "/api": { target: server, changeOrigin: true, headers: { origin: server } },
    },
    fs: { allow: [".."] },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    // How long a test takes is the machine's matter. One that hangs is named.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
