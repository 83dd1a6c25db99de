// `npm run pictures`: the pictures of the README, taken of the real product with a real agent, into docs/images.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Agent } from "./lib/agent.mjs";
import { openBrowser, signedInPage } from "./lib/browser.mjs";
import { settle, startWorld } from "./lib/world.mjs";

const folder = fileURLToPath(new URL("../docs/images", import.meta.url));
const body = `I'm about to run this migration:

\`\`\`sql
DELETE FROM user_sessions
 WHERE created_at < NOW() - INTERVAL '90 days';
\`\`\`

Estimated rows affected: **~14,000**. This is irreversible.
`;
const diff = "--- a/schema.sql\n+++ b/schema.sql\n@@ -1 +1 @@\n-id SERIAL\n+id UUID\n";

const devices = [
  { name: "desktop-light", viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  { name: "desktop-dark", viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  {
    name: "phone-light",
    viewport: { width: 390, height: 844 },
    colorScheme: "light",
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  },
  {
    name: "phone-dark",
    viewport: { width: 390, height: 844 },
    colorScheme: "dark",
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  },
];

mkdirSync(folder, { recursive: true });
const world = await startWorld();
const browser = await openBrowser();
try {
  const { room, workspace, token } = await settle(world, { name: "my-api", label: "Claude Sonnet" });
  const agent = await Agent.connect(token.mcpUrl, { name: "claude-code" });
  const data = Buffer.from(diff).toString("base64");
  const ask = await agent.call("createTask", {
    title: "Approve: Delete stale user sessions older than 90 days",
    assignee: "human",
    body,
    attachments: [{ id: "a", filename: "schema.diff", mimeType: "text/plain", data }],
  });
  await agent.call("createTask", {
    title: "Question: Which region should the replica live in?",
    assignee: "human",
    body: "eu-west-1 is nearer to our users; us-east-1 is cheaper.",
  });
  const done = await agent.call("createTask", {
    title: "Review: new README",
    assignee: "human",
    body: "Ready to publish?",
  });
  await room.decide(done.task_id, "approved", "Nice. Mention the limits too.");
  await agent.call("updateTaskStatus", { task_id: done.task_id, status: "completed" });
  for (const { name, ...device } of devices) {
    const page = await signedInPage(browser, world, `/w/${workspace.id}/needs-you/${ask.task_id}`, device);
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
    await page.waitForTimeout(800);
    await page.screenshot({ path: join(folder, `approval-${name}.png`) });
    console.log(`docs/images/approval-${name}.png`);
    await page.context().close();
  }
  await agent.close();
} finally {
  await browser.close();
  await world.end();
}
