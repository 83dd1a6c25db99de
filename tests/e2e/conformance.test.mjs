// The official conformance suite judges the server, for both eras of the protocol: the product as it is, and the tests' build, which mounts the
// suite's own fixtures so that nothing stays unjudged.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { judge, readBaseline, runSuite } from "../lib/conformance.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const builds = {
  product: "the product, but for what needs fixtures of the suite's own",
  faults: "the tests' build, which has those fixtures",
};

for (const [build, what] of Object.entries(builds))
  describe(`the official conformance suite passes ${what}`, () => {
    let world;
    before(async () => {
      world = await startWorld({ build });
    });
    after(() => world?.end());

    /** Runs the suite in a fresh workspace with something in it. */
    async function isJudged(revision, address) {
      const { token, room } = await settle(world);
      await room.make("/tasks", { title: "Something to list", assignee: "agent" });
      const name = `${build}-${revision}`;
      const baseline = readBaseline(name);
      for (const { entry, reason } of baseline) assert.ok(reason, `${name}.yml gives no reason for ${entry}`);

      const { code, log, summary, scenarios } = await runSuite(address(token), revision, name);
      console.log(`${name}: ${summary}`);
      assert.ok(scenarios.size > 30, log);
      assert.deepEqual(judge(scenarios, baseline), { unexpected: [], stale: [] });
      assert.equal(code, 0, log);
    }

    const mcp = ({ mcpUrl }) => mcpUrl;
    const channel = ({ mcpUrl }) => mcpUrl.replace("/mcp/", "/channel/");

    test("as a server of 2025-11-25", () => isJudged("2025-11-25", mcp));
    test("as a server of 2025-11-25 where channels connect", () => isJudged("2025-11-25", channel));
    test("as a server of 2026-07-28", () => isJudged("2026-07-28", mcp));
  });
