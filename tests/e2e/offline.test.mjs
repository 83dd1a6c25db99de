// One visit, then no network: the page opens, shows what it knows, and takes what a person does; all of it goes out in order when the
// network is back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isForgotten, isKept, syncs } from "../lib/page.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await world?.end();
});

const reply = async (page, text) => {
  await page.getByRole("textbox", { name: /reply|answer|comment/i }).fill(text);
  await page.getByRole("button", { name: "Send reply" }).click();
  await page.getByText(text).first().waitFor();
};
/** What went wrong in the page, but for the network that was not there. */
const faults = (page) => page.troubles.filter((trouble) => !trouble.includes("ERR_INTERNET_DISCONNECTED"));

test("after one visit everything works without a network, over a reload, and goes out in order when it is back", async (t) => {
  const { workspace, room, token } = await settle(world, { name: "Train" });
  const agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
  t.after(() => agent.close());
  const { task_id: asked } = await agent.call("createTask", {
    title: "Question: which region?",
    body: "Please **say**.",
    assignee: "human",
  });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${asked}`);
  await page.getByText("Please say.").waitFor();
  await isKept(page);

  await page.context().setOffline(true);
  await page.reload();
  await page.getByText("Please say.").waitFor();
  await syncs(page, /^Offline$/);

  await reply(page, "First words from the train");
  await page
    .getByLabel("Files to attach")
    .setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("written in the train") });
  await page.getByText("notes.txt").first().waitFor();
  await reply(page, "Second words, with a file");
  await syncs(page, /^Offline · 2 changes wait$/);

  await page.goto(`${world.url}/w/${workspace.id}/tasks?new=task`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("Made without a network");
  await dialog.getByRole("button", { name: "Create task" }).click();
  await page.getByText("Made without a network").first().waitFor();
  await isKept(page, { table: "queue", has: "Made without a network" });
  await page.goto(`${world.url}/w/${workspace.id}/tasks/${asked}`);
  await page.getByRole("button", { name: "Task actions" }).click();
  await page.getByRole("menuitem", { name: "Mark as ongoing" }).click();
  await syncs(page, /^Offline · 4 changes wait$/);
  await isKept(page, { table: "queue", has: "setStatus" });

  await page.reload();
  await page.getByText("Second words, with a file").waitFor();
  await syncs(page, /^Offline · 4 changes wait$/);

  await page.context().setOffline(false);
  const heard = await agent.hears(({ content }) => content.includes("Second words"), 20_000);
  assert.ok(agent.heard.findIndex(({ content }) => content.includes("First words")) < agent.heard.indexOf(heard));
  await syncs(page, /^All saved$/);
  await page
    .getByText(/^(Reached|Seen by|Sent to) claude/)
    .first()
    .waitFor();

  const { messages } = await room.get(`/tasks/${asked}/messages`);
  assert.deepEqual(
    messages.slice(1).map(({ text, attachments }) => [text, attachments.map(({ filename }) => filename)]),
    [
      ["First words from the train", []],
      ["Second words, with a file", ["notes.txt"]],
    ],
  );
  const [file] = messages[2].attachments;
  const bytes = await room.get(`/attachments/${file.id}`);
  assert.equal(Buffer.from(bytes).toString(), "written in the train");
  assert.equal((await room.get(`/tasks/${asked}`)).status, "ongoing");
  const { tasks } = await room.get("/tasks");
  assert.deepEqual(tasks.filter(({ title }) => title === "Made without a network").length, 1);
  assert.deepEqual(faults(page), []);
  await page.context().close();
});

test("whatever a person does without a network goes out in the order in which it was done", async () => {
  const { workspace, room } = await settle(world, { name: "In order" });
  const task = await room.make("/tasks", { title: "The first title", body: "Old.", assignee: "human" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${task.id}`);
  await page.getByText("Old.").first().waitFor();
  await isKept(page);
  // In the order in which each went out first: what is on its way when the browser says that the network is back goes out once more.
  const sent = new Set();
  const notes = (request) => {
    if (request.url().endsWith("/commands"))
      for (const { command } of request.postDataJSON().commands) sent.add(`${command.type} ${command.id}`);
    if (request.url().includes("/attachments?")) sent.add("a file");
  };
  const through = [];
  page.on(
    "requestfinished",
    (request) => /\/commands$|\/attachments\?/.test(request.url()) && through.push(request.url()),
  );
  await page.context().setOffline(true);
  const files = { name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("the plan") };
  await page.getByLabel("Files to attach").setInputFiles(files);
  await reply(page, "With a file");
  await page.getByRole("button", { name: "Task actions" }).click();
  await page.getByRole("menuitem", { name: "Mark as ongoing" }).click();
  await page.getByRole("button", { name: "Task actions" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("The second title");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "The second title" }).waitFor();
  await reply(page, "After the edit");
  await page.getByRole("heading", { name: "The second title" }).click();
  await page.keyboard.press("c");
  await dialog.getByLabel("Title").fill("Another task");
  await dialog.getByRole("button", { name: "Create task" }).click();
  await dialog.waitFor({ state: "detached" });
  await syncs(page, /^Offline · 5 changes wait$/);
  assert.deepEqual(through, []);

  page.on("request", notes);
  await page.context().setOffline(false);
  await syncs(page, /^All saved$/);
  const kinds = [...sent].map((one) => one.replace(/ [0-9A-Za-z]{11}$/, ""));
  assert.deepEqual(kinds, ["a file", "postMessage", "setStatus", "editTask", "postMessage", "createTask"]);
  const now = await room.get(`/tasks/${task.id}`);
  assert.deepEqual([now.title, now.status, now.attachments, now.messages], ["The second title", "ongoing", 1, 3]);
  await page.context().close();
});

