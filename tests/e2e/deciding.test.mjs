// Deciding in the page, with a real agent on the other side: yes and no, a yes that is held, answers to choose from, a changed text, a card
// that changed meanwhile, and somebody who was first.
/* global document */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world, browser, workspace, room, agent, page;
before(async () => {
  world = await startWorld();
  browser = await openBrowser();
  let token;
  ({ workspace, room, token } = await settle(world, { name: "Deciding" }));
  agent = await Agent.connect(token.mcpUrl, { agent: "claude" });
  page = await signedInPage(browser, world, `/w/${workspace.id}`);
});
after(async () => {
  await agent?.close();
  await browser?.close();
  await world?.end();
});
beforeEach(() => {
  page.troubles.length = 0;
});

const SQL = "This goes.\n\n```sql\nDELETE FROM sessions\nWHERE age > 90;\n```\n";
const regions = [
  { id: "eu", label: "Frankfurt", recommended: true },
  { id: "us", label: "Virginia", description: "Cheapest" },
];

const button = (name) => page.getByRole("button", { name, exact: true });
const approve = () => button("Approve");

async function asks(arguments_) {
  const { task_id: task } = await agent.call("createTask", { assignee: "human", ...arguments_ });
  await open(task);
  return task;
}
async function open(task) {
  await page.goto(`${world.url}/w/${workspace.id}/tasks/${task}`);
  await page.getByRole("heading", { level: 1, name: /^(Approve|Question):/ }).waitFor();
  await page.locator("[data-key=approve][aria-disabled=false], [data-choice][aria-disabled=false]").first().waitFor();
}
const heardOf = (task, fits = () => true) => agent.hears(({ meta }) => meta.chat_id === task && fits(meta));
const decided = async (task) => (await room.get(`/tasks/${task}`)).verdict?.kind ?? null;

describe("yes and no", () => {
  test("a plain yes is one press, and leaves a receipt that follows the agent", async () => {
    const task = await asks({ title: "Approve: Rename a button", body: "Two pages use it." });
    await approve().click();
    await page
      .getByTestId("receipt")
      .getByText(/Approved by you \d\d:\d\d:\d\d · sent/)
      .waitFor();
    const heard = await heardOf(task, ({ verdict }) => verdict === "approved");
    await agent.call("reply", { chat_id: task, text: "Done.", in_reply_to: heard.meta.message_id });
    await page
      .getByTestId("receipt")
      .getByText(/· seen \d\d:\d\d:\d\d · [0-9a-f]{4}…/)
      .waitFor();
    await page.getByText("What was approved", { exact: true }).click();
    await page.getByText("Two pages use it.").waitFor();
    assert.deepEqual(page.troubles, []);
  });

  for (const [who, where, back] of [
    ["the next page", () => "about:blank", () => page.goto(`${world.url}/w/${workspace.id}`)],
    ["another tab", () => `${world.url}/w/${workspace.id}`, () => {}],
  ])
    test(`a yes stays that is given in the moment in which its tab is closed, and ${who} sends it`, async () => {
      const task = await asks({ title: "Approve: Rename a button", body: "Two pages use it." });
      const tab = await page.context().newPage();
      await tab.goto(page.url());
      await page.goto(where());
      await tab.locator("[data-key=approve][aria-disabled=false]").waitFor();
      // It cannot send any more.
      await tab.route("**/commands", (route) => route.abort());
      const session = await tab.context().newCDPSession(tab);
      await session.send("Emulation.setCPUThrottlingRate", { rate: 6 });
      await tab.evaluate(() => document.querySelector("[data-key=approve]").click());
      await tab.close();
      await back();
      await heardOf(task, ({ verdict }) => verdict === "approved");
    });

  test("a no stands at the other end, takes a comment along and ends the task", async () => {
    const task = await asks({ title: "Approve: Rename a button", body: "Two pages use it." });
    const [no, yes] = [await button("Deny").boundingBox(), await approve().boundingBox()];
    assert.ok(no.x + no.width + 12 <= yes.x, "the two do not touch");
    await page.getByRole("textbox", { name: "Reply" }).fill("Not on a Friday.");
    await button("Deny").click();
    const heard = await heardOf(task, ({ verdict }) => verdict === "rejected");
    assert.match(heard.content, /\n\nRejected\n\nNot on a Friday\.$/);
    await page.getByText(/Denied by you/).waitFor();
  });

  test("the exact bytes stand first, apart from what the agent says of them", async () => {
    await asks({ title: "Approve: Delete sessions", body: SQL });
    const bytes = page.getByRole("group", { name: "What it is about, exactly" });
    assert.equal(await bytes.innerText(), "DELETE FROM sessions\nWHERE age > 90;");
    const [above, below] = [await bytes.boundingBox(), await page.getByText("This goes.").boundingBox()];
    assert.ok(above.y + above.height <= below.y);
    await page.getByRole("button", { name: "deletes data" }).click();
    await page.getByText("It says “DELETE FROM sessions”.").waitFor();
  });

  test("what is folded is not approved: the button opens once every line is shown", async () => {
    const lines = Array.from({ length: 300 }, (_, at) => `line ${at}`).join("\n");
    const { task_id: task } = await agent.call("createTask", {
      title: "Approve: A list",
      body: lines,
      assignee: "human",
    });
    await page.goto(`${world.url}/w/${workspace.id}/tasks/${task}`);
    await button("Show all 300 lines").waitFor();
    // A no needs no reading.
    await page.locator("[data-key=reject][aria-disabled=false]").waitFor();
    assert.equal(await approve().getAttribute("aria-disabled"), "true");
    await approve().focus();
    await page.keyboard.press("Enter");
    assert.equal(await decided(task), null);
    await button("Show all 300 lines").click();
    await approve().click();
    await heardOf(task, ({ verdict }) => verdict === "approved");
  });
});

