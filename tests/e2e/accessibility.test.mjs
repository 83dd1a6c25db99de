// Every state of the page, for everybody: axe finds nothing in both themes at a desk and on a phone, nothing sticks out at any size, nothing moves
// for who wants less motion, a thumb hits everything, the focus is seen on whatever has it, and the console stays silent.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openBrowser } from "../lib/browser.mjs";
import { axe } from "../page/checks/axe.mjs";
import { focusLines } from "../page/checks/focus.mjs";
import { motion } from "../page/checks/motion.mjs";
import { overflow } from "../page/checks/overflow.mjs";
import { targets } from "../page/checks/targets.mjs";
import { desktop, phone, sizes } from "../page/devices.mjs";
import { stateNamed, states } from "../page/states/all.mjs";
import { Visitor } from "../page/visit.mjs";
import { startPopulated } from "../page/world.mjs";

let world;
let browser;
before(async () => {
  world = await startPopulated();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await world?.end();
});

const unexpected = (page, { expects }) => page.troubles.filter((trouble) => !expects?.test(trouble));

async function bothThemes(page) {
  await page.emulateMedia({ colorScheme: "light" });
  const light = await axe(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await axe(page, { themeOnly: true });
  return [...light.map((what) => `light: ${what}`), ...dark.map((what) => `dark: ${what}`)];
}

/** What has the focus is left by this: a list that is open closes. So it comes last. */
async function focusInBothThemes(page) {
  const dark = await focusLines(page);
  await page.emulateMedia({ colorScheme: "light" });
  const light = await focusLines(page);
  return [...dark.map((what) => `dark: ${what}`), ...light.map((what) => `light: ${what}`)];
}

const walks = [
  {
    place: "at a desk",
    device: desktop,
    async look(page) {
      const found = [...(await bothThemes(page)), ...(await motion(page))];
      for (const size of sizes) found.push(...(await overflow(page, size)));
      await page.setViewportSize(desktop.viewport);
      found.push(...(await focusInBothThemes(page)));
      return found;
    },
  },
  {
    place: "on a phone",
    device: phone,
    look: async (page) => [...(await bothThemes(page)), ...(await targets(page))],
  },
];

// Two people beside each other, one core for each: what is looked at longer at a desk is shared by both.
const parts = walks.flatMap((walk) => [
  { ...walk, part: "one half", seen: states.filter((_, at) => at % 2 === 0) },
  { ...walk, part: "the other half", seen: states.filter((_, at) => at % 2 === 1) },
]);
describe("every state", { concurrency: 2 }, () => {
  for (const { place, part, device, look, seen } of parts)
    describe(`${place}, ${part}`, { concurrency: 1 }, () => {
      let visitor;
      before(async () => {
        visitor = await Visitor.signIn(browser, world, device);
      });
      after(() => visitor?.close());

      for (const state of seen)
        test(state.name, async () => {
          const found = await visitor.see(state, async (page) => [...(await look(page)), ...unexpected(page, state)]);
          assert.deepEqual(found, []);
        });
    });
});

describe("a check finds what is planted", () => {
  /** A page with one fault. */
  async function planted(body, check, options = {}) {
    const context = await browser.newContext({ ...desktop, ...options });
    try {
      const page = await context.newPage();
      await page.setContent(
        `<!doctype html><html lang="en"><title>Planted</title><main><h1>Planted</h1>${body}</main>`,
      );
      return (await check(page)).join("\n");
    } finally {
      await context.close();
    }
  }

  test("of contrast and of names", async () => {
    assert.match(await planted('<p style="color:#999">Pale</p>', axe), /color-contrast/);
    assert.match(await planted('<p style="color:#999">Pale</p>', (page) => axe(page, { themeOnly: true })), /contrast/);
    assert.match(await planted("<button></button>", axe), /button-name/);
  });

  test("of what sticks out", async () => {
    const wide = (page) => overflow(page, { width: 320, height: 640 });
    assert.match(await planted('<button style="width:600px">Wide</button>', wide), /320 x 640: .*"Wide"/s);
  });

  test("of what moves", async () => {
    const moving =
      "<style>@keyframes go { to { opacity: 0 } } b { animation: go 1s infinite; transition: top 1s }</style><b>x</b>";
    assert.match(await planted(moving, motion), /runs: b.*would move: b.*is animated: b/s);
  });

  test("of what a thumb misses", async () => {
    assert.match(await planted('<button style="padding:2px">Small</button>', targets, phone), /"Small" answers in/);
  });

  test("of a focus that is not seen", async () => {
    const bare = "<style>:focus-visible { outline: none }</style><button>Bare</button>";
    assert.match(await planted(bare, focusLines), /"Bare" has no line around it/);
    const pale = "<style>:focus-visible { outline: 2px solid #eee }</style><button>Pale</button>";
    assert.match(await planted(pale, focusLines), /"Pale" its line has 1/);
  });

  test("and the page does move for who has not asked for less", async () => {
    const visitor = await Visitor.signIn(browser, world, { ...desktop, reducedMotion: "no-preference" });
    try {
      const found = await visitor.see(stateNamed("agents"), motion);
      assert.match(found.join("\n"), /runs: /);
    } finally {
      await visitor.close();
    }
  });
});
