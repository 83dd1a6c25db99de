// A thread as it is read: diffs, code, files of every kind, long texts and long threads, in a real page under its real policy.
/* global document, getComputedStyle, getSelection, innerHeight, innerWidth, requestAnimationFrame */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { pdf, png, wav } from "../lib/files.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const diff = `diff --git a/src/sessions.rs b/src/sessions.rs
--- a/src/sessions.rs
+++ b/src/sessions.rs
@@ -12,3 +12,3 @@ impl Sessions {
     let before = self.rows.len();
-    self.rows.retain(|row| now - row.created_at < Days(30));
+    self.rows.retain(|row| now - row.last_seen_at < Days(90));
     before
@@ -80,2 +80,3 @@ mod tests {
     fn one() {}
+    fn two() {}
     fn three() {}
`;

let world;
let browser;
let room;
let workspace;
let agent;
before(async () => {
  world = await startWorld();
  browser = await openBrowser();
  let token;
  ({ room, workspace, token } = await settle(world, { name: "Reading" }));
  agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
});
after(async () => {
  await agent?.close();
  await browser?.close();
  await world?.end();
});

/** Opens a task; `refusals` are what the page's policy has refused. */
async function open(task, { id } = workspace) {
  const page = await signedInPage(browser, world, `/w/${id}/tasks/${task}`);
  await page.evaluate(() => {
    globalThis.refusals = [];
    document.addEventListener("securitypolicyviolation", (event) => globalThis.refusals.push(event.violatedDirective));
  });
  await page.locator("#task-title").waitFor();
  return page;
}

async function close(page) {
  assert.deepEqual(await page.evaluate(() => globalThis.refusals), []);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
}

const asked = async (task) => (await agent.call("createTask", { assignee: "human", ...task })).task_id;

describe("prose", () => {
  test("has its code in shades, its links to tasks, its own direction and no heading above the page's", async () => {
    const first = await room.get(`/tasks/${await asked({ title: "The first", body: "x" })}`);
    const task = await asked({
      title: "Read this",
      body: `See #${first.number} and #99999.\n\n# Big\n\n\`\`\`rust\nfn main() {} // why\n\`\`\`\n\nשלום עולם\n`,
    });
    const page = await open(task);
    const ask = page.getByRole("region", { name: "What is asked" });
    await ask.locator(".keyword", { hasText: "fn" }).waitFor();
    await ask.getByRole("link").first().waitFor();
    assert.equal(await ask.getByRole("link").count(), 1);
    assert.equal(await ask.locator("p", { hasText: "שלום" }).evaluate((it) => getComputedStyle(it).direction), "rtl");
    assert.equal(await ask.getByRole("heading", { name: "Big", level: 2 }).count(), 1);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await ask.getByRole("button", { name: "Copy What it is about, exactly" }).click();
    await ask.getByText("Copied", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "fn main() {} // why");
    await ask.getByRole("link").click();
    await page.getByRole("heading", { name: "The first" }).waitFor();
    await close(page);
  });
});

