// The story, with real parts: an agent asks over MCP, a person answers in the browser, the agent goes on.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { PythonAgent } from "../lib/python-agent.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const diff =
  "--- a/sessions.sql\n+++ b/sessions.sql\n+DELETE FROM user_sessions WHERE created_at < NOW() - INTERVAL '90 days';\n";
const title = "Approve: Delete stale user sessions older than 90 days";
const ask = {
  title,
  body: "I'm about to run this migration. **Estimated rows:** ~14,000. Approve to proceed?",
  assignee: "human",
  attachments: [
    { id: "att_001", filename: "schema.diff", mimeType: "text/plain", data: Buffer.from(diff).toString("base64") },
  ],
};
const comment = "Approved, but take UUID as the primary key.";
const notes = { name: "notes with ünïcode.bin", bytes: randomBytes(100_000) };

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

/** Checks what the agent hears after the approval, and has it download the person's file. */
async function hearsTheApproval(agent, task, person) {
  const heard = await agent.hears(({ meta }) => meta.verdict);
  const { meta, content } = heard;
  assert.deepEqual(
    { ...meta, ts: undefined, message_id: undefined },
    {
      chat_id: task,
      message_id: undefined,
      ts: undefined,
      user: "human",
      user_name: person.name,
      verdict: "approved",
      status: "ongoing",
    },
  );
  assert.match(meta.message_id, /^[0-9A-Za-z]{11}$/);
  assert.ok(Math.abs(Date.parse(meta.ts) - Date.now()) < 60_000, meta.ts);
  const [head, , word, , ...rest] = content.split("\n");
  assert.deepEqual([head, word], [`[Response to task ${task}]`, "Approved"]);
  assert.ok(rest.includes(comment), content);
  const [, file, name] = /^- id=(\w+) name=(.*) type=/m.exec(content);
  assert.equal(name, notes.name);
  const downloaded = await agent.call("downloadAttachment", { attachment_id: file });
  assert.equal(downloaded.filename, notes.name);
  assert.equal(sha256(Buffer.from(downloaded.data, "base64")), sha256(notes.bytes));
  return heard;
}

async function goesOn(agent, task, heard) {
  await agent.call("reply", { chat_id: task, text: "Done: 14,012 rows deleted.", in_reply_to: heard.meta.message_id });
  await agent.call("updateTaskStatus", { task_id: task, status: "completed" });
}

for (const [client, Client] of [
  ["the official TypeScript SDK", Agent],
  ["Python's mcp package", PythonAgent],
])
  describe(`an agent with ${client}`, () => {
    test("asks, is answered over the API, hears it at once and completes the task; the stream tells all of it", async () => {
      const { person, room, token } = await settle(world, { name: "By script" });
      const stream = await room.watch();
      const agent = await Client.connect(token.mcpUrl);
      try {
        const { task_id: task } = await agent.call("createTask", ask);
        const created = await stream.until("task.created");
        assert.equal(created.json.taskId, task);
        await agent.call("updateTaskStatus", { task_id: task, status: "ongoing" });

        const [shown] = (await room.get(`/tasks/${task}/messages`)).messages;
        assert.equal(shown.attachments[0].filename, "schema.diff");
        const bytes = await room.get(`/attachments/${shown.attachments[0].id}`);
        assert.equal(Buffer.from(bytes).toString(), diff);
        const file = await room.make(`/attachments?filename=${encodeURIComponent(notes.name)}`, notes.bytes, {
          "content-type": "application/octet-stream",
        });
        await room.decide(task, "approved", comment, { attachments: [file.id] });

        const heard = await hearsTheApproval(agent, task, person.person);
        await goesOn(agent, task, heard);
        const done = await room.get(`/tasks/${task}`);
        assert.deepEqual([done.status, done.verdict.kind, done.turn], ["completed", "approved", "nobody"]);
        const { messages, deliveries } = await room.get(`/tasks/${task}/messages`);
        assert.deepEqual(
          messages.map((message) => [message.author.kind, message.verdict]),
          [
            ["agent", null],
            ["person", "approved"],
            ["agent", null],
          ],
        );
        const delivery = deliveries.find(({ id }) => id === heard.meta.message_id);
        assert.deepEqual([delivery.state, delivery.route, delivery.copies], ["seen", "channel", 1]);
        for (const event of ["agent.connected", "task.created", "reply.received", "status.updated"])
          await stream.until(event);
        assert.equal(agent.heard.length, 1, "each thing is said once");
      } finally {
        await agent.close();
        stream.close();
      }
    });

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
        assert.equal(await page.getByText("Estimated rows:").evaluate((it) => it.tagName), "STRONG");
        await page.getByRole("button", { name: "Preview schema.diff" }).click();
        await page.getByText("+DELETE FROM user_sessions").waitFor();

        await page
          .getByLabel("Files to attach")
          .setInputFiles({ name: notes.name, mimeType: "application/octet-stream", buffer: notes.bytes });
        await page.getByRole("textbox", { name: "Reply" }).fill(comment);
        await page.getByRole("button", { name: "Approve", exact: true }).click();

        const heard = await hearsTheApproval(agent, task, person.person);
        await page.getByText("Approved by you").waitFor();
        await goesOn(agent, task, heard);
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
