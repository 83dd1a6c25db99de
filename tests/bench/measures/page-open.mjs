// How long a workspace of 10,000 tasks takes to open: for the first time, and again once this browser knows it.
/* global document */
import { setTimeout as sleep } from "node:timers/promises";
import { called, loadAll, openPage, repeated, speeds, startPages } from "../page/browser.mjs";
import { missed } from "../lib/report.mjs";

const tasks = 10_000;
const goals = { p50: 300 };

export const pageOpen = {
  name: "page-open",
  title: `page-open: from the address to the drawn list, ${tasks.toLocaleString("en")} tasks (goal: again under ${goals.p50} ms unthrottled)`,
  columns: { p50: "ms", p99: "ms" },
  async run({ samples }) {
    const pages = await startPages(tasks);
    const rounds = { samples: Math.min(samples, 20), warmup: 2 };
    try {
      const rows = [];
      for (const speed of speeds) {
        const fresh = await repeated(() => firstTime(pages, speed), {
          ...rounds,
          samples: Math.min(samples, 5),
          warmup: 1,
        });
        rows.push({ what: called("the first time", speed), ...fresh });
        const page = await openPage(pages);
        await page.goto(pages.at("/tasks"));
        await loadAll(page);
        await page.getByText("All saved").first().waitFor({ state: "attached" });
        await page.slow(speed);
        rows.push({
          what: called("again", speed),
          again: speed === 1,
          ...(await repeated(async () => {
            await leave(page);
            return open(page, pages);
          }, rounds)),
        });
        await page.context().close();
      }
      return { rows, misses: rows.filter(({ again }) => again).flatMap((row) => missed(row, goals, "ms")) };
    } finally {
      await pages.end();
    }
  },
};

async function open(page, pages) {
  await page.goto(pages.at("/tasks"), { waitUntil: "commit" });
  const shown = () => globalThis.measured.first(() => document.querySelector("a[data-task]") !== null);
  return (await page.evaluate(shown)).at;
}

/** What the visit before still did in the background ends with it, and is no part of the next one. */
async function leave(page) {
  await page.goto("about:blank");
  await sleep(1_000);
}

async function firstTime(pages, speed) {
  const page = await openPage(pages);
  try {
    await page.session.send("Network.clearBrowserCache");
    await page.slow(speed);
    return await open(page, pages);
  } finally {
    await page.context().close();
  }
}