describe("a diff", () => {
  test("is a table of its lines, which keys walk, quote and tick off", async () => {
    const task = await asked({ title: "Approve: this change", body: `Please:\n\n\`\`\`diff\n${diff}\`\`\`\n` });
    const page = await open(task);
    const table = page.getByRole("table", { name: "Changes in src/sessions.rs" });
    await table.waitFor();
    const row = table.getByRole("row", { name: /^13 added/u });
    assert.match(await row.innerText(), /self\.rows\.retain/u);
    assert.deepEqual(await row.locator("mark").allInnerTexts(), ["last_seen_at", "90"]);
    // In one column what was stands above what is; in two beside it.
    assert.equal(await table.getByRole("row", { name: /^13 removed/u }).count(), 1);
    await page.getByRole("button", { name: "Side by side" }).click();
    await table.getByRole("row", { name: /^13 removed.*13 added/u }).waitFor();

    await page.locator("#task-title").focus();
    await page.keyboard.press("]");
    await page.keyboard.press("]");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /mod tests/u);
    await page.keyboard.press("[");
    assert.match(await page.evaluate(() => document.activeElement.textContent), /impl Sessions/u);

    await table.locator("[data-line]").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const reply = page.getByRole("textbox", { name: "Reply" });
    assert.match(await reply.inputValue(), /^src\/sessions\.rs:13\n```diff\n\+ {4}self\.rows\.retain/u);
    assert.equal(await reply.evaluate((it) => it === document.activeElement), true);

    await page.locator("#task-title").focus();
    await page.keyboard.press("v");
    await table.waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("checkbox", { name: "Viewed src/sessions.rs" }).waitFor();
    assert.equal(await page.getByRole("checkbox", { name: "Viewed src/sessions.rs" }).isChecked(), true);
    assert.equal(await table.count(), 0);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  });

  test("that does not add up is the text that it is", async () => {
    const wrong = "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n-one\n+two\n";
    const page = await open(await asked({ title: "Approve: wrong numbers", body: `\`\`\`diff\n${wrong}\`\`\`` }));
    const text = page.getByRole("group", { name: "Diff" });
    await text.waitFor();
    assert.equal(await text.innerText(), wrong.trimEnd());
    assert.equal(await page.getByRole("table").count(), 0);
    await close(page);
  });

  test("of twenty thousand lines opens, and only what is near stands in the page", async () => {
    const hunk = (at) =>
      `@@ -${at * 20 + 1},8 +${at * 20 + 1},8 @@\n a\n b\n c\n-old ${at}\n+new ${at}\n d\n e\n f\n g\n`;
    const text = `--- a/big\n+++ b/big\n${Array.from({ length: 2000 }, (_, at) => hunk(at)).join("")}`;
    const task = await asked({
      title: "A long change",
      body: "See the file.",
      attachments: [
        { id: "d", filename: "big.patch", mimeType: "text/plain", data: Buffer.from(text).toString("base64") },
      ],
    });
    await agent.call("updateTaskStatus", { task_id: task, status: "completed" });
    const page = await open(task);
    await page.getByRole("button", { name: "Preview big.patch" }).click();
    // Nobody decides on it: a file of more than 400 lines waits to be asked for.
    await page.getByRole("button", { name: "Show 18,000 lines" }).click();
    await page.getByText("new 0", { exact: true }).waitFor();
    assert.ok((await page.locator("[data-line]").count()) < 2000);
    await page.locator(".scroll").evaluate((it) => it.scrollTo({ top: it.scrollHeight * 0.5 }));
    await page
      .locator("[data-line]", { hasText: /new (9|1[01])\d\d/u })
      .first()
      .waitFor();
    await page
      .locator("[data-line]", { hasText: /^ *4 *4 a$/u })
      .first()
      .waitFor({ state: "detached" });
    assert.ok((await page.locator("[data-line]").count()) < 4000);
    await close(page);
  });
});

