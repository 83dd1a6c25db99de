// What an agent finds beside the tools: resources, prompts and completion, as the official client reads them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();
const opened = async (made) => world.keep(await made);

const agentIn = (token, options) => opened(Agent.connect(token.mcpUrl, options));
const reply = (room, task, text) => room.make(`/tasks/${task}/messages`, { text });
const asks = (agent, title) => agent.call("createTask", { title, body: `About ${title}`, assignee: "human" });
const read = async (agent, uri) => {
  const { contents } = await agent.client.readResource({ uri });
  assert.equal(contents.length, 1);
  return JSON.parse(contents[0].text);
};
const saidBy = async (agent, name, args) => {
  const { messages } = await agent.client.getPrompt({ name, arguments: args });
  return messages.map(({ content }) => content.text).join("\n");
};
const completing = async (agent, ref, name, value) =>
  (await agent.client.complete({ ref, argument: { name, value } })).completion;

describe("resources", () => {
  test("are the workspace, the inbox, and each open task with its thread", async () => {
    const { room, token } = await settle(world);
    const agent = await agentIn(token);
    const first = await asks(agent, "Question: first");
    const second = await asks(agent, "Question: second");
    const over = await asks(agent, "Question: over");
    await agent.call("updateTaskStatus", { task_id: over.task_id, status: "completed" });
    const { resources, nextCursor } = await agent.client.listResources();
    assert.deepEqual(
      resources.map(({ uri }) => uri),
      [
        "agentrq://workspace",
        "agentrq://inbox",
        ...[second, first].flatMap(({ task_id: id }) => [`agentrq://tasks/${id}`, `agentrq://tasks/${id}/thread`]),
      ],
    );
    assert.equal(nextCursor, undefined);
    assert.equal(resources[2].title, "Question: second");
    const workspace = await read(agent, "agentrq://workspace");
    assert.deepEqual(
      [workspace.name, workspace.open_tasks, workspace.waiting_for_people],
      [(await room.get("")).name, 2, 2],
    );
  });

  test("of a task are read by its id or its number, as the templates say", async () => {
    const { token } = await settle(world);
    const agent = await agentIn(token);
    const { task_id: id, number } = await asks(agent, "Question: x");
    const { resourceTemplates } = await agent.client.listResourceTemplates();
    const ofTask = resourceTemplates.filter(({ uriTemplate }) => uriTemplate.includes("{task}"));
    assert.equal(ofTask.length, 2);
    for (const { uriTemplate } of ofTask) {
      for (const name of [id, number, `%23${number}`]) {
        const uri = uriTemplate.replace("{task}", name);
        const shown = await read(agent, uri);
        assert.equal((shown.task ?? shown).id, id, uri);
      }
    }
  });

  test("that are not there are refused with those that are", async () => {
    const { token } = await settle(world);
    const agent = await agentIn(token);
    const refused = (uri) =>
      assert.rejects(agent.client.readResource({ uri }), {
        code: -32002,
        message: /agentrq:\/\/tasks\/\{task\}\/thread/,
      });
    await refused("agentrq://tasks/0ZRgCquBZ7R");
    await refused("file:///etc/passwd");
    await assert.rejects(agent.client.listResources({ cursor: "2" }), { code: -32602, message: /nextCursor/ });
  });

  test("give what stands in them: it waits nowhere any more", async () => {
    const { room, token } = await settle(world);
    const agent = await agentIn(token);
    const [one, two] = [await asks(agent, "Question: one"), await asks(agent, "Question: two")];
    await reply(room, one.task_id, "left");
    await reply(room, two.task_id, "right");
    const thread = await read(agent, `agentrq://tasks/${one.task_id}/thread`);
    assert.deepEqual(
      thread.messages.map(({ text }) => text),
      ["About Question: one", "left"],
    );
    const inbox = await read(agent, "agentrq://inbox");
    assert.deepEqual(
      inbox.messages.map(({ chat_id: task }) => task),
      [two.task_id],
    );
    assert.deepEqual((await read(agent, "agentrq://inbox")).messages, []);
    const { content } = await agent.try("getWorkspace");
    assert.equal(content.length, 1, "nothing rides on the next result");
  });
});

describe("prompts", () => {
  test("are three, and say what they take", async () => {
    const { token } = await settle(world);
    const agent = await agentIn(token);
    const { prompts } = await agent.client.listPrompts();
    assert.deepEqual(
      prompts.map(({ name }) => name),
      ["ask", "needs-me", "hand-over"],
    );
    assert.match(await saidBy(agent, "ask", { question: "May I?" }), /The question: May I\?/);
    await assert.rejects(saidBy(agent, "ask"), { code: -32602, message: /`question` is missing/ });
    await assert.rejects(saidBy(agent, "answer"), { code: -32602, message: /ask, needs-me, hand-over/ });
  });

  test("tell what waits for a person and what waits for this agent", async () => {
    const { room, token } = await settle(world);
    const agent = await agentIn(token);
    await asks(agent, "Question: open");
    const answered = await asks(agent, "Question: answered");
    await reply(room, answered.task_id, "yes");
    const [people, own] = (await saidBy(agent, "needs-me")).split("Waiting for you");
    assert.ok(people.includes("Question: open") && !people.includes("Question: answered"), people);
    assert.ok(own.includes("Question: answered") && !own.includes("Question: open"), own);
  });

  test("hand a task over to whom there is", async () => {
    const { room, token } = await settle(world);
    const agent = await agentIn(token);
    const task = await room.make("/tasks", { title: "Plan", assignee: "agent" });
    assert.match(await saidBy(agent, "hand-over", { task: String(task.number) }), new RegExp(task.id));
    await assert.rejects(saidBy(agent, "hand-over", { task: task.id, to: "robot" }), {
      code: -32602,
      message: /no agent called robot has been here; it may be human, /,
    });
  });
});

describe("completion", () => {
  test("finds tasks by title and number, and who has been here", async () => {
    const { token } = await settle(world);
    const agent = await agentIn(token, { agent: "laptop" });
    const { task_id: id, number } = await asks(agent, "Question: which way?");
    const prompt = { type: "ref/prompt", name: "hand-over" };
    const template = { type: "ref/resource", uri: "agentrq://tasks/{task}" };
    assert.deepEqual(await completing(agent, prompt, "task", "WAY"), {
      values: [`#${number}`],
      total: 1,
      hasMore: false,
    });
    assert.deepEqual((await completing(agent, template, "task", "way")).values, [id]);
    assert.deepEqual((await completing(agent, template, "task", String(number))).values, [String(number)]);
    assert.deepEqual((await completing(agent, prompt, "to", "l")).values, ["laptop"]);
    assert.deepEqual((await completing(agent, { type: "ref/prompt", name: "ask" }, "question", "x")).values, []);
  });
});
