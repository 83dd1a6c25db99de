// The story that every kind of agent lives through: it asks, a person approves with a comment and a file, it hears of it and goes on.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

export const diff =
  "--- a/sessions.sql\n+++ b/sessions.sql\n+DELETE FROM user_sessions WHERE created_at < NOW() - INTERVAL '90 days';\n";
export const title = "Approve: Delete stale user sessions older than 90 days";
export const ask = {
  title,
  body: "I'm about to run this migration. **Estimated rows:** ~14,000. Approve to proceed?",
  assignee: "human",
  attachments: [
    { id: "att_001", filename: "schema.diff", mimeType: "text/plain", data: Buffer.from(diff).toString("base64") },
  ],
};
export const comment = "Approved, but take UUID as the primary key.";
export const notes = { name: "notes with ünïcode.bin", bytes: randomBytes(100_000) };

const inbox = "agentrq://inbox";

/** A message of a waiting call or of the inbox, in the form of a channel event. */
const asEvent = ({ text, ...meta }) => ({ content: text, meta });

/**
 * The ways in which an agent can come to know of an answer. `ready` makes it listen, before there is anything to hear, and returns what waits
 * for the answer: `{content, meta}`. `shows` is what the dashboard is told of the agent being there: who holds nothing open is not connected.
 */
export const ways = {
  "on its channel": {
    route: "channel",
    ready: async (agent) => () => agent.hears(({ meta }) => meta.verdict),
  },
  "from a call that waits": {
    route: "wait",
    ready: async (agent) => {
      const waiting = agent.call("waitForMessages");
      return async () => asEvent((await waiting).messages[0]);
    },
  },
  "by a subscription to its inbox, which it then reads": {
    route: "wait",
    ready: async (agent) => {
      await agent.watch(inbox);
      return async () => {
        await agent.isTold(inbox);
        return asEvent((await agent.read(inbox)).messages[0]);
      };
    },
  },
  "by a subscription to the thread, which it then reads": {
    route: "result",
    ready: async (agent, task) => {
      const thread = `agentrq://tasks/${task}/thread`;
      await agent.watch(thread);
      return async () => {
        await agent.isTold(thread);
        const { messages, task: head } = await agent.read(thread);
        const { text, attachments, ...message } = messages.at(-1);
        return { ofThread: true, message, head, text, attachments };
      };
    },
  },
  "at the top of its next result": {
    route: "result",
    shows: "agent.updated",
    ready: async (agent) => async () => {
      const { content } = await agent.try("getWorkspace");
      const [, told, meta] = /^([\s\S]*)\n\((.*)\)$/.exec(content[0].text);
      return {
        content: told,
        meta: Object.fromEntries([...meta.matchAll(/(\w+)="([^"]*)"/g)].map((it) => it.slice(1))),
      };
    },
  },
};

/** Checks what an agent was told of the approval; returns the id of the file that came with it. */
export function isTheApproval({ content, meta }, task, person) {
  const { ts, message_id, redelivered: _, ...rest } = meta;
  assert.deepEqual(rest, {
    chat_id: task,
    user: "human",
    user_name: person.name,
    verdict: "approved",
    status: "ongoing",
  });
  assert.match(message_id, /^[0-9A-Za-z]{11}$/);
  assert.ok(Math.abs(Date.parse(ts) - Date.now()) < 60_000, ts);
  const [head, , word, , ...lines] = content.split("\n");
  assert.deepEqual([head, word], [`[Response to task ${task}]`, "Approved"]);
  assert.ok(lines.includes(comment), content);
  const [, file, name] = /^- id=(\w+) name=(.*) type=/m.exec(content);
  assert.equal(name, notes.name);
  return file;
}

/** The same of a thread that was read as a resource. */
function isTheApprovedThread({ message, head, text, attachments }) {
  assert.deepEqual([message.verdict, message.role, text], ["approved", "human", comment]);
  assert.deepEqual([head.verdict, head.status, head.turn], ["approved", "ongoing", "agent"]);
  assert.equal(attachments[0].filename, notes.name);
  return attachments[0].id;
}

/** The agent fetches the file that came with the answer, byte by byte the same, says that it is done, and completes the task. */
export async function goesOn(agent, task, messageId, file) {
  const downloaded = await agent.call("downloadAttachment", { attachment_id: file });
  assert.equal(downloaded.filename, notes.name);
  assert.equal(sha256(Buffer.from(downloaded.data, "base64")), sha256(notes.bytes));
  await agent.call("reply", { chat_id: task, text: "Done: 14,012 rows deleted.", in_reply_to: messageId });
  await agent.call("updateTaskStatus", { task_id: task, status: "completed" });
}

/** The whole story over the API; resolves with the delivery of the answer, as people see it in the end. */
export async function story(agent, { person, room }, way) {
  const { task_id: task } = await agent.call("createTask", ask);
  await agent.call("updateTaskStatus", { task_id: task, status: "ongoing" });
  const answer = await way.ready(agent, task);

  const [shown] = (await room.get(`/tasks/${task}/messages`)).messages;
  assert.equal(shown.attachments[0].filename, "schema.diff");
  const bytes = await room.get(`/attachments/${shown.attachments[0].id}`);
  assert.equal(Buffer.from(bytes).toString(), diff);
  const upload = await room.make(`/attachments?filename=${encodeURIComponent(notes.name)}`, notes.bytes, {
    "content-type": "application/octet-stream",
  });
  await room.decide(task, "approved", comment, { attachments: [upload.id] });

  const told = await answer();
  const file = told.ofThread ? isTheApprovedThread(told) : isTheApproval(told, task, person.person);
  const messageId = told.ofThread ? told.message.message_id : told.meta.message_id;
  await goesOn(agent, task, messageId, file);

  const done = await room.get(`/tasks/${task}`);
  assert.deepEqual([done.status, done.verdict.kind, done.turn], ["completed", "approved", "nobody"]);
  const { messages, deliveries } = await room.get(`/tasks/${task}/messages`);
  assert.deepEqual(
    messages.map((message) => [message.author.kind, message.verdict]),
    [
      ["agent", null],
      ["person", "approved"],
      ["agent", null],
    ],
  );
  return deliveries.find(({ id }) => id === messageId);
}