describe("what cannot be taken back", () => {
  const high = { title: "Approve: Delete sessions", body: SQL };

  test("is approved by holding the button, with the progress in sight", async () => {
    const task = await asks(high);
    await page.getByText("Hold to approve: deletes data").waitFor();
    await approve().hover();
    await page.mouse.down();
    await button("Keep holding").waitFor();
    await page.getByText(/Approved by you/).waitFor();
    await page.mouse.up();
    await heardOf(task, ({ verdict }) => verdict === "approved");
  });

  test("is not approved by a short press: that asks once more, and so does a key", async () => {
    const task = await asks(high);
    await approve().click();
    await page.getByRole("alert").getByText("High risk: deletes data. Approve it all the same?").waitFor();
    assert.equal(await decided(task), null);
    await button("Back").click();
    await page.locator("[data-key=approve][aria-disabled=false]").waitFor();
    assert.equal(await decided(task), null);

    await page.locator("body").press("a");
    await page.keyboard.press("Enter");
    await page.locator("[data-confirm][aria-disabled=false]").waitFor();
    assert.equal(await page.locator(":focus").textContent(), "Yes, approve");
    await page.keyboard.press("Enter");
    await heardOf(task, ({ verdict }) => verdict === "approved");
  });

  test("is not approved by a choice of the menu either, in whatever words it is asked", async () => {
    const task = await asks(high);
    await answer(/^Approve and complete/);
    await confirms("Yes, approve and complete", "deletes data");
    assert.equal(await decided(task), null);
    // Leaving it gives nothing.
    await page.keyboard.press("Escape");
    await page.locator("[data-confirm]").waitFor({ state: "detached" });
    assert.equal(await page.locator(":focus").textContent(), "Approve");
    assert.equal(await decided(task), null);
    await answer(/^Approve and complete/);
    await confirms("Yes, approve and complete", "deletes data").then((yes) => yes.click());
    await heardOf(task, ({ verdict }) => verdict === "approved");
    assert.equal((await room.get(`/tasks/${task}`)).status, "completed");

    const question = await asks({ title: "Question: drop table users?", body: "It is empty.", options: regions });
    await answer(/^Approve only/);
    const yes = await confirms("Yes, approve", "deletes data");
    assert.equal(await decided(question), null);
    await yes.click();
    await heardOf(question, ({ verdict }) => verdict === "approved");

    const choice = await asks({ title: "Question: drop table users?", body: "It is empty.", options: regions });
    await page.getByRole("radio", { name: /Virginia/ }).click();
    await page.getByRole("alert").getByText("High risk: deletes data. Choose “Virginia” all the same?").waitFor();
    assert.equal((await room.get(`/tasks/${choice}/messages`)).messages.length, 1);
    await page.locator("[data-confirm][aria-disabled=false]").click();
    assert.equal((await heardOf(choice)).meta.choices, "us");
  });

  test("is asked again about what a changed text says, and not if that takes the danger out", async () => {
    const task = await asks({ title: "Approve: Clean up", body: "We remove what is old." });
    await edit("rm -rf /var/lib/old");
    const yes = await confirms("Yes, approve with changes", "deletes files");
    assert.equal(await page.locator(":focus").textContent(), "Yes, approve with changes");
    assert.equal(await decided(task), null);
    await yes.click();
    await heardOf(task, ({ verdict }) => verdict === "approved");

    const mild = await asks({ title: "Approve: Clean up", body: "rm -rf /var/lib/old" });
    await edit("ls /var/lib/old");
    await heardOf(mild, ({ verdict }) => verdict === "approved");
  });

  async function answer(name) {
    await button("More ways to answer").click();
    await page.getByRole("menuitem", { name }).click();
  }
  async function edit(text) {
    await answer(/^Edit and approve/);
    await page.getByLabel("The text as you approve it").fill(text);
    await button("Approve with changes").click();
  }
  async function confirms(action, risk) {
    await page.getByRole("alert").getByText(`High risk: ${risk}. Approve it all the same?`).waitFor();
    await page.locator("[data-confirm][aria-disabled=false]").waitFor();
    return button(action);
  }
});