describe("files", () => {
  test("are seen under the page's own policy: pictures, drawings, recordings, PDF, tables; what could run is text", async () => {
    const harmful =
      '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="60" onload="window.pwned=1"><script>window.pwned=1</script><rect width="80" height="60"/></svg>';
    const files = [
      ["graph.png", "image/png", png(800, 500)],
      ["drawing.svg", "image/svg+xml", Buffer.from(harmful)],
      ["note.wav", "audio/wav", wav()],
      ["report.pdf", "application/pdf", pdf(["First page", "Second page", "Third page"])],
      ["rows.csv", "text/csv", Buffer.from('id,name\n1,"Smith, Ann"\n')],
      ["page.html", "text/html", Buffer.from("<script>window.pwned=1</script>")],
      [`${"ש".repeat(100)}.txt`, "text/plain", Buffer.from("short")],
    ];
    const task = await asked({
      title: "Look at these",
      body: "Files.",
      attachments: files.map(([filename, mimeType, data], index) => ({
        id: `f${index}`,
        filename,
        mimeType,
        data: data.toString("base64"),
      })),
    });
    const page = await open(task);
    const open_ = (name) => page.getByRole("button", { name, exact: true }).click();

    // The room of a picture is there before the picture.
    await page.locator('img[src^="blob:"]').nth(1).waitFor();
    const drawn = (locator) => locator.evaluate(async (image) => (await image.decode(), image.naturalWidth));
    assert.equal(await drawn(page.locator("figure", { hasText: "graph.png" }).locator("img")), 800);
    assert.equal(await drawn(page.locator("figure", { hasText: "drawing.svg" }).locator("img")), 80);
    await open_("Open graph.png");
    const box = page.getByRole("dialog", { name: "graph.png" });
    await box.getByRole("button", { name: "100 %, fit to the page" }).waitFor();
    await box.locator('img[style*="width"]').waitFor();
    await page.keyboard.press("+");
    await box.getByRole("button", { name: "125 %, fit to the page" }).waitFor();
    assert.equal(Math.round((await box.locator("img").boundingBox()).width), 1000);
    await page.keyboard.press("0");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("dialog", { name: "drawing.svg" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await open_("Play note.wav");
    await page.waitForFunction(() => document.querySelector("audio")?.duration === 1);
    await open_("Preview report.pdf");
    await page.getByRole("group", { name: "Page 1" }).getByText("First page").waitFor();
    const ink = await page
      .getByRole("group", { name: "Page 1" })
      .locator("canvas")
      .evaluate((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, at) => at % 4 < 3 && value < 128);
      });
    assert.equal(ink, true);
    await open_("Open all 3 pages");
    const third = page.getByRole("dialog", { name: "report.pdf" }).getByRole("group", { name: "Page 3" });
    await third.scrollIntoViewIfNeeded();
    await third.getByText("Third page").waitFor();
    await page.keyboard.press("Escape");
    await open_("Preview rows.csv");
    await page.getByRole("cell", { name: "Smith, Ann" }).waitFor();
    await open_("Preview page.html");
    await page.getByRole("group", { name: "page.html" }).getByText("<script>window.pwned=1</script>").waitFor();
    await page.getByRole("button", { name: /^Preview ש+\.txt$/u }).click();
    await page.getByText("short", { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    await close(page);
  });

  test("that are not what they say are told to be so", async () => {
    const task = await asked({
      title: "Broken files",
      body: "Files.",
      attachments: [
        { id: "a", filename: "no.png", mimeType: "image/png", data: Buffer.from("no").toString("base64") },
        { id: "b", filename: "no.pdf", mimeType: "application/pdf", data: Buffer.from("no").toString("base64") },
      ],
    });
    const page = await open(task);
    await page.getByText("This file is not a picture that can be shown.").waitFor();
    await page.getByRole("button", { name: "Preview no.pdf" }).click();
    await page.getByText("This file is not a PDF that can be shown.").waitFor();
    await close(page);
  });

  test("that did not come are asked for again", async () => {
    const data = png(40, 30).toString("base64");
    const task = await asked({
      title: "A picture",
      body: "Here.",
      attachments: [{ id: "p", filename: "late.png", mimeType: "image/png", data }],
    });
    const page = await open(await asked({ title: "No picture", body: "None." }));
    await page.route("**/attachments/*", (route) => route.abort());
    await page.goto(`${world.url}/w/${workspace.id}/tasks/${task}`);
    const again = page.getByRole("button", { name: "Try again" });
    await again.waitFor();
    await page.unroute("**/attachments/*");
    await again.click();
    await page.locator('figure img[src^="blob:"]').waitFor();
    assert.equal(await again.count(), 0);
    for (const trouble of page.troubles) assert.match(trouble, /ERR_FAILED/u);
    await page.context().close();
  });
});

describe("much to read", () => {
  test("a body of ten thousand lines is folded, holds the approval back, and is then all there", async () => {
    const body = Array.from({ length: 10_000 }, (_, at) => `line ${at}`).join("\n");
    const page = await open(await asked({ title: "Approve: all of it", body }));
    await page.getByRole("button", { name: "Show all 10000 lines" }).click();
    await page.getByText("line 199", { exact: false }).first().waitFor();
    assert.ok((await page.locator("article *").count()) < 2000);
    await page.locator(".scroll").evaluate((it) => it.scrollTo({ top: it.scrollHeight }));
    await page.getByText("line 9999", { exact: false }).first().waitFor();
    await close(page);
  });

  test("a long thread opens at its foot, and gives what was before to who scrolls up, without a jump", async () => {
    const { id: task } = await room.make("/tasks", { title: "A long talk", body: "Let us talk.", assignee: "agent" });
    const texts = Array.from({ length: 260 }, (_, at) => `Message ${at} of many, with some words that may wrap.`);
    for (const text of texts) await agent.call("reply", { chat_id: task, text });
    const page = await open(task);
    await page.getByText("Message 259 of many").waitFor();
    await page.waitForFunction(() => {
      const pane = document.querySelector(".scroll");
      return pane.scrollHeight - pane.scrollTop - pane.clientHeight < 48;
    });
    // What is in sight stays where it is, whatever comes above it.
    const places = await page.locator(".scroll").evaluate(async (pane) => {
      const found = [];
      const until = (true_) =>
        new Promise((done) => {
          const look = () => (true_() ? done() : requestAnimationFrame(look));
          look();
        });
      const missing = () =>
        Number(document.querySelector("[data-earlier] .meta")?.textContent.match(/^\d+/u)?.[0] ?? NaN);
      while (document.querySelector("[data-earlier]")) {
        const before = missing();
        const message = [...pane.querySelectorAll("[data-message]")].find(
          (it) => it.getBoundingClientRect().top > pane.getBoundingClientRect().top,
        );
        pane.scrollTop -= 600;
        await new Promise(requestAnimationFrame);
        const top = message?.isConnected ? message.getBoundingClientRect().top : null;
        if (pane.scrollTop > 1000) continue;
        await until(() => !document.querySelector("[data-earlier]") || (missing() < before && !isNaN(missing())));
        if (top !== null && message.isConnected) found.push(Math.abs(message.getBoundingClientRect().top - top));
      }
      return found;
    });
    assert.ok(places.length >= 1);
    for (const moved of places) assert.ok(moved < 4, `moved by ${moved}`);
    await page.locator(".scroll").evaluate((it) => it.scrollTo({ top: 0 }));
    await page.getByText("Message 0 of many").waitFor();
    await close(page);
  });

  test("a message has an address, however far back it stands", async () => {
    const { id: task } = await room.make("/tasks", { title: "Far back", body: "Talk.", assignee: "agent" });
    await agent.call("reply", { chat_id: task, text: "The one that is sought" });
    for (let at = 0; at < 150; at++) await agent.call("reply", { chat_id: task, text: `Later ${at}` });
    const { messages } = await room.get(`/tasks/${task}/messages?order=asc&limit=2`);
    const page = await open(`${task}?message=${messages[1].id}`);
    const found = page.locator(`[id="m-${messages[1].id}"]`);
    await found.waitFor();
    await page.waitForFunction((id) => document.activeElement?.id === id, `m-${messages[1].id}`);
    await page.waitForFunction((id) => {
      const { top, bottom } = document.getElementById(id).getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    }, `m-${messages[1].id}`);
    assert.equal(new URL(page.url()).search, "");
    await close(page);
  });
});

describe("an answer", () => {
  test("quotes words that were marked, and says what it waits for", async () => {
    const alone = await settle(world, { name: "Nobody here" });
    const { id: task } = await alone.room.make("/tasks", { title: "For nobody", body: "Talk.", assignee: "agent" });
    await alone.room.make(`/tasks/${task}/messages`, { text: "These are the words." });
    const page = await open(task, alone.workspace);
    const words = page.locator(".html", { hasText: "These are the words." });
    await words.waitFor();
    await words.evaluate((it) => getSelection().selectAllChildren(it));
    await page.getByRole("button", { name: "Quote", exact: true }).click();
    const reply = page.getByRole("textbox", { name: "Reply" });
    assert.equal(await reply.inputValue(), "> These are the words.\n\n");
    await page.keyboard.type("Yes.");
    await page.keyboard.press("Control+Enter");
    await page.locator("blockquote", { hasText: "These are the words." }).waitFor();
    await page.getByText("Queued: no agent is connected").nth(2).waitFor();
    await close(page);
  });

  test("can be quoted from the menu of any message, which lies over those below it", async () => {
    const task = await asked({ title: "Much was said", body: "Please." });
    for (let at = 0; at < 6; at++) await room.make(`/tasks/${task}/messages`, { text: `Line ${at}.` });
    const page = await open(task);
    const list = page.getByRole("list", { name: "Messages" });
    await list.getByText("Line 5.").waitFor();
    for (const at of [1, 5]) {
      const message = list.locator("article", { hasText: `Line ${at}.` });
      await message.hover();
      await message.getByRole("button", { name: /^More about/ }).click();
      for (const name of ["Quote in your reply", "Copy text", "Copy link"])
        await page.getByRole("menuitem", { name }).click({ trial: true });
      await page.getByRole("menuitem", { name: "Quote in your reply" }).click();
      const reply = page.getByRole("textbox", { name: "Reply" });
      assert.equal(await reply.inputValue(), `> Line ${at}.\n\n`);
      await reply.fill("");
    }
    await close(page);
  });

  test("is sent by its button, and the next can be written at once: the field is never left", async () => {
    const page = await open(await asked({ title: "Talk to me", body: "Please." }));
    const reply = page.getByRole("textbox", { name: "Reply" });
    await reply.click();
    await page.evaluate(() => {
      globalThis.left = 0;
      document.activeElement.addEventListener("blur", () => (globalThis.left += 1));
    });
    for (const words of ["One.", "Two."]) {
      await page.keyboard.type(words);
      await page.getByRole("button", { name: "Send reply" }).click();
      await page.getByRole("list", { name: "Messages" }).getByText(words).waitFor();
    }
    assert.equal(await page.evaluate(() => globalThis.left), 0);
    // Who comes from elsewhere is taken there.
    await reply.fill("Three.");
    await page.getByRole("button", { name: "Send reply" }).press("Enter");
    await page.getByRole("list", { name: "Messages" }).getByText("Three.").waitFor();
    assert.equal(await reply.evaluate((it) => it === document.activeElement), true);
    await close(page);
  });
});
