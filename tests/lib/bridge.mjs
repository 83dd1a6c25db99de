// What tests of the command `agentrq` share: a server, and beside it commands, agents and folders, all of which end with the test file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { Agent } from "./agent.mjs";
import { startWorld } from "./world.mjs";

/** To be called once a file; `world` is there as soon as its first test runs. `options`: as of a world. */
export function besideServer(options = {}) {
  const [processes, agents, folders] = [[], [], []];
  const beside = {
    world: undefined,
    /** Whatever has a `child`: it is killed if it is still there in the end. */
    keep(run) {
      processes.push(run);
      return run;
    },
    async connect(token, agent = "claude") {
      const connected = await Agent.connect(token.mcpUrl, { agent });
      agents.push(connected);
      return connected;
    },
    folder() {
      const folder = mkdtempSync(join(tmpdir(), "agentrq-beside-"));
      folders.push(folder);
      return folder;
    },
  };
  before(async () => {
    beside.world = await startWorld(options);
  });
  after(async () => {
    for (const { child } of processes) child.kill("SIGKILL");
    for (const agent of agents) await agent.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    await beside.world?.end();
  });
  return beside;
}
