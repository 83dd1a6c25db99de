// The main story by keyboard alone, with the focus in sight at each step; and what a screen reader is told meanwhile.
/* global document */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openBrowser, patienceMs } from "../lib/browser.mjs";
import { focus } from "../page/checks/focus.mjs";
import { desktop } from "../page/devices.mjs";
import { Visitor } from "../page/visit.mjs";
import { ask, startPopulated } from "../page/world.mjs";

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

/** The focus comes to stand on what fits, and can be seen there. */
async function stands(page, role, name) {
  await page
    .waitForFunction(
      ([role, name]) => {
        const it = document.activeElement;
        const called = it.ariaLabel ?? it.labels?.[0]?.textContent ?? it.textContent;
        return (
          (it.getAttribute("role") ?? it.tagName.toLowerCase()) === role &&
          called.replaceAll(/\s+/g, " ").includes(name)
        );
      },
      [role, name],
    )
    .catch(async () =>
      assert.fail(`the focus stands on ${JSON.stringify(await focus(page))}, not on ${role} "${name}"`),
    );
  const { shown } = await focus(page);
  assert.equal(shown, "", `${role} "${name}"`);
}

for (const colorScheme of ["light", "dark"])
  test(`sign in, find an ask, read, approve, reply and create a task, with no pointer (${colorScheme})`, async () => {
    const { busy } = world.rooms;
    const object = `Take the ${colorScheme} path`;
    const task = await ask(busy.agents.claude, `Approve: ${object}`, "Nothing else changes.");
    const context = await browser.newContext({ ...desktop, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(patienceMs);
    const press = (key) => page.keyboard.press(key);
    try {
      await page.goto(`${world.url}/sign-in`);
      await stands(page, "input", "Key");
      await page.keyboard.type(world.server.key);
      await press("Enter");
      await page.getByRole("link", { name: object }).waitFor();

      for (let rows = 0; rows < 60; rows += 1) {
        await press("j");
        const { name } = await focus(page);
        if (name.includes(object)) break;
      }
      await stands(page, "a", object);
      await press("Enter");
      await page.getByRole("heading", { level: 1, name: object }).waitFor();
      await page.getByText("Nothing else changes.").waitFor();

      await page.waitForFunction(() => document.querySelector('[data-key="approve"][aria-disabled="false"]'));
      await press("a");
      await stands(page, "button", "Approve");
      await press("Enter");
      await page.getByTestId("receipt").waitFor();
      const heard = await busy.agents.claude.hears(({ meta }) => meta.verdict && meta.chat_id === task);
      assert.equal(heard.meta.verdict, "approved");

      await press("r");
      await stands(page, "textarea", "Reply");
      await page.keyboard.type("And tell me when it is done.");
      await press("Control+Enter");
      await busy.agents.claude.hears(({ content }) => content.includes("And tell me when it is done."));

      await press("Escape");
      await press("c");
      await page.getByRole("dialog").waitFor();
      await stands(page, "input", "Title");
      await page.keyboard.type(`Written by key, ${colorScheme}`);
      for (let steps = 0; steps < 20; steps += 1) {
        await press("Tab");
        const { name, role, shown } = await focus(page);
        assert.equal(shown, "", `${role} "${name}"`);
        if (role === "button" && /^(Create|Add)/.test(name)) break;
      }
      await press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await press("g");
      await press("t");
      await page.getByText(`Written by key, ${colorScheme}`).first().waitFor();

      await press("ControlOrMeta+k");
      await page.getByRole("combobox").waitFor();
      await page.keyboard.type("agents");
      await page
        .getByRole("option", { name: /Agents/ })
        .first()
        .waitFor();
      await press("Enter");
      await page.getByRole("heading", { level: 1, name: "Agents" }).waitFor();
    } finally {
      await context.close();
    }
  });

describe("a screen reader is told", () => {
  /** Waits until a live region says it. */
  const said = (page, words) =>
    page.waitForFunction(
      (words) =>
        [...document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log]")].some((it) =>
          it.textContent.includes(words),
        ),
      words,
    );

  test("of a new task and of a reply, each in a sentence of its own", async () => {
    const { busy } = world.rooms;
    const visitor = await Visitor.signIn(browser, world, desktop);
    try {
      const open = {
        at: () => world.at("busy", `/tasks/${busy.tasks.working}`),
        // By its title there is something that a new task can come to; a heading there is before.
        shows: (page) => page.getByRole("heading", { level: 1, name: "Error messages of the import" }),
      };
      await visitor.see(open, async (page) => {
        await page.getByText("All saved").first().waitFor({ state: "attached" });
        await ask(busy.agents.codex, "Approve: Something to be read aloud");
        await said(page, "New task for you: Approve: Something to be read aloud");
        await busy.agents.claude.call("reply", { chat_id: busy.tasks.working, text: "Half of them are done." });
        await said(page, "Claude Sonnet replied on Review: Error messages of the import");
      });
    } finally {
      await visitor.close();
    }
  });
});
