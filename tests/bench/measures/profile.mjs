// Where the time of a reply goes in the server: from its arrival to its push, and the pong that answers.
import { startProduct } from "../lib/product.mjs";
import { Profiler, inspected } from "../lib/profiler.mjs";
import { mark } from "../lib/series.mjs";

/** What a stack counts as: the first that fits one of its functions, in this order. Rust's names hold hashes, so parts are looked for. */
const parts = [
  ["idle: waiting for the client", "(idle)"],
  ["garbage collection", "(garbage collector)"],
  ["the platform: HTTP, sockets, event loop", "(program)"],
  ["SQL: statements, with their way to SQLite and back", "sql::Sql>::exec"],
  ["decision, rendering, what stands around the statements", "atomic::atomically"],
  ["telling the sockets", "sockets::"],
  ["the object: reading the body", "body::read"],
  ["the object: who asks, route, answer", "WorkspaceObject>::"],
  ["the Worker: the request that the object gets", "forward::inner_request"],
  ["the Worker: asking the object", "forward::send"],
  ["the Worker: who asks (gate, session or token)", /gate::|Asked>::of|Setup>::of|recent::/],
  ["the Worker: what else a request takes", /entry::serve|worker_fetch/],
  ["the held stream: from the socket to the client", /IntoUnderlyingSource|stream::held|MessageEvent/],
  ["promises and tasks between them", ""],
];

const fits = (part, names) => names.some((name) => (part instanceof RegExp ? part.test(name) : name.includes(part)));

export const profile = {
  name: "profile",
  title: "profile: workerd's time for a reply, its push and the pong (sampling slows it a little)",
  columns: { "a reply": "ms", share: "percent" },
  async run({ samples, warmup }) {
    const product = await startProduct({ args: inspected, build: "faults" });
    try {
      const room = await product.asked();
      await room.watch();
      const replies = async (count) => {
        for (let done = 0; done < count; done += 1) await room.reply(mark());
      };
      await replies(warmup * 3);
      const profiler = await Profiler.connect(product.server);
      const stacks = await profiler.stacks(() => replies(samples));
      profiler.close();
      return { rows: table(stacks, samples) };
    } finally {
      await product.end();
    }
  },
};

function table(stacks, samples) {
  const sums = new Map(parts.map(([what]) => [what, 0]));
  for (const { names, us } of stacks) {
    const [what] = parts.find(([, part]) => fits(part, names));
    sums.set(what, sums.get(what) + us);
  }
  const busy = [...sums].filter(([what]) => !what.startsWith("idle"));
  const all = busy.reduce((sum, [, us]) => sum + us, 0);
  const rows = busy
    .toSorted(([, a], [, b]) => b - a)
    .map(([what, us]) => ({ what, "a reply": us / samples / 1000, share: us / all }));
  return [...rows, { what: "in all", "a reply": all / samples / 1000, share: 1 }];
}
