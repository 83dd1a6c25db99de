// Workflows as a person has them: written as JSON, started by a button, watched, and deleted.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StreamableAgent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isKept, syncs } from "../lib/page.mjs";
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

test("a workflow is written, refused where it is wrong, started with its parameters, approved, watched to its end, and deleted", async () => {
  const { workspace, room, token } = await settle(world);
  const agent = await StreamableAgent.connect(token.mcpUrl, { agent: "claude" });
  try {
    const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
    const section = page.getByRole("region", { name: "Workflows" });
    const editor = page.getByLabel("Workflow JSON");
    const save = page.getByRole("button", { name: "Save", exact: true });
    // The example that a new one begins with is one.
    await section.getByRole("button", { name: "New workflow" }).click();
    await save.click();
    await section.getByRole("button", { name: "Edit release" }).click();
    await editor.fill("{");
    await save.click();
    await page.getByText(/This is not JSON/).waitFor();
    const steps = [
      { key: "notes", subject: "Write the notes of {{version}}" },
      { key: "ok", subject: "Approve: release {{version}}", assignee: "human", dependsOn: ["note"] },
    ];
    const workflow = { name: "release", parameters: [{ name: "version", required: true }], steps };
    await editor.fill(JSON.stringify(workflow));
    await save.click();
    await page.getByText(/^steps\[1\]\.dependsOn\[0\]: there is no step `note`/).waitFor();
    steps[1].dependsOn = ["notes"];
    await editor.fill(JSON.stringify({ ...workflow, title: "Release {{version}}" }));
    await save.click();

    await section.getByRole("button", { name: "Start release" }).click();
    const dialog = page.getByRole("dialog", { name: "Start release" });
    await dialog.getByLabel(/^version/).fill("1.2");
    await dialog.getByRole("button", { name: "Start", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    await section.getByText("0 of 2").waitFor();
    await page.getByText("1 background workflow", { exact: true }).waitFor();
    const run = (await agent.call("TaskList")).tasks.find(({ background }) => background?.workflow);
    assert.deepEqual(run.background.workflow.parameters, { version: "1.2" });

    await agent.call("TaskNext");
    await agent.call("TaskUpdate", { taskId: "2", status: "completed" });
    await section.getByText("1 of 2").waitFor();
    await section.getByRole("link", { name: /Approve: release 1\.2/ }).click();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await syncs(page, /^All saved$/);
    await page.goto(`${world.url}/w/${workspace.id}/work`);
    await section.getByText("2 of 2").waitFor();
    assert.equal((await room.get(`/tasks/${run.taskId}`)).status, "completed");

    // What an agent saves is there without asking; what a person deletes asks first.
    await agent.call("WorkflowSave", { definition: { name: "nightly", steps: [{ key: "a", subject: "A" }] } });
    await section.getByRole("button", { name: "Start nightly" }).waitFor();
    await section.getByRole("button", { name: "Delete nightly" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await section.getByRole("button", { name: "Start nightly" }).waitFor({ state: "detached" });
    assert.deepEqual(
      (await room.get("/workflows")).workflows.map(({ name }) => name),
      ["release"],
    );
  } finally {
    await agent.close();
  }
});

test("a workflow is started without a network, also after a reload, and once; what the server refuses then is told", async () => {
  const { person, workspace, room } = await settle(world);
  const save = (definition) =>
    person.ask("PUT", `/api/workspaces/${workspace.id}/workflows/${definition.name}`, definition);
  const parameters = [{ name: "target", values: ["staging", "production"], default: "staging" }];
  const steps = [{ key: "ship", subject: "Ship to {{target}}" }];
  await save({ name: "release", parameters, steps });
  await save({ name: "rollback", steps: [{ key: "back", subject: "Roll back" }] });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  try {
    const section = page.getByRole("region", { name: "Workflows" });
    await section.getByRole("button", { name: "Start release" }).waitFor();
    await syncs(page, /^All saved$/);
    await isKept(page);
    await isKept(page, { table: "person", has: "Ship to {{target}}" });
    const start = async (name, fill = () => {}) => {
      await section.getByRole("button", { name: `Start ${name}` }).click();
      const dialog = page.getByRole("dialog", { name: `Start ${name}` });
      await fill(dialog);
      await dialog.getByRole("button", { name: "Start", exact: true }).click();
      await dialog.waitFor({ state: "detached" });
    };
    // Once just when the network has gone, once after a reload without it.
    await page.context().setOffline(true);
    await start("release", (dialog) => dialog.getByLabel(/^target/).selectOption("production"));
    await isKept(page, { table: "queue", has: "production" });
    await page.reload();
    await start("rollback");
    await isKept(page, { table: "queue", has: "rollback" });
    const runs = section.getByRole("list", { name: "Runs" });
    assert.deepEqual(await runs.getByText("Starts when the server can be reached").count(), 2);
    await page.reload();
    await runs.getByText("Starts when the server can be reached").nth(1).waitFor();
    const gone = await person.ask("DELETE", `/api/workspaces/${workspace.id}/workflows/rollback`);
    assert.equal(gone.status, 204);

    await page.context().setOffline(false);
    await runs.getByText("0 of 1").first().waitFor();
    await page.getByRole("button", { name: "1 change refused" }).click();
    const refused = page.getByRole("dialog", { name: "Not done" });
    await refused.getByText("Start of “rollback”").waitFor();
    await refused.getByText(/here is no workflow "rollback" in this workspace/).waitFor();
    const { tasks } = await room.get("/tasks?list=main");
    assert.deepEqual(tasks.map(({ title }) => title).sort(), ["Ship to production", "release"]);
  } finally {
    await page.context().close();
  }
});

test("what is saved is what starts, however late the list of all that are saved comes", async () => {
  const { person, workspace, room } = await settle(world);
  const definition = { name: "release", parameters: [{ name: "target", required: true }], steps: [] };
  definition.steps.push({ key: "ship", subject: "Ship to {{target}}" });
  await person.ask("PUT", `/api/workspaces/${workspace.id}/workflows/release`, definition);
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  try {
    await page.getByRole("button", { name: "Edit release" }).click();
    await page.route("**/workflows", () => {}); // the list does not come any more
    const changed = { ...definition, parameters: [], steps: [{ key: "ship", subject: "Ship" }] };
    await page.getByLabel("Workflow JSON").fill(JSON.stringify(changed));
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Start release" }).click();
    const dialog = page.getByRole("dialog", { name: "Start release" });
    await dialog.getByText("Ship", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Start", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    const { tasks } = await room.get("/tasks?list=main");
    assert.deepEqual(tasks.map(({ title }) => title).sort(), ["Ship", "release"]);
  } finally {
    await page.context().close();
  }
});

test("what is saved where the list could not be had is not taken for all of them", async () => {
  const { person, workspace } = await settle(world);
  const steps = [{ key: "ship", subject: "Ship" }];
  await person.ask("PUT", `/api/workspaces/${workspace.id}/workflows/rollback`, { name: "rollback", steps });
  const page = await signedInPage(browser, world);
  try {
    await page.route("**/workflows", (route) => route.fulfill({ status: 500 }));
    await page.goto(`${world.url}/w/${workspace.id}/work`);
    const failed = page.getByText("The workflows could not be loaded.");
    await failed.waitFor();
    await page.getByRole("button", { name: "New workflow" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await failed.waitFor();
    assert.equal(await page.getByRole("button", { name: /^Start / }).count(), 0);
    await page.unroute("**/workflows");
    await page.getByRole("button", { name: "Try again" }).click();
    for (const name of ["release", "rollback"]) await page.getByRole("button", { name: `Start ${name}` }).waitFor();
  } finally {
    await page.context().close();
  }
});

test("what is wrong with a start is said in its dialog while the server can be reached", async () => {
  const { person, workspace } = await settle(world);
  const save = (steps) =>
    person.ask("PUT", `/api/workspaces/${workspace.id}/workflows/release`, { name: "release", steps });
  const long = "x".repeat(200);
  const parameters = [{ name: "version", required: true }];
  const definition = { name: "release", parameters, steps: [{ key: "a", subject: `{{version}}{{version}}` }] };
  await person.ask("PUT", `/api/workspaces/${workspace.id}/workflows/release`, definition);
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  try {
    await page.getByRole("button", { name: "Start release" }).click();
    const dialog = page.getByRole("dialog", { name: "Start release" });
    await dialog.getByLabel(/^version/).fill(long);
    await dialog.getByRole("button", { name: "Start", exact: true }).click();
    await dialog.getByText(/^steps\[0\]\.subject: with these values/).waitFor();
    await save([{ key: "a", subject: "Once" }]);
    await dialog.getByRole("button", { name: "Start", exact: true }).click();
    await dialog.getByText(/^parameters\.version: release has no such parameter/).waitFor();
    assert.equal(await page.getByRole("button", { name: /refused/ }).count(), 0, "it was said where it was asked");
  } finally {
    await page.context().close();
  }
});
