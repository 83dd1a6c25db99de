// How the dashboard is built: static files with hashed names that run under a strict CSP.
import { fileURLToPath } from "node:url";
import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Where wasm-bindgen leaves core's face for the browser. */
const wasmFace = fileURLToPath(new URL("../wasm-pkg/pkg/agentrq_wasm.js", import.meta.url));

/** The server that `npm run dev` talks to. */
const server = new URL(process.env["AGENTRQ_SERVER"] ?? "http://127.0.0.1:8787").origin;

export default defineConfig({
  plugins: [svelte({ preprocess: vitePreprocess() })],
  resolve: { alias: { "@agentrq/wasm": wasmFace } },
  build: {
    outDir: "dist",
    // light-dark() and oklch() stand as written: every browser of the last two years knows them.
    target: "es2022",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    // Nothing is inlined as a data: URL, so the CSP needs no exception for them.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
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
  },
});
