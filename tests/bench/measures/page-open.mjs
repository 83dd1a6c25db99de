// How long a workspace of 10,000 tasks takes to open: for the first time, and again once this browser knows it. Beside it the floor: the same
// page, of a workspace without tasks.
/* global document */
import { setTimeout as sleep } from "node:timers/promises";
import { called, loadAll, openPage, speeds, startPages } from "../page/browser.mjs";
import { missed } from "../lib/report.mjs";
import { Series } from "../lib/series.mjs";

const tasks = 10_000;
const goals = { p50: 300 };

export const pageOpen = {
  name: "page-open",
  title: `page-open: from the address to the drawn list, ${tasks.toLocaleString("en")} tasks (goal: again under ${goals.p50} ms unthrottled)`,
  columns: { p50: "ms", p99: "ms", "p50/floor": "times" },
  async run({ samples }) {
    const pages = await startPages(tasks);
    const rounds = { samples: Math.min(samples, 20), warmup: 2 };
    try {
      const rows = [];
      for (const speed of speeds) {
        const few = { samples: Math.min(samples, 5), warmup: 1 };
        const first = await beside(speed, few, "the first time", (target) => firstTime(pages, speed, target));
        const page = await openPage(pages);
        await page.goto(pages.at("/tasks"));
        await loadAll(page);
        await page.getByText("All saved").first().waitFor({ state: "attached" });
        await page.slow(speed);
        const again = await beside(speed, rounds, "again", async (target) => {
          await leave(page);
          return open(page, pages, target);
        });
        rows.push(...first, ...again.map((row) => ({ ...row, goal: speed === 1 && "p50/floor" in row })));
        await page.context().close();
      }
      return { rows, misses: rows.filter(({ goal }) => goal).flatMap((row) => missed(row, goals, "ms")) };
    } finally {
      await pages.end();
    }
  },
};

/** Both by turns, so that whatever else the machine does slows both alike. */
async function beside(speed, { samples, warmup }, what, open) {
  const [least, full] = [new Series(), new Series()];
  for (let round = -warmup; round < samples; round += 1) {
    const took = [await open("atBare"), await open("at")];
    if (round < 0) continue;
    least.add(took[0]);
    full.add(took[1]);
  }
  return [
    { what: called(`the floor of ${what}`, speed), p50: least.p50, p99: least.p99 },
    { what: called(what, speed), p50: full.p50, p99: full.p99, "p50/floor": full.p50 / least.p50 },
  ];
}

const isShown = {
  at: () => globalThis.measured.first(() => document.querySelector("a[data-task]") !== null),
  atBare: () => globalThis.measured.first(() => document.querySelector("[data-testid=task-list] .none") !== null),
};

async function open(page, pages, target) {
  await page.goto(pages[target]("/tasks"), { waitUntil: "commit" });
  return (await page.evaluate(isShown[target])).at;
}

/** What the visit before still did in the background ends with it, and is no part of the next one. */
async function leave(page) {
  await page.goto("about:blank");
  await sleep(1_000);
}

async function firstTime(pages, speed, target) {
  const page = await openPage(pages);
  try {
    await page.session.send("Network.clearBrowserCache");
    await page.slow(speed);
    return await open(page, pages, target);
  } finally {
    await page.context().close();
  }
}
