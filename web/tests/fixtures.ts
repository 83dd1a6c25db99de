// Tasks as the server sends them, for tests that care about a field or two.
import type { Agent, Message, Task } from "../src/lib/model/types";

export const task = (some: Partial<Task> = {}): Task => ({
  id: "000000000a1",
  number: 1,
  title: "A task",
  excerpt: "",
  assignee: "agent",
  options: null,
  status: "notstarted",
  reason: null,
  turn: "agent",
  waitingSince: "2026-01-01T00:00:00.000Z",
  createdBy: { kind: "person", id: "p1", name: "Ada" },
  agent: null,
  digest: "d",
  verdict: null,
  messages: 1,
  attachments: 0,
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  revision: 1,
  ...some,
});

export const message = (some: Partial<Message> = {}): Message => ({
  id: "000000000a1",
  task: "000000000a1",
  index: 0,
  author: { kind: "agent", name: "claude" },
  text: "",
  attachments: [],
  verdict: null,
  choices: null,
  edited: null,
  inReplyTo: null,
  at: "2026-01-01T00:00:00.000Z",
  revision: 1,
  ...some,
});

export const agent = (some: Partial<Agent> = {}): Agent => ({
  name: "claude",
  displayName: "",
  presence: "unknown",
  since: "2026-01-01T00:00:00.000Z",
  lastHeardAt: null,
  client: null,
  revision: 1,
  ...some,
});
