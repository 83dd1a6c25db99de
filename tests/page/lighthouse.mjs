// What Lighthouse says of the page in the forms of a desk and of a phone: first visits with nothing cached, signed in where there is more to see.
//
// A phone is this machine made slower. Lighthouse takes a quarter of its speed, which makes a fast desk a phone of the middle, and says how much to
// take of other machines (https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md#calibrating-the-cpu-slowdown). That is the form
// "phone", which has to be good; "phone, 4x" is what Lighthouse says without being told.
import { parseArgs } from "node:util";
import lighthouse, { defaultConfig, desktopConfig } from "lighthouse";
import { pageFunctions } from "lighthouse/core/lib/page-functions.js";
import { Advice } from "../../scripts/lib/run.mjs";
import { main } from "../../scripts/lib/say.mjs";
import { openBrowserAt } from "../lib/browser.mjs";
import { stateNamed } from "./states/all.mjs";
import { startPopulated } from "./world.mjs";

const least = 95;
const categories = ["performance", "accessibility", "best-practices"];
/** What may be below the bar, since it says as much of the machine as of the page. */
const told = "phone, 4x";
const looks = ["sign in", "needs you", "approval, high risk", "list"];
/** Of so many looks the middle one counts: whatever else the machine does makes single ones worse, never better. */
const rounds = 3;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    rounds: { type: "string", default: String(rounds) },
    json: { type: "boolean" },
  },
});

/** Who is signed in stays; everything else that earlier visits left goes. */
async function forget(browser, origin, { signedOut }) {
  const page = await browser.contexts()[0].newPage();
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  const storageTypes = signedOut ? "all" : "service_workers,cache_storage,indexeddb,shader_cache";
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes });
  await page.close();
}

async function signIn(browser, world) {
  const page = await browser.contexts()[0].newPage();
  await page.goto(`${world.url}/sign-in#key=${world.server.key}`);
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  await page.close();
}

/** How much slower a phone of the middle is than this machine, by Lighthouse's own measure of it and its table. */
async function slowdown(browser) {
  const page = await browser.contexts()[0].newPage();
  const found = [];
  for (let time = 0; time < 5; time += 1) found.push(await page.evaluate(pageFunctions.computeBenchmarkIndex));
  await page.close();
  const index = middle(found);
  const times = index >= 1500 ? 4 : index >= 800 ? 2 : 1;
  console.error(`  this machine: ${index} of Lighthouse's measure; a phone is ${times} times slower`);
  return times;
}

const phone = (cpuSlowdownMultiplier) => {
  const { throttling } = defaultConfig.settings;
  return { extends: "lighthouse:default", settings: { throttling: { ...throttling, cpuSlowdownMultiplier } } };
};

const middle = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** One state in one form: its scores, and what keeps them from being full. */
async function look(browser, world, state, [form, config]) {
  const results = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await forget(browser, world.url, state);
    const flags = { port: browser.port, disableStorageReset: true, onlyCategories: categories, logLevel: "error" };
    const { lhr } = await lighthouse(world.url + state.at(world), flags, config);
    if (lhr.runtimeError) throw new Advice(`Lighthouse could not look at ${state.name}: ${lhr.runtimeError.message}`);
    results.push(lhr);
  }
  const score = (name) => Math.round(100 * middle(results.map((lhr) => lhr.categories[name].score)));
  const short = Object.values(results.at(-1).categories).flatMap(({ auditRefs }) =>
    auditRefs
      .filter(({ weight }) => weight > 0)
      .map(({ id }) => results.at(-1).audits[id])
      .filter(({ score }) => score !== null && score < 0.9)
      .map(({ id, title, displayValue }) => `${id}: ${title}${displayValue ? ` (${displayValue})` : ""}`),
  );
  return { state: state.name, form, ...Object.fromEntries(categories.map((name) => [name, score(name)])), short };
}

await main(async () => {
  // Workspaces as people have them: what is there to break layouts is looked at elsewhere.
  const world = await startPopulated({ names: ["empty", "calm", "site", "busy"] });
  const browser = await openBrowserAt();
  const rows = [];
  try {
    const forms = { desk: desktopConfig, phone: phone(await slowdown(browser)), [told]: phone(4) };
    const chosen = looks.filter((name) => !values.only || values.only.includes(name)).map(stateNamed);
    for (const state of chosen.toSorted((one, other) => Boolean(other.signedOut) - Boolean(one.signedOut))) {
      if (!state.signedOut) await signIn(browser, world);
      for (const form of Object.entries(forms)) {
        const row = await look(browser, world, state, form);
        rows.push(row);
        if (!values.json) for (const what of row.short) console.error(`  ${row.state}, ${row.form}: ${what}`);
      }
    }
  } finally {
    await browser.close();
    await world.end();
  }
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else console.log(table(rows));
  const low = rows.filter((row) => row.form !== told && categories.some((name) => row[name] < least));
  if (low.length) throw new Advice(`Below ${least}: ${low.map(({ state, form }) => `${state} (${form})`).join(", ")}.`);
});

/** As the README has it. */
function table(rows) {
  const lines = rows.map(
    (row) => `| ${row.state} | ${row.form} | ${categories.map((name) => row[name]).join(" | ")} |`,
  );
  return [
    "| Lighthouse | form | performance | accessibility | best practices |",
    "|---|---|---:|---:|---:|",
    ...lines,
  ].join("\n");
}
