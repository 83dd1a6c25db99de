// Connecting an agent by the page: a token that opens what was chosen, the first connection as it happens, and what a token opens changed in place.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
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

test("a token is made for what was chosen, and the page says when its agent has come", async () => {
  const person = await world.signIn();
  const workspace = await person.make("/api/workspaces", { name: "Connecting" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/connect`);
  const line = page.getByTestId("connection");
  await line.getByText("Waiting for its first connection…").waitFor();
  await page.getByLabel("Name of the agent").fill("codex");
  await page.getByRole("radio", { name: /^Asks people/ }).check();
  await page.getByLabel("Good for").selectOption("7 days");
  await page.getByRole("button", { name: "Create token" }).click();
  const shown = await page.getByRole("group", { name: "Token, for your shell" }).textContent();
  const token = shown.replace("export AGENTRQ_TOKEN=", "");

  await page.getByRole("radio", { name: "Codex" }).check();
  assert.match(
    await page.getByRole("group", { name: /config\.toml/ }).textContent(),
    /bearer_token_env_var = "AGENTRQ_TOKEN"/,
  );

  const [made] = (await person.get(`/api/workspaces/${workspace.id}/tokens`)).tokens;
  assert.deepEqual([made.label, made.scopes], ["codex", ["ask"]]);
  assert.equal(Math.round((Date.parse(made.expiresAt) - Date.parse(made.createdAt)) / 86_400_000), 7);

  const agent = await StreamableAgent.connect(`${world.url}/mcp/${workspace.id}?token=${token}`, { name: "codex-cli" });
  try {
    await line.getByText("Connected: codex · codex-cli 1.0.0").waitFor();
  } finally {
    await agent.close();
  }
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("what a token opens is changed in place, from the next request on; revoking asks first", async () => {
  const { workspace, room, token } = await settle(world, { label: "laptop" });
  const agent = await Agent.connect(token.mcpUrl);
  const page = await signedInPage(browser, world, `/w/${workspace.id}/connect`);
  try {
    await agent.call("createTask", { title: "Question: still?", assignee: "human" });
    await page.getByLabel("What laptop opens").selectOption("Only reads");
    await page.getByText("laptop: Only reads from now on").waitFor({ state: "attached" });
    assert.deepEqual((await room.get("/tokens")).tokens[0].scopes, ["read"]);
    await assert.rejects(agent.call("createTask", { title: "Question: now?", assignee: "human" }), /needs the scope/);

    await page.getByRole("button", { name: "Revoke laptop" }).click();
    const dialog = page.getByRole("dialog", { name: "Revoke laptop" });
    await dialog.getByText("streams that it holds open are cut").waitFor();
    await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByText("No agent has a token yet.").waitFor();
    assert.deepEqual((await room.get("/tokens")).tokens, []);
  } finally {
    await agent.close();
  }
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
