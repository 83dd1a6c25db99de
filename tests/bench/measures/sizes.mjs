// How large the built wasm is, as it travels: gzipped and with brotli.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { built } from "../../../scripts/lib/paths.mjs";

const mostBytes = 1_000_000;

export const sizes = {
  name: "sizes",
  title: `sizes: goal for the worker, gzipped: less than ${mostBytes.toLocaleString("en")} bytes`,
  columns: { bytes: "bytes", gzip: "bytes", brotli: "bytes" },
  async run() {
    const worker = readdirSync(built("worker")).filter((name) => /\.(wasm|js)$/.test(name));
    const page = readdirSync(built("assets"), { recursive: true }).filter((name) => /\.(wasm|js|css)$/.test(name));
    const rows = [
      total("the worker: wasm and JavaScript", built("worker"), worker),
      total(
        "the page's wasm",
        built("assets"),
        page.filter((name) => name.endsWith(".wasm")),
      ),
      total(
        "the page's scripts and styles",
        built("assets"),
        page.filter((name) => !name.endsWith(".wasm")),
      ),
    ];
    const misses =
      rows[0].gzip < mostBytes ? [] : [`the worker has ${rows[0].gzip} bytes gzipped, the goal is under ${mostBytes}`];
    return { rows, misses };
  },
};

function total(what, folder, names) {
  const contents = names.map((name) => readFileSync(join(folder, name)));
  const sum = (of) => contents.reduce((bytes, content) => bytes + of(content).length, 0);
  return {
    what,
    bytes: sum((it) => it),
    gzip: sum((it) => gzipSync(it, { level: 9 })),
    brotli: sum(brotliCompressSync),
  };
}
