// Taking a list away and bringing one in, as a person does it: under Settings, with word of what came of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { StreamableAgent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
let home;
before(async () => {
  home = mkdtempSync(join(tmpdir(), "agentrq-interchange-"));
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await world?.end();
  rmSync(home, { recursive: true, force: true });
});

async function place() {
  const here = await settle(world, { name: "Shop" });
  const agent = await StreamableAgent.connect(here.token.mcpUrl, { agent: "claude", list: "my-project" });
  await agent.call("TaskCreate", { subject: "Design", description: "All of it" });
  await agent.call("TaskCreate", { subject: "Build", description: "", blockedBy: ["1"] });
  await agent.close();
  return here;
}

async function downloaded(page, button) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

test("a list is taken away in either form and brought in elsewhere, and numbers that are taken become others", async () => {
  const { person, workspace } = await place();
  const page = await signedInPage(browser, world, `/w/${workspace.id}/settings`);
  await page.getByRole("heading", { name: "Export and import" }).waitFor();
  await page.getByLabel("Export", { exact: true }).selectOption("my-project");
  const tar = await downloaded(page, "As Claude Code’s files");
  assert.equal(tar.name, "my-project.tar");
  const lines = await downloaded(page, "As JSON Lines");
  assert.equal(lines.name, "my-project.jsonl");
  const buffer = readFileSync(lines.path);
  assert.match(buffer.toString(), /^\{"type":"agentrq","version":1,/);

  const other = await person.make("/api/workspaces", { name: "New" });
  await page.goto(`${world.url}/w/${other.id}/settings`);
  const bring = async (file, button = "Import") => {
    await page.getByLabel(/^Import/).setInputFiles(file);
    await page.getByRole("button", { name: button, exact: true }).click();
  };
  const imported = (words) => page.getByTestId("imported").filter({ hasText: words });
  await bring({ name: tar.name, mimeType: "application/x-tar", buffer: readFileSync(tar.path) });
  await imported("2 tasks imported.").waitFor();
  await bring({ name: lines.name, mimeType: "", buffer });
  await imported("Nothing new · 2 tasks here already.").waitFor();

  const another = { id: "1", subject: "Another", description: "", status: "pending", blocks: [], blockedBy: [] };
  mkdirSync(join(home, "my-project"));
  writeFileSync(join(home, "my-project/1.json"), JSON.stringify(another));
  const made = execFileSync("tar", ["-c", "-C", home, "my-project"]);
  await bring({ name: "made.tar", mimeType: "application/x-tar", buffer: made });
  await page.getByText("Nothing was imported.").waitFor();
  await page.getByText(/was given before/).waitFor();
  await page.getByRole("button", { name: "Import with new numbers" }).click();
  await imported("1 task imported · 1 new number.").waitFor();
  await page.getByText("my-project #1 is now #3").waitFor();
  await page.context().close();
});

test("without a network it says that it needs one, and nothing can be pressed", async () => {
  const { workspace } = await place();
  const page = await signedInPage(browser, world, `/w/${workspace.id}/settings`);
  await page.getByRole("heading", { name: "Export and import" }).waitFor();
  await page.context().setOffline(true);
  await page.getByText("Needs a network: the server has all of it.").waitFor();
  assert.ok(await page.getByRole("button", { name: "As JSON Lines" }).isDisabled());
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "As JSON Lines" }).and(page.locator(":enabled")).waitFor();
  await page.context().close();
});