describe("a question with answers to choose from", () => {
  const question = { title: "Question: Which region?", body: "Both have capacity.", options: regions };

  test("is answered by a tap on one of them", async () => {
    const task = await asks(question);
    const rows = page.getByRole("radiogroup", { name: "Answers, one of them" }).getByRole("radio");
    assert.deepEqual(await rows.evaluateAll((all) => all.map((row) => row.getBoundingClientRect().height >= 48)), [
      true,
      true,
    ]);
    await page.getByRole("radio", { name: /Frankfurt.*Recommended/ }).click();
    const { content, meta } = await heardOf(task);
    assert.deepEqual([content, meta.choices], [`[Response to task ${task}]\n\nChose: Frankfurt (eu)`, "eu"]);
    await page.getByRole("list", { name: "Messages" }).getByText("Frankfurt", { exact: true }).waitFor();
    await page.getByText("Offered: Frankfurt · Virginia").waitFor();
    assert.equal(await rows.count(), 0);
    assert.deepEqual(page.troubles, []);
  });

  test("is answered by its number and Enter, with a word beside it", async () => {
    const task = await asks(question);
    await button("Something else…").click();
    await page.getByRole("textbox", { name: "Reply" }).fill("For now.");
    await page.keyboard.press("Escape");
    await page.locator("body").press("2");
    assert.equal(await page.locator(":focus").getAttribute("data-choice"), "us");
    await page.keyboard.press("Enter");
    const { content } = await heardOf(task);
    assert.equal(content, `[Response to task ${task}]\n\nChose: Virginia (us)\n\nFor now.`);
  });

  test("is answered in own words where that will do, and not where it will not", async () => {
    const task = await asks(question);
    await button("Something else…").click();
    await page.getByRole("textbox", { name: "Reply" }).fill("Neither.");
    await button("Send reply").click();
    assert.equal((await heardOf(task)).content, `[Response to task ${task}]\n\nNeither.`);

    await asks({ ...question, free_text: false });
    await button("Add a comment…").click();
    await page.getByRole("textbox", { name: "Reply" }).fill("Neither.");
    assert.equal(await button("Send reply").count(), 0);
  });

  test("takes several where several may be chosen, sent together", async () => {
    const task = await asks({ ...question, multiple: true });
    await page.locator("body").press("1");
    await page.getByRole("checkbox", { name: /Virginia/ }).click();
    await button("Send 2 answers").click();
    assert.equal((await heardOf(task)).meta.choices, "eu,us");
  });
});

