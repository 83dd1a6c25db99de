// A server with people's and agents' work in it: what every state of the page is shown with, made through the product's own doors.
import { fill, newMessage, newTask } from "../bench/lib/fill.mjs";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { pdf, png, wav } from "../lib/files.mjs";
import { Runner } from "../lib/runner.mjs";
import { StatelessClient } from "../lib/stateless.mjs";
import { startWorld } from "../lib/world.mjs";
import * as content from "./content.mjs";

/** Starts it with these rooms; others are made when they are first asked for. `end()` stops everything. */
export async function startPopulated({ names = atOnce } = {}) {
  const world = await startWorld();
  const agents = [];
  const end = async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await world.end();
  };
  try {
    const person = await world.signIn();
    const rooms = {};
    const make = async (name) => (rooms[name] = await populations[name](await roomOf(person, name, agents)));
    for (const name of names) await make(name);
    const under = {};
    return {
      ...world,
      url: world.url,
      person,
      rooms,
      /** The address of something in a room. */
      at: (room, rest = "") => `/w/${rooms[room].id}${rest}`,
      /** The same of a room that is made now, if it is not there yet. */
      atLater: async (room, rest = "") => `/w/${(await (under[room] ??= make(room))).id}${rest}`,
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

const named = {
  busy: { name: "my-api", mission: "The public API. Ask before anything that touches production or customers' data." },
  calm: { name: "infra", mission: "Clusters, certificates, costs." },
  edge: { name: "Edge cases ".repeat(7).trim(), mission: "" },
  empty: { name: "blog", mission: "" },
  site: { name: "website", mission: "What visitors see." },
  many: { name: "backlog", mission: "Everything that anybody ever wanted." },
  planned: { name: "checkout", mission: "The checkout and what it charges." },
  release: { name: "releases", mission: "Nothing goes out that nobody has looked at." },
};

async function roomOf(person, key, agents) {
  const workspace = await person.make("/api/workspaces", named[key]);
  const room = person.room(workspace.id);
  return {
    ...room,
    id: workspace.id,
    /** Keeps an agent until the end. */
    keep(agent) {
      agents.push(agent);
      return agent;
    },
    /** Connects an agent that stays until the end, or until it is closed. */
    async agent(label, name = "claude-code", transport = Agent) {
      const token = await room.make("/tokens", { label });
      const agent = await transport.connect(token.mcpUrl, { name });
      agents.push(agent);
      return agent;
    },
  };
}

const file = (filename, mimeType, bytes) => ({
  id: filename,
  filename,
  mimeType,
  data: Buffer.from(bytes).toString("base64"),
});

/** An agent's question to a person: the id of its task. */
export async function ask(agent, title, body = "", more = {}) {
  const { task_id: task } = await agent.call("createTask", { title, body, assignee: "human", ...more });
  return task;
}

async function busy(room) {
  const claude = await room.agent("Claude Sonnet");
  const codex = await room.agent("Codex", "codex-cli");
  // It ends its session in so many words: nobody has to find out that it has gone.
  const night = await room.agent("Night watch", "nightly", StreamableAgent);
  const tasks = {};

  tasks.night = await ask(night, "Question: Keep last night's failed build artifacts?", "They take 14 GB.");
  await night.close();
  // One that has nothing to do, and one that calls and goes.
  await room.agent("Scribe", "docs-bot");
  const { mcpUrl } = await room.make("/tokens", { label: "Cron" });
  await new StatelessClient(mcpUrl, { info: { name: "nightly-report", version: "0.9.2" } }).call("getWorkspace");

  tasks.approved = await ask(claude, "Approve: Publish the new README", "Ready to publish?");
  await room.decide(tasks.approved, "approved", "Nice. Mention the limits too.");
  const told = await claude.hears(({ meta }) => meta.verdict);
  await claude.call("reply", {
    chat_id: tasks.approved,
    text: "Done: it is out, with the limits.",
    in_reply_to: told.meta.message_id,
  });
  await claude.call("updateTaskStatus", { task_id: tasks.approved, status: "completed" });
  tasks.rejected = await ask(
    codex,
    "Approve: Upgrade the database to the release candidate",
    "It has the index that we want.",
  );
  await room.decide(tasks.rejected, "rejected", "Not on a Friday.");

  tasks.thread = await conversation(room, claude);
  tasks.working = await ask(claude, "Review: Error messages of the import", "I go through them one by one.");
  await room.make(`/tasks/${tasks.working}/messages`, { text: "Start with those that people see most." });
  await claude.call("updateTaskStatus", { task_id: tasks.working, status: "ongoing" });
  tasks.own = await codex
    .call("createTask", { title: "Find out why the nightly build takes twice as long", assignee: "agent" })
    .then((it) => it.task_id);

  tasks.folded = await ask(codex, "Review: Release notes of 2.4", content.releaseNotes);
  tasks.diff = await ask(claude, "Approve: Let sessions end by their last use", content.withDiff, {
    attachments: [file("session.patch", "text/x-diff", content.diff)],
  });
  tasks.question = await ask(
    codex,
    "Question: Which region should the replica live in?",
    "Both can be changed later.",
    {
      options: [
        { label: "eu-west-1", description: "Nearer to our users: 18 ms", recommended: true },
        { label: "us-east-1", description: "A third cheaper: 94 ms" },
      ],
    },
  );
  tasks.several = await ask(codex, "Question: Which of these may I clean up?", "All of it can be built again.", {
    options: ["Build caches", "Old preview deployments", "Branches merged before October"],
    multiple: true,
  });
  tasks.answered = await ask(claude, "Question: How long do we keep the audit log?", "Storage is not what decides.", {
    options: ["A year", "Three years", "As long as the account lives"],
  });
  const { options, digest } = await room.get(`/tasks/${tasks.answered}`);
  await room.make(`/tasks/${tasks.answered}/messages`, { text: "", choices: [options.choices[1].id], digest });
  tasks.plain = await ask(
    claude,
    "Approve: Rename the staging cluster",
    "From `stage-1` to `staging`. Nothing else changes.",
  );
  tasks.risky = await ask(claude, "Approve: Delete user sessions older than 90 days", content.migration, {
    attachments: [file("schema.diff", "text/plain", content.diff)],
  });
  return { ...room, tasks, agents: { claude, codex } };
}

/** Lists that agents work off, with a checklist beside them. */
async function planned(room) {
  const { mcpUrl } = await room.make("/tokens", { label: "Claude Sonnet" });
  const join = async (name, list) => room.keep(await Agent.connect(mcpUrl, { name: "claude-code", agent: name, list }));
  const [lead, backend, docs] = [await join("Lead"), await join("Backend"), await join("Docs", "handbook-2027")];
  const put = (agent, subject, more = {}) => agent.call("TaskCreate", { subject, ...more });
  const group = (priority) => ({ metadata: { task_group: "checkout", priority } });
  await put(lead, "Design the schema of refunds", { activeForm: "Designing the schema of refunds", ...group("P0") });
  await put(lead, "Write the migration", { blockedBy: ["1"], ...group("P1") });
  await put(lead, "Refund through the provider's API", {
    activeForm: "Wiring the provider's refund API",
    blockedBy: ["1"],
    description: "Retries must not refund twice: use the **idempotency key** of the order.",
    metadata: { task_group: "checkout", priority: "P1", spec_path: "specs/refunds.md", tags: ["payments", "api"] },
  });
  await put(lead, "Show refunds in the order's history", { blockedBy: ["2", "3"], ...group("P2") });
  await put(
    lead,
    "Load-test the refund queue with a week of production traffic, at ten times its usual speed and with failures planted",
    {
      blockedBy: ["4"],
    },
  );
  await put(lead, "Ask the provider for a sandbox", { metadata: { blocked_reason: "Waits for their contract" } });
  await put(lead, "Refund partially", group("P3"));
  await backend.call("TaskUpdate", { taskId: "1", status: "in_progress", owner: "Backend" });
  await backend.call("TaskUpdate", { taskId: "1", status: "completed" });
  await backend.call("TaskUpdate", { taskId: "3", status: "in_progress", owner: "Backend" });
  await put(docs, "Proofread chapter 1");
  await docs.call("TaskUpdate", { taskId: "1", status: "completed" });
  await backend.call("TodoWrite", {
    todos: [
      { content: "Read the provider's documentation", status: "completed", activeForm: "Reading" },
      { content: "Write the client", status: "in_progress", activeForm: "Writing the client" },
      { content: "Test it against their sandbox", status: "pending", activeForm: "Testing" },
    ],
  });
  const [{ id }] = (await room.get("/tasks?q=provider%27s%20API")).tasks;
  const run = await inOrder(room);
  return { ...room, tasks: { claimed: id, run, ...(await inBackground(room, lead)) } };
}

/** What is done again and again in its order: two workflows, one of them under way. The task of its run. */
async function inOrder(room) {
  const { mcpUrl } = await room.make("/tokens", { label: "Releases" });
  const agent = room.keep(await Agent.connect(mcpUrl, { name: "claude-code", agent: "Release", list: "releases" }));
  const save = (definition) => agent.call("WorkflowSave", { definition });
  await save({
    name: "release",
    title: "Release {{version}}",
    description: "Tests, asks a person, and publishes.",
    parameters: [
      { name: "version", description: "as in the tag", required: true },
      { name: "target", description: "where it goes", values: ["staging", "production"], default: "staging" },
    ],
    steps: [
      { key: "test", subject: "Run the tests of {{version}}" },
      { key: "notes", subject: "Write the notes of {{version}}", dependsOn: ["test"] },
      { key: "ok", subject: "Approve: release {{version}}", assignee: "human", dependsOn: ["notes"] },
      { key: "publish", subject: "Publish it", command: "./publish --version={{version}}", dependsOn: ["ok"] },
    ],
  });
  await save({
    name: "rotate-the-keys-of-every-service-that-still-has-one-of-last-year",
    description: "A line about it that is much longer than the room there is for it on a phone, and says so at length.",
    steps: [{ key: "rotate", subject: "Rotate the keys" }],
  });
  const run = await agent.call("WorkflowStart", {
    workflow: "release",
    parameters: { version: "2.4.0-rc.1+build.20261130" },
  });
  await agent.call("TaskUpdate", { taskId: run.steps[0].id, status: "completed" });
  await agent.call("TaskUpdate", { taskId: run.steps[1].id, status: "in_progress" });
  return run.taskId;
}

/** Commands that run on a machine of their own: one under way, one that failed, one that is to stop, and one that nobody has begun. */
async function inBackground(room, lead) {
  const runner = room.keep(
    await Runner.connect(room, await room.make("/tokens", { label: "Build machine" }), "build-machine"),
  );
  const begins = async (subject, command) => {
    const { id } = await lead.call("TaskCreate", { subject, type: "local_bash", command });
    return runner.takes(id);
  };
  const running = await begins("Run the tests as files change", "npm test -- --watch --reporter=verbose");
  await runner.prints(running, 0, content.testRun);
  const failed = await begins("Check the types", "npx tsc --noEmit");
  await runner.prints(failed, 0, content.typeErrors);
  await runner.ends(failed, "failed", 2);
  const stopping = await begins("Serve the documentation", "npm run docs -- --port 4000");
  await lead.call("TaskStop", { task_id: stopping.id });
  await lead.call("TaskCreate", {
    subject: "Find unused exports",
    type: "local_agent",
    prompt: "List exports that nothing imports.",
  });
  return { running: running.taskId, failed: failed.taskId, stopping: stopping.taskId };
}

/** A thread of more than a page of messages, with code, a picture and a file in it. */
async function conversation(room, agent) {
  const task = await ask(agent, "Review: Retries in the import handler", content.withCode);
  for (let turn = 1; turn <= 30; turn += 1) {
    await room.make(`/tasks/${task}/messages`, { text: `What of case ${turn}? It came up in the review.` });
    await agent.call("reply", { chat_id: task, text: `Case ${turn} is covered: \`handler.test.ts:${40 + turn}\`.` });
  }
  await agent.call("reply", {
    chat_id: task,
    text: content.withDiff,
    attachments: [
      file("latency.png", "image/png", content.chart()),
      file("trace.log", "text/plain", content.lines(40)),
    ],
  });
  return task;
}

async function calm(room) {
  const agent = await room.agent("Gardener");
  const tasks = { done: await ask(agent, "Approve: Renew the certificate of the status page", "It ends on Sunday.") };
  await room.decide(tasks.done, "approved");
  await agent.call("updateTaskStatus", { task_id: tasks.done, status: "completed" });
  return { ...room, tasks };
}

async function site(room) {
  const agent = await room.agent("Webmaster");
  const tasks = {
    words: await ask(
      agent,
      "Review: The new pricing page",
      "Three plans instead of five; the words are in the preview.",
    ),
    banner: await ask(agent, "Approve: Take down the holiday banner", "It has been up for a week longer than planned."),
  };
  return { ...room, tasks };
}

/** What breaks layouts: long titles, long words, other directions, very long bodies. */
async function edge(room) {
  const agent = await room.agent(content.longName);
  const tasks = {
    longTitle: await ask(agent, content.longTitle, `\`${"x".repeat(600)}\` ${content.longTitle}`),
    rightToLeft: await ask(agent, "Approve: نشر الإصدار 2.4 إلى الإنتاج", content.rightToLeft),
    hidden: await ask(agent, "Approve: Run the clean-up", "rm -rf /tmp/build\u202e gpj.\u200bexe\n"),
    tenThousandLines: await ask(agent, "Review: Ten thousand lines", content.lines(10_000)),
    hundreds: await ask(agent, "Review: A thread of four hundred messages", "It goes on and on."),
    files: await ask(agent, "Review: Files of every kind", "Look at them.", {
      attachments: [
        file("north.png", "image/png", png(800, 500)),
        file("south.png", "image/png", content.chart(400, 600)),
        file("report.pdf", "application/pdf", pdf(["First page", "Second page", "Third page"])),
        file("note.wav", "audio/wav", wav()),
        file("rows.csv", "text/csv", "id,name\n1,Ann\n2,Bo\n"),
        file(`${"a-long-name-without-a-place-to-break".repeat(4)}.bin`, "application/octet-stream", "0123456789"),
      ],
    }),
  };
  await fill({ post: room.make }, 400, (index) => newMessage(index, tasks.hundreds));
  await room.make(`/tasks/${tasks.rightToLeft}/messages`, { text: "نعم، لكن بعد الظهر من فضلك." });
  return { ...room, tasks };
}

/** As many tasks as a page has to hold without a thought. */
async function many(room) {
  await fill({ post: room.make }, 10_000, (index) => ({ ...newTask(index), assignee: "agent" }));
  return room;
}

/** Where states make tasks of their own, so that none of them is another's. */
async function release(room) {
  const agent = await room.agent("Release train");
  return { ...room, agent };
}

const empty = (room) => room;

const populations = { empty, calm, edge, site, many, release, planned, busy };
/** What is large is made for those who look at it: every page of its person holds it. */
const atOnce = Object.keys(populations).filter((name) => name !== "many");
