// Questions with answers to choose from, and approvals of a changed text, over HTTP and MCP: what the agent is told, in text and in meta, and
// what is refused.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world, room, token;
before(async () => {
  world = await startWorld();
  ({ room, token } = await settle(world));
});
after(async () => {
  await world?.end();
});

const title = "Question: Which region?";
const regions = [{ id: "eu-central", label: "Frankfurt", description: "Near", recommended: true }, "Virginia (US)"];
const SQL = "DELETE FROM sessions\nWHERE age > 90;\n";
const SAFER = "DELETE FROM sessions\nWHERE age > 180;\n";
const DIFF = "@@ -1,2 +1,2 @@\n DELETE FROM sessions\n-WHERE age > 90;\n+WHERE age > 180;\n";

const post = (task, message) => room.ask("POST", `/tasks/${task}/messages`, message);
const heardOf = (agent, task, fits = () => true) =>
  agent.hears(({ meta }) => meta.chat_id === task && meta.message_id !== task && fits(meta));

for (const [transport, Client] of [
  ["HTTP+SSE", Agent],
  ["Streamable HTTP", StreamableAgent],
])
  describe(`an agent over ${transport}`, () => {
    let agent;
    before(async () => {
      agent = await Client.connect(token.mcpUrl, { agent: `agent-${Client.name}` });
    });
    after(async () => {
      await agent?.close();
    });
    const ask = async (arguments_) => (await agent.call("createTask", { assignee: "human", ...arguments_ })).task_id;

    test("offers answers and hears which were chosen, with their labels, in the push and in the thread alike", async () => {
      const task = await ask({ title, options: regions, multiple: true });
      const { options, digest } = await room.get(`/tasks/${task}`);
      assert.deepEqual(options, {
        choices: [regions[0], { id: "virginia-us", label: "Virginia (US)" }],
        multiple: true,
        freeText: true,
      });
      const choices = ["virginia-us", "eu-central"];
      const answer = await post(task, { text: "Both.", choices, digest });
      assert.equal(answer.status, 201);
      assert.deepEqual(answer.body.choices[0], { id: "eu-central", label: "Frankfurt" });

      const words = "Chose: Frankfurt (eu-central), Virginia (US) (virginia-us)\n\nBoth.";
      const heard = await heardOf(agent, task);
      assert.equal(heard.content, `[Response to task ${task}]\n\n${words}`);
      assert.deepEqual(
        [heard.meta.choices, heard.meta.labels],
        ["eu-central,virginia-us", "Frankfurt | Virginia (US)"],
      );
      const thread = await agent.call("getTaskMessages", { task_id: task });
      assert.deepEqual([thread.messages[1].text, thread.messages[1].choices], [words, answer.body.choices]);
      assert.deepEqual(thread.task.options, options);
    });

    test("hears of an approval what was changed, and reads the text that was approved", async () => {
      const task = await ask({ title: "Approve: Delete sessions", body: SQL });
      const shown = (await room.get(`/tasks/${task}`)).digest;
      const given = await post(task, { verdict: "approved", digest: shown, edited: SAFER, text: "Keep more." });
      assert.equal(given.status, 201);
      const heard = await heardOf(agent, task);
      assert.equal(
        heard.content,
        `[Response to task ${task}]\n\nApproved with changes\n\nKeep more.\n\nWhat the person changed in the body:\n\`\`\`diff\n${DIFF}\`\`\`\n\nThe body as approved:\n\`\`\`\n${SAFER}\`\`\``,
      );
      assert.deepEqual([heard.meta.verdict, heard.meta.edited], ["approved", "true"]);
      const { messages } = await agent.call("getTaskMessages", { task_id: task });
      assert.deepEqual([messages[0].text, messages[1].edited], [SAFER, { diff: DIFF, text: SAFER }]);
      const now = await room.get(`/tasks/${task}`);
      assert.deepEqual(
        [now.verdict.digest, given.body.edited.before, given.body.edited.after],
        [shown, shown, now.digest],
      );
      assert.notEqual(now.digest, shown);
    });

    test("hears what was chosen from a call that waits", async () => {
      const quiet = await Client.connect(token.mcpUrl, { agent: `waits-${Client.name}` });
      try {
        const { task_id: task } = await quiet.call("createTask", { assignee: "human", title, options: regions });
        const waiting = quiet.call("waitForMessages", { timeout_seconds: 20 });
        await post(task, { text: "", choices: ["eu-central"] });
        const { messages } = await waiting;
        const [{ text, choices, labels }] = messages;
        assert.deepEqual([choices, labels], ["eu-central", "Frankfurt"]);
        assert.ok(text.endsWith("Chose: Frankfurt (eu-central)"), text);
      } finally {
        await quiet.close();
      }
    });

    test("is told what of its options is wrong, and nothing is made", async () => {
      const before = (await room.get("/tasks")).tasks.length;
      for (const [options, why] of [
        [Array.from({ length: 13 }, (_, at) => `Option ${at}`), /13 options; 12 are allowed/],
        [["x".repeat(201)], /201 characters; 200 are allowed/],
        [[{ id: "Über", label: "x" }], /the id of an option is/],
        [
          [
            { id: "a", label: "x" },
            { id: "a", label: "y" },
          ],
          /two options have the id/,
        ],
        [[{ id: "a" }], /`label` of an option is missing/],
        [[7], /an option is a text/],
        ["yes", /`options` must be a list/],
      ]) {
        const refused = await agent.try("createTask", { title, assignee: "human", options });
        assert.ok(refused.isError, JSON.stringify(options));
        assert.match(refused.content.at(-1).text, why);
      }
      assert.equal((await room.get("/tasks")).tasks.length, before);
    });
  });