describe("a text that a person changes and approves", () => {
  test("reaches the agent as it was approved, with what was changed; the receipt says so", async () => {
    const task = await asks({ title: "Approve: Delete sessions", body: SQL });
    await button("More ways to answer").click();
    await page.getByRole("menuitem", { name: /^Edit and approve/ }).click();
    const field = page.getByLabel("The text as you approve it");
    assert.ok(await button("Approve with changes").isDisabled(), "nothing is changed yet");
    await field.fill(SQL.replace("90", "180"));
    await page.getByTestId("changes").getByText("WHERE age > 180;").waitFor();
    await button("Approve with changes").click();
    await page.locator("[data-confirm][aria-disabled=false]").click();
    const { content, meta } = await heardOf(task, ({ verdict }) => verdict === "approved");
    assert.equal(meta.edited, "true");
    assert.match(content, /\n\nApproved with changes\n\n/);
    assert.match(content, /-WHERE age > 90;\n\+WHERE age > 180;\n/);
    await page.getByText(/Approved with changes by you/).waitFor();
    assert.equal((await room.get(`/tasks/${task}/messages`)).messages[0].text, SQL.replace("90", "180"));
    assert.deepEqual(page.troubles, []);
  });
});

describe("an answer that comes too late", () => {
  /** The page is cut off, decides, and comes back when `meanwhile` has happened. */
  async function late(decide, meanwhile) {
    await page.context().setOffline(true);
    await decide();
    await page.getByText("Your approval waits for the network.").waitFor();
    await meanwhile();
    await page.context().setOffline(false);
  }

  test("to a card that has changed is refused; the card comes back with the change marked, and is decided anew", async () => {
    const task = await asks({ title: "Approve: Send the letter", body: "Dear all,\nwe close at five.\n" });
    await page.getByRole("textbox", { name: "Reply" }).fill("Today, please.");
    await late(
      () => approve().click(),
      () => room.change(`/tasks/${task}`, { body: "Dear all,\nwe close at six.\n" }),
    );
    await page.getByText("The task changed before your approval arrived.").waitFor();
    const change = page.getByRole("group", { name: "What has changed since you were shown it" });
    await change.getByText("we close at six.").waitFor();
    await change.getByText("we close at five.").waitFor();
    assert.equal(await decided(task), null);
    await approve().click();
    const { content } = await heardOf(task, ({ verdict }) => verdict === "approved");
    assert.match(content, /\n\nApproved\n\nToday, please\.$/, "the words were not lost");
    await page.getByText(/Approved by you/).waitFor();
  });

  test("with a changed text of its own is refused too, and that text is not lost", async () => {
    const task = await asks({ title: "Approve: Send the letter", body: "Dear all,\nwe close at five.\n" });
    const edit = async () => {
      await button("More ways to answer").click();
      await page.getByRole("menuitem", { name: /^Edit and approve/ }).click();
    };
    // The editor is fetched when it is first wanted.
    await edit();
    await button("Cancel").click();
    await late(
      async () => {
        await edit();
        await page.getByLabel("The text as you approve it").fill("Dear friends,\nwe close at five.\n");
        await button("Approve with changes").click();
      },
      () => room.change(`/tasks/${task}`, { body: "Dear all,\nwe close at six.\n" }),
    );
    await button("Edit again").click();
    const field = page.getByLabel("The text as you approve it");
    assert.equal(await field.inputValue(), "Dear friends,\nwe close at five.\n");
    await field.fill("Dear friends,\nwe close at six.\n");
    await button("Approve with changes").click();
    const { content } = await heardOf(task, ({ verdict }) => verdict === "approved");
    assert.match(content, /-Dear all,\n\+Dear friends,\n we close at six\.\n/);
  });

  test("to what somebody else has decided says who was first, and when", async () => {
    const task = await asks({ title: "Approve: Send the letter", body: "Dear all" });
    await late(
      () => approve().click(),
      () => room.decide(task, "rejected", "No."),
    );
    await page.getByText(/You were first, elsewhere: denied at \d\d:\d\d:\d\d\./).waitFor();
    await page.getByText("Your approval was not taken.").waitFor();
    assert.equal(await decided(task), "rejected");
  });
});
