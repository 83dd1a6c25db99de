// A hundred busy workspaces beside one: does a reply take longer where many are at work?
import { offer } from "../lib/load.mjs";
import { startProduct } from "../lib/product.mjs";
import { missed } from "../lib/report.mjs";
import { takeTurns } from "../lib/series.mjs";

const workspaces = 100;
const load = { rate: 100, seconds: 10 };
const goals = { "p50/one": 1.2 };

export const crowd = {
  name: "crowd",
  title: `crowd: a reply in one of ${workspaces} workspaces, beside one in a workspace alone`,
  columns: { p50: "ms", p99: "ms", "p50/one": "times", "p99/one": "times" },
  async run({ samples, warmup }) {
    const product = await startProduct({ connections: 64 });
    try {
      const one = await product.asked();
      const many = [];
      while (many.length < workspaces) many.push(await product.asked());
      let next = 0;
      const turns = await takeTurns(
        { one: (mark) => one.reply(mark), each: (mark) => many[next++ % workspaces].reply(mark) },
        { samples, warmup: Math.max(warmup, workspaces) },
      );
      const loaded = await offer([one], load);
      const spread = await offer(many, load);
      const row = (what, mine, base) => ({
        what,
        p50: mine.p50,
        p99: mine.p99,
        "p50/one": mine.p50 / base.p50,
        "p99/one": mine.p99 / base.p99,
      });
      const rows = [
        row("one workspace, one reply at a time", turns.one, turns.one),
        row(`each of ${workspaces} in turn`, turns.each, turns.one),
        row(`one workspace, ${load.rate} replies a second`, loaded.latency, loaded.latency),
        row(`${workspaces} workspaces, ${load.rate} replies a second in all`, spread.latency, loaded.latency),
      ];
      return { rows, misses: rows.flatMap((row) => missed(row, goals)) };
    } finally {
      await product.end();
    }
  },
};