test("options are part of what is shown: the digest changes with them, and an answer to what was shown before is refused", async () => {
  const options = {
    choices: [
      { id: "a", label: "A" },
      { id: "b", label: "B" },
    ],
    multiple: false,
    freeText: false,
  };
  const made = await room.make("/tasks", { title, assignee: "human", options });
  const plain = await room.make("/tasks", { title, assignee: "human" });
  assert.notEqual(made.digest, plain.digest);
  const swapped = {
    ...options,
    choices: [
      { id: "a", label: "B" },
      { id: "b", label: "A" },
    ],
  };
  const edited = await room.change(`/tasks/${made.id}`, { options: swapped });
  assert.notEqual(edited.digest, made.digest);
  const refused = await post(made.id, { choices: ["a"], digest: made.digest });
  assert.deepEqual([refused.status, refused.body.code, refused.body.current], [409, "shown_changed", edited.digest]);
  const removed = await room.change(`/tasks/${made.id}`, { options: null });
  assert.deepEqual([removed.options, removed.digest], [null, plain.digest]);
});

test("what is no answer, and no change, is refused with what would be right, and stores nothing", async () => {
  const options = {
    choices: [
      { id: "a", label: "A" },
      { id: "b", label: "B" },
    ],
    freeText: false,
  };
  const { id: task, digest } = await room.make("/tasks", { title, assignee: "human", options });
  const plain = await room.make("/tasks", { title, assignee: "human" });
  const long = "x".repeat(64 * 1024 + 1);
  for (const [to, message, status, field] of [
    [task, { choices: ["c"] }, 400, "choices"],
    [task, { choices: ["a", "b"] }, 400, "choices"],
    [task, { text: "Own words" }, 400, "choices"],
    [task, { choices: "a" }, 400, undefined],
    [task, { choices: ["a"], verdict: "approved", digest }, 400, "choices"],
    [plain.id, { choices: ["a"] }, 400, "choices"],
    [plain.id, { edited: "x" }, 400, "edited"],
    [plain.id, { edited: "x", verdict: "rejected", digest: plain.digest }, 400, "edited"],
    [plain.id, { edited: " ", verdict: "approved", digest: plain.digest }, 400, "edited"],
    [plain.id, { edited: long, verdict: "approved", digest: plain.digest }, 413, "edited"],
    [plain.id, { edited: "x", text: long, verdict: "approved", digest: plain.digest }, 413, "text"],
  ]) {
    const refused = await post(to, message);
    assert.deepEqual([refused.status, refused.body.field], [status, field], JSON.stringify(message).slice(0, 200));
  }
  for (const one of [task, plain.id]) assert.equal((await room.get(`/tasks/${one}`)).messages, 1);
  for (const wrong of [{ choices: [] }, { choices: [{ id: "a" }] }, [], "a"]) {
    const refused = await room.ask("POST", "/tasks", { title, assignee: "human", options: wrong });
    assert.equal(refused.status, 400, JSON.stringify(wrong));
  }
});

test("an agent may not choose, nor may who has no key", async () => {
  const { id: task } = await room.make("/tasks", {
    title,
    assignee: "human",
    options: { choices: [{ id: "a", label: "A" }] },
  });
  const url = `${world.url}${room.base}/tasks/${task}/messages`;
  const send = (headers) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: '{"choices":["a"]}',
    });
  assert.equal((await send({ authorization: `Bearer ${token.token}` })).status, 403);
  assert.equal((await send({})).status, 401);
  assert.equal((await room.get(`/tasks/${task}`)).messages, 1);
});