test("storage that the browser takes away while words wait takes nothing along: the page says so, and sends them", async () => {
  const { workspace, room } = await settle(world, { name: "Cleared" });
  const task = await room.make("/tasks", { title: "Cleared", assignee: "human" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${task.id}`);
  await page.getByRole("heading", { name: "Cleared" }).waitFor();
  await syncs(page, /^All saved$/);
  await page.context().setOffline(true);
  await reply(page, "Words that wait");
  await syncs(page, /^Offline · 1 change waits$/);
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin: world.url, storageTypes: "indexeddb" });
  await page.getByText("This browser keeps nothing: stay until all is saved").waitFor();
  await reply(page, "And words after that");
  await syncs(page, /^Offline · 2 changes wait$/);
  await page.context().setOffline(false);
  await syncs(page, /^All saved$/);
  const { messages } = await room.get(`/tasks/${task.id}/messages`);
  assert.deepEqual(
    messages.slice(1).map(({ text }) => text),
    ["Words that wait", "And words after that"],
  );
  await page.context().close();
});

test("of two people in one browser profile neither sees nor sends what the other has waiting", async () => {
  const { workspace, room } = await settle(world, { name: "Shared" });
  const task = await room.make("/tasks", { title: "Shared", assignee: "human" });
  const path = `/w/${workspace.id}/tasks/${task.id}`;
  const page = await signedInPage(browser, world, path);
  await page.getByRole("heading", { name: "Shared" }).waitFor();
  await syncs(page, /^All saved$/);
  let sent = 0;
  await page.route("**/commands", (route) => {
    sent++;
    return route.abort();
  });
  await reply(page, "The first person's words");
  await syncs(page, /1 change/);

  // From here on the server says that somebody else is signed in here.
  await page.route("**/api/session", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { person: { id: "00000000p02", name: "Ben" } } });
  });
  await page.reload();
  await page.getByRole("heading", { name: "Shared" }).waitFor();
  await page.waitForFunction(() => localStorage.getItem("agentrq.person")?.includes("Ben"));
  await syncs(page, /^All saved$/);
  assert.equal(await page.getByText("The first person's words").count(), 0);
  const before = sent;
  await page.evaluate(() => globalThis.dispatchEvent(new Event("online")));
  await syncs(page, /^All saved$/);
  assert.equal(sent, before, "nothing of hers is sent as his");

  await page.unroute("**/api/session");
  await page.unroute("**/commands");
  await page.reload();
  await page.getByText("The first person's words").waitFor();
  await syncs(page, /^All saved$/);
  const { messages } = await room.get(`/tasks/${task.id}/messages`);
  assert.equal(messages[1].text, "The first person's words");
  await page.context().close();
});

test("a list of workspaces that is still being kept for one person holds up nothing of the next", async () => {
  const { workspace } = await settle(world, { name: "Handed over" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks`);
  await syncs(page, /^All saved$/);
  await isKept(page);

  // In the page to come her database is read but not written, and she is taken for somebody else once her list is here.
  await page.addInitScript(async () => {
    const found = (await globalThis.indexedDB.databases()).find(({ name }) => name?.startsWith("agentrq-"));
    const request = globalThis.indexedDB.open(found.name);
    request.onsuccess = () => {
      const queue = request.result.transaction("queue").objectStore("queue");
      const hold = () => (queue.count().onsuccess = hold);
      hold();
    };
  });
  await page.route("**/api/session", async (route) => {
    const response = await route.fetch();
    // As the page has it: of an answer that is through already, the browser does not always tell us so.
    await page.waitForFunction(() =>
      performance
        .getEntriesByType("resource")
        .some(({ name, responseEnd }) => responseEnd > 0 && name.endsWith("/api/workspaces")),
    );
    await page.getByRole("button", { name: /Handed over/ }).waitFor();
    await route.fulfill({ response, json: { person: { id: "00000000p03", name: "Eve" } } });
  });
  await page.reload();
  await page.waitForFunction(() => localStorage.getItem("agentrq.person")?.includes("Eve"));
  await syncs(page, /^All saved$/);
  await page.context().close();
});

test("keeping the page is taken up again when the network returns, and until then the page does not say that it works without one", async () => {
  const { workspace } = await settle(world, { name: "Interrupted" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/settings`);
  const line = page.getByTestId("kept");
  await line.filter({ hasText: "Works without a network." }).waitFor();
  await isKept(page);

  // As if the network had gone before the last parts were here.
  const lacking = await page.evaluate(async () => {
    const [name] = await globalThis.caches.keys();
    const cache = await globalThis.caches.open(name);
    const lazy = (await cache.keys()).map(({ url }) => new URL(url).pathname).filter((path) => /pdf/u.test(path));
    for (const path of lazy) await cache.delete(path);
    return lazy;
  });
  assert.ok(lacking.length > 0);
  await (await page.context().newCDPSession(page)).send("Network.clearBrowserCache");
  await page.context().setOffline(true);
  await page.reload();
  await line.filter({ hasText: "Not all of it is on this device yet" }).waitFor();
  await page.getByText("Not all of this page is on this device").waitFor();
  await page.context().setOffline(false);
  await line.filter({ hasText: "Works without a network." }).waitFor();
  assert.ok(
    await page.evaluate(async (paths) => {
      for (const path of paths) if (!(await globalThis.caches.match(path))) return false;
      return true;
    }, lacking),
  );
  await page.context().close();
});

test("words that were begun are there after a reload", async () => {
  const { workspace, room } = await settle(world, { name: "Drafts" });
  const task = await room.make("/tasks", { title: "Half an answer", assignee: "human" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${task.id}`);
  const field = page.getByRole("textbox", { name: /reply|answer|comment/i });
  await field.fill("Half a sent");
  await isKept(page, { table: "drafts", has: "Half a sent" });
  await page.reload();
  await page.waitForFunction(() => globalThis.document.querySelector("textarea")?.value === "Half a sent", null, {
    timeout: 30_000,
  });
  await page.context().close();
});

test("a new task that was begun and left is there again, also after a reload, until it is made or thrown away", async () => {
  const { workspace } = await settle(world, { name: "Begun" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks?new=task`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Title").fill("Half a thought");
  await dialog.getByLabel("Details").fill("and some words");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await isKept(page, { table: "drafts", has: "Half a thought" });
  await page.goto(`${world.url}/w/${workspace.id}/tasks?new=task`);
  await dialog.getByText("You had begun this.").waitFor();
  assert.equal(await dialog.getByLabel("Details").inputValue(), "and some words");
  await dialog.getByRole("button", { name: "Create task" }).click();
  await page.getByText("Half a thought").first().waitFor();
  await page.locator("body").press("c");
  await dialog.getByLabel("Title").waitFor();
  assert.equal(await dialog.getByLabel("Title").inputValue(), "");
  assert.equal(await dialog.getByText("You had begun this.").count(), 0);
  await page.context().close();
});

test("signing out with words that wait asks first, and then nothing of the person is left", async () => {
  const { workspace, room } = await settle(world, { name: "Leaving" });
  const task = await room.make("/tasks", { title: "Unsaid", assignee: "human" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/tasks/${task.id}`);
  await page.getByRole("heading", { name: "Unsaid" }).waitFor();
  await syncs(page, /^All saved$/);
  await page.route("**/commands", (route) => route.abort());
  await reply(page, "Not sent yet");
  // It is shown before it is kept, and who goes in between still has it as a draft.
  await isKept(page, { table: "queue", has: "Not sent yet" });
  await page.goto(`${world.url}/workspaces`);
  await page.getByRole("button", { name: "Sign out" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign out?" });
  await dialog.getByText("Not sent yet").waitFor();
  await dialog.getByRole("button", { name: "Stay" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Sign out" }).click();
  await dialog.getByRole("button", { name: "Sign out and discard" }).click();
  await page.getByRole("heading", { name: /Sign in/ }).waitFor();
  await isForgotten(page);
  await page.context().close();
});
