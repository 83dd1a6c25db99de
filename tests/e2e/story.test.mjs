// The story, with real parts: an agent asks over MCP, a person answers in the browser, the agent goes on.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { PythonAgent } from "../lib/python-agent.mjs";
import { ask, comment, goesOn, isTheApproval, notes, title } from "../lib/story.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
before(async () => {
  world = await startWorld();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await world?.end();
});

for (const [client, Client] of [
  ["the official TypeScript SDK", Agent],
  ["Python's mcp package", PythonAgent],
])
  describe(`an agent with ${client}`, () => {
    test("asks, is answered in the page, hears it at once and completes the task; the page follows without a reload", async () => {
      const { person, workspace, room, token } = await settle(world, { name: "By page" });
      const page = await signedInPage(browser, world, `/w/${workspace.id}`);
      const agent = await Client.connect(token.mcpUrl, { agent: "claude" });
      try {
        await page.evaluate(() => (globalThis.neverReloaded = true));
        const { task_id: task } = await agent.call("createTask", ask);
        await agent.call("updateTaskStatus", { task_id: task, status: "ongoing" });

        await page.getByRole("link", { name: title }).first().click();
        await page.getByText("I'm about to run this migration.").waitFor();
        await page.locator("strong", { hasText: "Estimated rows:" }).waitFor();
        await page.getByRole("button", { name: "Preview schema.diff" }).click();
        await page.getByText("+DELETE FROM user_sessions").waitFor();

        await page
          .getByLabel("Files to attach")
          .setInputFiles({ name: notes.name, mimeType: "application/octet-stream", buffer: notes.bytes });
        await page.getByRole("textbox", { name: "Reply" }).fill(comment);
        await page.getByRole("button", { name: "Approve", exact: true }).click();

        const heard = await agent.hears(({ meta }) => meta.verdict);
        const file = isTheApproval(heard, task, person.person);
        await page.getByText("Approved by you").waitFor();
        await goesOn(agent, task, heard.meta.message_id, file);
        await page.getByText("Done: 14,012 rows deleted.").waitFor();
        await page.getByText("Approved, completed").first().waitFor();
        await page.getByText(/^Seen by claude.*pushed to its channel$/).waitFor();
        assert.equal(await page.evaluate(() => globalThis.neverReloaded), true);
        assert.deepEqual(page.troubles, []);
        const done = await room.get(`/tasks/${task}`);
        assert.deepEqual([done.status, done.verdict.kind], ["completed", "approved"]);
      } finally {
        await agent.close();
        await page.context().close();
      }
    });
  });
