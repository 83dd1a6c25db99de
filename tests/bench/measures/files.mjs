// A file of the largest size, up and down: how long, and what memory the server needs for it.
import { randomBytes } from "node:crypto";
import { forgetPeak, isCounted, memory, peak } from "../lib/process.mjs";
import { startProduct } from "../lib/product.mjs";
import { Series } from "../lib/series.mjs";

const size = 25 * 1024 * 1024;
const rounds = 5;

export const files = {
  name: "files",
  title: `files: an attachment of ${size / 1024 / 1024} MiB, ${rounds} times (memory is the most that workerd had meanwhile)`,
  columns: { p50: "ms", slowest: "ms", "memory before": "MiB", "memory at most": "MiB" },
  async run() {
    const product = await startProduct();
    try {
      const room = await product.room();
      const bytes = randomBytes(size);
      const ids = [];
      const up = await watched(product, async () => ids.push(await upload(room, bytes)));
      const down = await watched(product, (round) => download(room, ids[round], bytes));
      return {
        rows: [
          { what: "up", ...up },
          { what: "down", ...down },
        ],
      };
    } finally {
      await product.end();
    }
  },
};

async function watched({ server: { pid } }, work) {
  const series = new Series();
  if (isCounted) forgetPeak(pid);
  const before = isCounted ? memory(pid) : undefined;
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    await work(round);
    series.add(performance.now() - start);
  }
  return {
    p50: series.p50,
    slowest: series.at(1),
    "memory before": before,
    "memory at most": isCounted ? peak(pid) : undefined,
  };
}

async function upload({ wire, base, cookie }, bytes) {
  const headers = { ...cookie, "content-type": "application/octet-stream", "x-filename": "bench.bin" };
  const { id } = await wire.must("POST", `${base}/attachments`, bytes, headers);
  return id;
}

async function download(room, id, bytes) {
  const answer = await room.get(`/attachments/${id}`);
  if (!answer.bytes.equals(bytes)) throw new Error("the file came back other than it was sent");
}
