// A listener that stops reading (MCP 2026-07-28): it is cut, the server's memory stays flat, nobody else waits.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StatelessClient, updated } from "../lib/stateless.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const MIB = 1024 * 1024;
const OFFERED = 200 * MIB;

const world = ownWorld();

/** What the server holds in memory, in bytes. */
const resident = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${world.server.pid}/status`, "utf8"))[1]) * 1024;

/** Opens a stream and reads nothing of it but its head. */
async function stopped(t, url, { method = "GET", headers = {}, body } = {}) {
  const asked = request(url, { method, headers, agent: false });
  asked.end(body);
  const [response] = await once(asked, "response");
  assert.equal(response.statusCode, 200);
  response.on("error", () => {});
  response.pause();
  t.after(() => asked.destroy());
  return response;
}

/** Reads what was left on a stopped stream; resolves with its bytes once it ends, or fails where it does not. */
async function drained(response) {
  let bytes = 0;
  response.on("data", (chunk) => (bytes += chunk.length));
  const ended = new Promise((done) => response.on("close", done));
  response.resume();
  const isCut = await Promise.race([ended.then(() => true), sleep(5_000, false)]);
  assert.ok(isCut, `the stream goes on after ${Math.round(bytes / MIB)} MiB`);
  return bytes;
}

test("a stream whose reader has stopped is cut, memory stays flat while 200 MB are offered, and others never wait", async (t) => {
  if (process.platform !== "linux") return t.skip("memory is read from /proc");
  const { room, token } = await settle(world);
  const client = new StatelessClient(token.mcpUrl);
  const short = "agentrq://workspace";
  // Slashes at the end of a name change nothing of what it means: one resource under as many names as a stream may follow, each as long as
  // a name may be or a little shorter, and every change of it is told under all of them.
  const names = Array.from({ length: 500 }, (_, n) => short + "/".repeat(2_048 - short.length - n));
  const bytes = names.join("").length;
  const silent = [];
  for (let n = 0; n < 4; n++) {
    const { headers, body } = client.prepared("subscriptions/listen", {
      notifications: { resourceSubscriptions: names },
    });
    silent.push(await stopped(t, client.url, { method: "POST", headers, body }));
  }
  const reader = await client.listen({ resourceSubscriptions: [short] });
  t.after(() => reader.close());

  const before = resident();
  let highest = before;
  for (let round = 0, offered = 0; offered < OFFERED; round++, offered += silent.length * bytes) {
    const from = reader.events.length;
    await room.change("", { mission: `round ${round}` });
    await updated(reader, short, from);
    highest = Math.max(highest, resident());
  }
  const grown = Math.round((highest - before) / MIB);
  t.diagnostic(`resident: ${Math.round(before / MIB)} MiB before, ${Math.round(highest / MIB)} MiB at most`);
  assert.ok(grown < 120, `memory grew by ${grown} MiB`);
  assert.ok(!reader.ended);
  for (const response of silent) assert.ok((await drained(response)) < OFFERED / silent.length);
  const again = await client.listen({ resourceSubscriptions: [short] });
  again.close();
});
