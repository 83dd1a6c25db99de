// The floor on a workerd of its own: the least that a relay on this platform does.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "../../../scripts/serve.mjs";
import { dataFolder } from "./data.mjs";
import { timed } from "./series.mjs";
import { Wire } from "./wire.mjs";

const host = "127.0.0.1";

export async function startFloor() {
  const { dataDir, forget } = dataFolder();
  const folder = fileURLToPath(new URL("../floor", import.meta.url));
  mkdirSync(join(dataDir, "objects"));
  const server = await launch({ folder, host, port: 0, dataDir, env: {}, quiet: true });
  const wire = new Wire(`http://${host}:${server.port}`);
  const stream = await wire.listen("/stream");
  return {
    /** A message in, the same message out. */
    async relay(mark) {
      const heard = stream.hears(mark);
      const start = performance.now();
      const posted = wire.must("POST", "/", { text: `A reply of a usual length, some two lines of text. ${mark}` });
      const took = (await heard) - start;
      await posted;
      return took;
    },
    /** There and back, with the object. */
    reads: () => timed(() => wire.must("GET", "/object")),
    async end() {
      stream.close();
      wire.end();
      server.child.kill("SIGKILL");
      await server.exited;
      forget();
    },
  };
}
