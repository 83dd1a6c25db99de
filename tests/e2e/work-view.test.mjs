// Agents' lists as people see them while they are worked off, also without a network.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
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

test("a list moves under its reader's eyes: claimed, done, and what waited for it free", async () => {
  const { workspace, room, token } = await settle(world);
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  await page.getByRole("heading", { name: "No lists yet." }).waitFor();
  const agent = await StreamableAgent.connect(token.mcpUrl, { agent: "claude", list: "sprint-7" });
  try {
    await agent.call("TaskCreate", { subject: "Run the tests", activeForm: "Running the tests" });
    await agent.call("TaskCreate", { subject: "Ship it", blockedBy: ["1"] });
    const list = page.getByRole("region", { name: "sprint-7" });
    await list.getByText("0 of 2 done").waitFor();
    await list.getByText("waits for #1").waitFor();
    await agent.call("TaskNext", {});
    await list.getByRole("link", { name: /In progress: Running the tests claude/ }).waitFor();
    await list.getByText("0 of 2 done, 1 in progress").waitFor();
    await agent.call("TaskUpdate", { taskId: "1", status: "completed" });
    await list.getByText("1 of 2 done").waitFor();
    await list.getByRole("heading", { name: "Free to begin 1" }).waitFor();

    await agent.call("TodoWrite", {
      todos: [
        { content: "Tag the release", status: "in_progress", activeForm: "Tagging the release" },
        { content: "Tell everybody", status: "pending", activeForm: "Telling everybody" },
      ],
    });
    const steps = page.getByRole("region", { name: "claude is doing" });
    await steps.getByText("Tagging the release").waitFor();
    await steps.getByText("0 of 2 done").waitFor();
    await agent.call("TodoWrite", { todos: [] });
    await steps.waitFor({ state: "detached" });

    // Among all tasks it does not stand, and says where it does.
    await page.goto(`${world.url}/w/${workspace.id}/tasks`);
    await page.getByText("What agents keep on lists is under Work.").waitFor();
    await page.getByRole("link", { name: "Agents' work 0 running, 1 done" }).waitFor();
    await page.goto(`${world.url}/w/${workspace.id}/tasks?list=sprint-7`);
    await page.getByRole("link", { name: /Ship it/ }).waitFor();
    assert.deepEqual(
      (await room.get("/tasks?list=sprint-7")).tasks.map(({ title }) => title),
      ["Ship it", "Run the tests"],
    );
    assert.deepEqual((await room.get("/tasks?list=another")).tasks, []);
  } finally {
    await agent.close();
    await page.context().close();
  }
});

