// A server of its own for a test file: started on a free port with its own data folder, with a signed-in person and a workspace.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../scripts/serve.mjs";
import { Person } from "./person.mjs";

/**
 * Starts a server. `restart()` starts it again on the same port and data, as after a crash; `end()` stops it and removes its data.
 * @param {{build?: "product" | "faults", quiet?: boolean, leaseSeconds?: number}} options `leaseSeconds`: how long a claim stands without a word
 */
export async function startWorld({ build = "product", quiet = true, leaseSeconds = "" } = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), "agentrq-test-"));
  const ownerKey = "owner-key-of-a-test-server-that-lasts-over-restarts";
  const world = {
    dataDir,
    server: await startServer({ port: 0, dataDir, build, ownerKey, quiet, leaseSeconds }),
    get url() {
      return this.server.url.replace(/\/$/, "");
    },
    async restart() {
      this.server = await startServer({ port: this.server.port, dataDir, build, ownerKey, quiet, leaseSeconds });
    },
    async signIn() {
      return Person.signIn(this.url, ownerKey);
    },
    async end() {
      await this.server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return world;
}

/** A person with a fresh workspace and one token in it. */
export async function settle(world, { name = "Test", label = "laptop" } = {}) {
  const person = await world.signIn();
  const workspace = await person.make("/api/workspaces", { name });
  const room = person.room(workspace.id);
  const token = await room.make("/tokens", { label });
  return { person, workspace, room, token };
}
