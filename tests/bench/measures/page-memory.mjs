// What the page takes of memory in a workspace of 100,000 tasks: its process, and of it the scripts' part.
import { loadAll, openPage, startPages } from "../page/browser.mjs";
import { isCounted, memory } from "../lib/process.mjs";

const sizes = [0, 10_000, 100_000];

export const pageMemory = {
  name: "page-memory",
  title: "page-memory: the page's process, everything loaded that the page asks for by itself or is asked to load",
  columns: { process: "MiB", scripts: "MiB" },
  async run() {
    if (!isCounted) return { rows: [], notes: ["memory is counted on Linux only"] };
    const rows = [];
    for (const size of sizes) {
      const pages = await startPages(size);
      try {
        const page = await openPage(pages);
        await page.goto(pages.at("/tasks"));
        await page.getByRole("heading", { name: "Tasks" }).waitFor();
        if (size > 0) await loadAll(page);
        rows.push({ what: `${size.toLocaleString("en")} tasks`, ...(await look(page)) });
      } finally {
        await pages.end();
      }
    }
    return { rows };
  },
};

async function look(page) {
  await page.session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await page.session.send("Runtime.getHeapUsage");
  const browser = await page.context().browser().newBrowserCDPSession();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => memory(id));
  return { process: Math.max(...renderers), scripts: usedSize };
}
