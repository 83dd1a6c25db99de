// A commit of somebody else under a thousand commands that wait to be sent: the replica decides again what it touches, with core in the browser.
import { inRoot } from "../../../scripts/lib/paths.mjs";
import { mark, Series } from "../lib/series.mjs";
import { missed } from "../lib/report.mjs";
import { called, openPage, speeds, startPages } from "../page/browser.mjs";

const tasks = 500;
const pending = 1_000;
const goals = { p99: 50 };

export const pageRebase = {
  name: "page-rebase",
  title: `page-rebase: a commit arrives while ${pending.toLocaleString("en")} commands wait (goal: p99 under ${goals.p99} ms unthrottled)`,
  columns: { p50: "ms", p99: "ms" },
  async run({ samples }) {
    const pages = await startPages(tasks);
    try {
      const page = await openPage(pages);
      await page.goto(pages.at());
      await page.getByText("All saved").first().waitFor({ state: "attached" });
      await serveFace(page);
      const { snapshot, commits, task } = await commitsOf(pages.room, Math.min(samples, 50));
      const rows = [];
      for (const speed of speeds) {
        await page.slow(speed);
        for (const [what, among] of Object.entries({
          "they are of all tasks": snapshot.tasks.map(({ id }) => id),
          "they are of its very task": [task],
        })) {
          const took = await page.evaluate(rebase, {
            face,
            snapshot: JSON.stringify(snapshot),
            commits,
            among,
            pending,
          });
          const series = new Series();
          took.forEach((ms) => series.add(ms));
          rows.push({ what: called(what, speed), speed, p50: series.p50, p99: series.p99 });
        }
      }
      return { rows, misses: rows.filter(({ speed }) => speed === 1).flatMap((row) => missed(row, goals, "ms")) };
    } finally {
      await pages.end();
    }
  },
};

/** The script through which the page reaches core, and what it fetches: in the product it is one with the page's own, so that it is served here. */
const face = "/assets/rules/agentrq_wasm.js";
async function serveFace(page) {
  await page.session.send("Network.enable");
  await page.session.send("Network.setBypassServiceWorker", { bypass: true });
  await page.route("**/assets/rules/*", (route) =>
    route.fulfill({ path: inRoot(`wasm-pkg/pkg/${new URL(route.request().url()).pathname.split("/").at(-1)}`) }),
  );
}

/** A snapshot, and the frames of so many commits on one of its tasks, as the server streams them: a list of texts each. */
async function commitsOf(room, count) {
  await room.connect();
  const task = await room.ask();
  const commits = [[]];
  const stream = await room.watch((event) => {
    const data = /^data: (.*)$/m.exec(event)?.[1];
    if (!data || /^event: hello$/m.test(event)) return;
    commits.at(-1).push(data);
    if (/^id: /m.test(event)) commits.push([]);
  });
  const snapshot = await room.get("/snapshot");
  for (let round = 0; round < count; round += 1) await room.reply(mark());
  stream.close();
  return { snapshot, commits: commits.slice(0, -1), task };
}

/** Runs in the page: how long each commit took. */
async function rebase({ face, snapshot, commits, among, pending }) {
  const core = await import(face);
  await core.default();
  const replica = new core.Replica();
  replica.loadSnapshot(snapshot);
  const id = () => core.newId(Date.now(), Math.floor(Math.random() * 2 ** 22));
  for (let made = 0; made < pending; made += 1) {
    const task = among[made % among.length];
    const { outcome } = replica.propose(
      { type: "postMessage", id: id(), task, text: `Reply ${made}`, attachments: [] },
      Date.now(),
    );
    if (outcome !== "accepted") throw new Error(`reply ${made} was ${outcome}`);
  }
  const took = [];
  for (const frames of commits) {
    const start = performance.now();
    const states = frames.map((frame) => replica.applyFrame(frame));
    const ms = performance.now() - start;
    if (states.some(({ reset }) => reset)) throw new Error("a commit did not follow on");
    // The first of them may be part of the snapshot.
    if (states.at(-1).committed) took.push(ms);
  }
  replica.free();
  return took;
}
