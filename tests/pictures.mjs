// `npm run pictures [-- --only board --to folder]`: the pictures of the README, taken of the product with real agents, into docs/images.
/* global document */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBrowser } from "./lib/browser.mjs";
import { desktop, phone } from "./page/devices.mjs";
import { stateNamed } from "./page/states/all.mjs";
import { settled, Visitor } from "./page/visit.mjs";
import { startPopulated } from "./page/world.mjs";

const docs = fileURLToPath(new URL("../docs/images", import.meta.url));
const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, to: { type: "string", default: docs } },
});

/** The name of a picture, and the state of the page that it shows. */
const pictures = {
  "needs-you": "home",
  approval: "approval, high risk",
  diff: "approval, a diff",
  tasks: "list, a task open",
  board: "board",
  question: "question",
  agents: "agents",
};
const devices = { desktop, phone };

/** The world is made within a second; on the pictures it has come over a morning: the newest task is some minutes old, the oldest some hours. */
const agesMinutes = [4, 9, 17, 26, 41, 58, 83, 112, 150, 205, 260, 340, 430];
const back = (time, minutes) => new Date(Date.parse(time) - minutes * 60_000).toISOString();
function overAMorning(context) {
  return context.route("**/snapshot*", async (route) => {
    const response = await route.fetch();
    const snapshot = await response.json();
    const newestFirst = snapshot.tasks.toSorted((one, other) => other.number - one.number);
    for (const [at, task] of newestFirst.entries())
      for (const name of ["createdAt", "updatedAt", "waitingSince"])
        task[name] = back(task[name], agesMinutes[Math.min(at, agesMinutes.length - 1)]);
    for (const agent of snapshot.agents) agent.since = back(agent.since, agesMinutes.at(-1));
    await route.fulfill({ response, json: snapshot });
  });
}

/** The page has all that it shows, and nothing is on its way. */
const atRest = (page) =>
  page.waitForFunction(
    () =>
      !document.querySelector("[aria-busy=true]") &&
      document.querySelector("[data-testid=sync]").textContent.includes("All saved"),
  );

const folder = resolve(values.to);
mkdirSync(folder, { recursive: true });
const chosen = Object.entries(pictures).filter(([name]) => !values.only || values.only.includes(name));
// Without what is there to break layouts.
const world = await startPopulated({ names: ["empty", "calm", "site", "busy"] });
const browser = await openBrowser();
try {
  for (const [device, options] of Object.entries(devices)) {
    const visitor = await Visitor.signIn(browser, world, options, overAMorning);
    for (const [name, state] of chosen)
      await visitor.see(stateNamed(state), async (page) => {
        await atRest(page);
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          await settled(page);
          const file = `${name}-${device}-${colorScheme}.png`;
          await page.screenshot({ path: join(folder, file) });
          console.log(join(values.to, file));
        }
      });
    await visitor.close();
  }
} finally {
  await browser.close();
  await world.end();
}
