// From what a person does to the frame that shows it, with 10,000 tasks on the page: a reply, another status, a letter in the search, a turn of the
// wheel. Beside it the floor: the same in a page with nothing in it.
/* global document, location */
import { called, loadAll, openPage, press, speeds, startPages } from "../page/browser.mjs";
import { openFloor } from "../page/floor.mjs";
import { missed } from "../lib/report.mjs";
import { Series } from "../lib/series.mjs";

const tasks = 10_000;
const goals = { p99: 16 };

export const pagePaint = {
  name: "page-paint",
  title: `page-paint: from the event to the drawn frame, ${tasks.toLocaleString("en")} tasks loaded (goal: p99 under ${goals.p99} ms unthrottled)`,
  columns: { p50: "ms", p99: "ms", "p50/floor": "times", frames: "count" },
  async run({ samples }) {
    const pages = await startPages(tasks);
    const rounds = { samples: Math.min(samples, 100), warmup: 10 };
    try {
      const page = await openPage(pages);
      const floor = await openFloor(page);
      await page.bringToFront();
      await page.goto(pages.at("/tasks"));
      await loadAll(page);
      const rows = [];
      for (const speed of speeds) {
        await Promise.all([page.slow(speed), floor.bare.slow(speed)]);
        rows.push(...(await atSpeed(page, floor, speed, rounds)));
      }
      return { rows, misses: rows.filter(({ goal }) => goal).flatMap((row) => missed(row, goals, "ms")) };
    } finally {
      await pages.end();
    }
  },
};

async function atSpeed(page, floor, speed, rounds) {
  await floor.bare.bringToFront();
  const least = { click: await series(floor.click, rounds), letter: await series(floor.letter, rounds) };
  const scrolled = await scrolling(floor.bare, "li");
  await page.bringToFront();
  await openTask(page);
  const told = {
    "the floor of a click": least.click,
    // Before the thread is long of the replies, which are measured as it grows.
    "another status": beside(least.click, await series(() => status(page), rounds)),
    "a reply": beside(least.click, await series((round) => reply(page, round), rounds)),
    "the floor of a letter": least.letter,
    "a letter in the search": beside(least.letter, await series((round) => letter(page, round, isShown), rounds)),
    "what it finds": beside(least.letter, await series((round) => letter(page, round, isSearched), rounds)),
    "the floor of a frame while scrolling": scrolled,
    "a frame while scrolling": beside(scrolled, await scrollingList(page)),
  };
  const isGoal = (what) => speed === 1 && !what.startsWith("the floor");
  return Object.entries(told).map(([what, row]) => ({ what: called(what, speed), goal: isGoal(what), ...row }));
}

/** So many times what takes some milliseconds and some frames, the first ones not counted. */
async function series(work, { samples, warmup }) {
  const took = new Series();
  const frames = new Series();
  for (let round = 0; round < warmup + samples; round += 1) {
    const one = await work(round);
    if (round < warmup) continue;
    took.add(one.ms);
    frames.add(one.frames);
  }
  return { p50: took.p50, p99: took.p99, frames: frames.p99 };
}

const beside = (floor, row) => ({ ...row, "p50/floor": row.p50 / floor.p50 });

/** Opens a task in the list that is there, without loading the page anew. */
async function openTask(page) {
  await page.getByRole("searchbox", { name: "Search tasks" }).fill("");
  await page.locator("a[data-task]").first().click();
  await page.getByRole("textbox", { name: "Reply" }).waitFor();
}

async function reply(page, round) {
  const text = `Reply ${round} at ${Date.now()}`;
  await page.getByRole("textbox", { name: "Reply" }).fill(text);
  await page.evaluate(
    (text) =>
      globalThis.measured.watch("click", () =>
        document.querySelector('[aria-label="Messages"]')?.textContent.includes(text),
      ),
    text,
  );
  await press(page, page.getByRole("button", { name: "Send reply" }));
  return page.evaluate(() => globalThis.measured.taken());
}

async function status(page) {
  await page.getByRole("button", { name: "Task actions" }).click();
  const entry = page.getByRole("menuitem", { name: /Mark as|Reopen/ }).first();
  await entry.waitFor();
  await page.evaluate(() => {
    const status = () =>
      [...document.querySelectorAll("dt")].find((it) => it.textContent === "Status")?.nextElementSibling.textContent;
    const before = status();
    globalThis.measured.watch("click", () => status() !== before);
  });
  await press(page, entry);
  return page.evaluate(() => globalThis.measured.taken());
}

const isShown = (before) => document.activeElement.value !== before;
/** The address says so in the same task in which the list does. */
const isSearched = (before) =>
  document.activeElement.value !== before &&
  new URLSearchParams(location.search).get("q") === document.activeElement.value;

/** From a key to the frame in which this holds. */
async function letter(page, round, holds) {
  const words = "task 77";
  const field = page.getByRole("searchbox", { name: "Search tasks" });
  if (round % words.length === 0) await field.fill("");
  await field.focus();
  await page.evaluate(`{
    const holds = ${holds};
    const { value } = document.activeElement;
    globalThis.measured.watch("keydown", () => holds(value));
  }`);
  await page.keyboard.press(words[round % words.length]);
  return page.evaluate(() => globalThis.measured.taken());
}

async function scrollingList(page) {
  await page.getByRole("searchbox", { name: "Search tasks" }).fill("");
  return scrolling(page, "a[data-task]");
}

/** The time between frames while the wheel turns; `frames` are those in which a part of the list was blank. */
async function scrolling(page, row) {
  const box = await page.locator(row).first().boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate((row) => {
    const list = document.querySelector(row).closest("[data-testid=task-list], ul");
    const { left, top, bottom } = list.getBoundingClientRect();
    const isRow = (y) => Boolean(document.elementFromPoint(left + 60, y)?.closest(`${row}, h2, h3`));
    const isFull = () => isRow(top + 60) && isRow((top + bottom) / 2) && isRow(bottom - 30);
    globalThis.scrolled = globalThis.measured.frames(
      () => new Promise((done) => (globalThis.stopScrolling = done)),
      isFull,
    );
  }, row);
  for (let turn = 0; turn < 100; turn += 1) await page.mouse.wheel(0, 400);
  const { gaps, broken } = await page.evaluate(() => {
    globalThis.stopScrolling();
    return globalThis.scrolled;
  });
  const took = new Series();
  gaps.forEach((gap) => took.add(gap));
  return { p50: took.p50, p99: took.p99, frames: broken };
}
