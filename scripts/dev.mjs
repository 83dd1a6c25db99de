// `npm run dev`: the server, built again and restarted at each change, and vite's server for the page in front of it.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inRoot } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { main, say } from "./lib/say.mjs";
import { atStop, isStopping } from "./lib/stop.mjs";
import { watchAll } from "./lib/watch.mjs";
import { begin } from "./setup/begin.mjs";

const watched = ["core", "worker", "wasm-pkg/src", "Cargo.toml", "Cargo.lock", "wrangler.toml"];
const settleMs = 300;

await main(async () => {
  await begin();
  const { buildProduct } = await import("./build/all.mjs");
  const { buildRules } = await import("./build/rules.mjs");
  const { buildWorker } = await import("./build/worker.mjs");
  const { startServer } = await import("./serve.mjs");

  const settings = {
    port: Number(process.env.PORT || 8787),
    dataDir: process.env.AGENTRQ_DATA || inRoot(".data"),
    ownerKey: process.env.AGENTRQ_OWNER_KEY ?? "",
    quiet: false,
  };
  await buildProduct();
  let server = await startServer(settings);
  atStop(() => server.stop());
  process.exitCode = 0;
  const announce = (page) => {
    say(`Server: ${server.url}`);
    say(`Sign in: ${page}sign-in#key=${server.key}`);
  };

  // One rebuild at a time; what changes meanwhile asks for one more.
  let asked = false;
  let busy = false;
  const rebuild = async () => {
    asked = true;
    if (busy) return;
    busy = true;
    while (asked) {
      asked = false;
      try {
        await buildRules();
        if (!(await buildWorker())) continue;
        await server.stop();
        server = await startServer(settings);
        announce(page);
      } catch (error) {
        // The last server goes on: a mistake in the source ends nothing.
        console.error(error.message);
      }
    }
    busy = false;
  };
  let settling;
  const settled = () => {
    clearTimeout(settling);
    settling = setTimeout(rebuild, settleMs);
  };
  watchAll(
    watched.map((place) => inRoot(place)),
    settled,
  );

  const pagePort = process.env.AGENTRQ_PAGE_PORT || "5173";
  const page = `http://localhost:${pagePort}/`;
  announce(page);
  const env = { AGENTRQ_SERVER: server.url };
  // Not through npm, which would leave it behind when this is told to stop.
  const vite = createRequire(inRoot("web/package.json")).resolve("vite/package.json");
  await run(process.execPath, [join(dirname(vite), "bin/vite.js"), "--strictPort", "--port", pagePort], {
    env,
    cwd: inRoot("web"),
  }).catch((error) => {
    if (!isStopping()) throw error;
  });
});
