// A server with people's and agents' work in it: what every state of the page is shown with, made through the product's own doors.
import { fill, newMessage, newTask } from "../bench/lib/fill.mjs";
import { Agent, StreamableAgent } from "../lib/agent.mjs";
import { pdf, png, wav } from "../lib/files.mjs";
import { StatelessClient } from "../lib/stateless.mjs";
import { startWorld } from "../lib/world.mjs";
import * as content from "./content.mjs";

/** Starts it with these rooms. `end()` stops everything. */
export async function startPopulated({ names = Object.keys(populations) } = {}) {
  const world = await startWorld();
  const agents = [];
  const end = async () => {
    await Promise.all(agents.map((agent) => agent.close()));
    await world.end();
  };
  try {
    const person = await world.signIn();
    const rooms = {};
    for (const name of names) rooms[name] = await populations[name](await roomOf(person, name, agents));
    return {
      ...world,
      url: world.url,
      person,
      rooms,
      /** The address of something in a room. */
      at: (room, rest = "") => `/w/${rooms[room].id}${rest}`,
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
  release: { name: "releases", mission: "Nothing goes out that nobody has looked at." },
};

async function roomOf(person, key, agents) {
  const workspace = await person.make("/api/workspaces", named[key]);
  const room = person.room(workspace.id);
  return {
    ...room,
    id: workspace.id,
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

const populations = { empty, calm, edge, site, many, release, busy };