test("a person completes a task of a list without a network, and what waits for it is free when the network is back", async () => {
  const { workspace, token } = await settle(world);
  const agent = await StreamableAgent.connect(token.mcpUrl, { agent: "claude" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  try {
    await agent.call("TaskCreate", { subject: "Sign the contract" });
    await agent.call("TaskCreate", { subject: "Order the servers", blockedBy: ["1"] });
    await page.getByRole("link", { name: /Sign the contract/ }).click();
    await page.getByRole("button", { name: "Task actions" }).waitFor();
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Task actions" }).click();
    await page.getByRole("menuitem", { name: /complete/i }).click();
    await page
      .getByText(/^Completed/)
      .first()
      .waitFor();
    assert.equal((await agent.call("TaskGet", { taskId: "1" })).status, "pending");
    await page.context().setOffline(false);
    for (let tries = 0; (await agent.call("TaskGet", { taskId: "1" })).status !== "completed"; tries++) {
      assert.ok(tries < 100, "what was done without a network has arrived");
      await sleep(100);
    }
    assert.equal((await agent.call("TaskNext", {})).task.id, "2");
  } finally {
    await agent.close();
    await page.context().close();
  }
});

test("what waits for what is a picture that a keyboard walks, with the critical path and the same as a list", async () => {
  const { workspace, token } = await settle(world);
  const agent = await StreamableAgent.connect(token.mcpUrl, { agent: "claude", list: "sprint-8" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  try {
    await agent.call("TaskCreate", { subject: "Draw the plan" });
    await agent.call("TaskCreate", { subject: "Build the bridge", blockedBy: ["1"] });
    await agent.call("TaskCreate", { subject: "Paint the bridge", blockedBy: ["2"] });
    await agent.call("TaskCreate", { subject: "Invite the mayor", blockedBy: ["1"] });
    await page.getByRole("navigation", { name: "Forms of sprint-8" }).getByRole("link", { name: "Graph" }).click();
    const picture = page.getByRole("application", { name: "Picture of sprint-8" });
    await picture.focus();
    await page.getByRole("button", { name: "Critical path: 3 tasks" }).waitFor();

    await page.keyboard.press("ArrowRight");
    const chosen = page.getByRole("region", { name: /^Chosen: / });
    await chosen.getByRole("heading", { name: "Draw the plan" }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await chosen.getByRole("heading", { name: "Paint the bridge" }).waitFor();
    await chosen.getByText("3 of 3 on the critical path").waitFor();
    await page
      .locator("[aria-live]", { hasText: "#3 Paint the bridge, waiting, waits for #2" })
      .waitFor({ state: "attached" });
    assert.equal(new URL(page.url()).searchParams.get("task")?.length, 11);

    // It follows what becomes of the tasks while somebody looks.
    await agent.call("TaskUpdate", { taskId: "1", status: "completed" });
    await page.getByRole("button", { name: "Critical path: 2 tasks" }).waitFor();
    await page.getByText("The same as a list").click();
    await page.getByRole("link", { name: /#2 Build the bridge free to begin · waits for #1 · blocks #3/ }).waitFor();

    await picture.focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/tasks\/\w{11}\?list=sprint-8$/);
    await page.getByRole("heading", { level: 1, name: "Build the bridge" }).waitFor();
  } finally {
    await agent.close();
    await page.context().close();
  }
});

test("a person changes a task's place in its list without a network: it is seen at once, and who has it is told once there is one", async () => {
  const { workspace, token } = await settle(world);
  const claude = await StreamableAgent.connect(token.mcpUrl, { agent: "claude" });
  const codex = await StreamableAgent.connect(token.mcpUrl, { agent: "codex" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/work`);
  await page.setViewportSize({ width: 1440, height: 900 });
  const told = (agent, words) => agent.hears(({ content }) => content.includes(words));
  try {
    await claude.call("TaskCreate", { subject: "Sign the contract" });
    await claude.call("TaskCreate", { subject: "Order the servers", blockedBy: ["1"] });
    await claude.call("TaskCreate", { subject: "Buy the cables" });
    await claude.call("TaskUpdate", { taskId: "3", status: "in_progress", owner: "claude" });
    await codex.call("TaskList", {});
    await page.getByRole("link", { name: /Buy the cables/ }).click();
    await page.getByRole("button", { name: "Task actions" }).waitFor();
    await syncs(page, /^All saved$/);
    await isKept(page);
    await page.context().setOffline(true);

    const edit = async () => {
      await page.getByRole("button", { name: "Task actions" }).click();
      await page.getByRole("menuitem", { name: "Change its place in the list" }).click();
      const form = page.getByRole("dialog");
      await form.getByLabel("Priority").waitFor();
      return form;
    };
    const form = await edit();
    await form.getByLabel("Priority").selectOption("P0");
    await form.getByLabel(/Blocked because/).fill("The shop is closed");
    await form.getByRole("searchbox").fill("contract");
    await form.getByRole("button", { name: /#1 Sign the contract/ }).click();
    await form.getByRole("button", { name: "Save" }).click();
    const facts = page.getByRole("complementary", { name: "About this task" });
    await facts.getByText("P0").waitFor();
    await facts.getByText("The shop is closed").waitFor();
    await facts.getByText("Will wait for #1, once there is a network").waitFor();

    // A circle is named before it is asked for.
    await page.goto(`${world.url}/w/${workspace.id}/work`);
    await page.getByRole("link", { name: /Sign the contract/ }).click();
    const other = await edit();
    await other.getByRole("searchbox").fill("2");
    await other.getByText("would go in a circle: #1 → #2 → #1").waitFor();
    await other.getByRole("searchbox").press("Enter");
    assert.equal(await other.getByRole("list", { name: "What it waits for" }).count(), 0);
    await other.getByLabel("Owner").selectOption("codex");
    await other.getByRole("button", { name: "Save" }).click();
    await facts.getByText("For codex").waitFor();
    assert.deepEqual([claude.heard.length, codex.heard.length], [0, 0]);

    await page.context().setOffline(false);
    await told(claude, "Status: priority P0, was none; blocked: The shop is closed");
    await told(claude, "Status: waits for #1");
    await told(codex, "(given to you) Sign the contract");
    await facts.getByText("For codex").waitFor();
    const task = await claude.call("TaskGet", { taskId: "3" });
    assert.deepEqual([task.blockedBy, task.metadata.priority], [["1"], "P0"]);

    // What somebody has begun is taken away, and back it goes to whoever comes.
    await page.goto(`${world.url}/w/${workspace.id}/work`);
    await page.getByRole("link", { name: /Buy the cables/ }).click();
    const last = await edit();
    await last.getByRole("button", { name: "Wait no more for #1" }).click();
    await last.getByLabel(/Blocked because/).fill("");
    await last.getByLabel("Owner").selectOption("");
    await last.getByRole("button", { name: "Save" }).click();
    await told(claude, "Status: ongoing → notstarted: taken away: it is nobody's now");
    assert.equal((await codex.call("TaskNext", {})).task.id, "3");
  } finally {
    await claude.close();
    await codex.close();
    await page.context().close();
  }
});
