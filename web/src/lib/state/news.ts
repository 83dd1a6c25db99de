// Turns a frame of the stream into the sentence that a screen reader hears, if it is news for this person; and many sentences into few.
import type { Frame } from "../model/sync";
import { needsPerson, type Actor, type Agent, type Task } from "../model/types";
import { actorLabel, agentLabel, count } from "../text/format";

/** What a sentence is about: many of one kind are counted, not read out. */
export type NewsKind = "ask" | "task" | "reply" | "move" | "agent";

export interface News {
  kind: NewsKind;
  words: string;
}

const mine = (actor: Actor | null, me: string | null): boolean => actor?.kind === "person" && actor.id === me;

export function newsOf(
  frame: Frame,
  before: Task | null,
  after: Task | null,
  agents: readonly Agent[],
  me: string | null,
): News | null {
  if (mine(frame.actor, me)) return null;
  const who = frame.actor ? actorLabel(frame.actor, agents, me) : "AgentRQ";
  switch (frame.type) {
    case "task.created":
      if (!after) return null;
      return needsPerson(after)
        ? { kind: "ask", words: `New task for you: ${after.title}` }
        : { kind: "task", words: `New task: ${after.title}` };
    case "reply.received":
      return after ? { kind: "reply", words: `${who} replied on ${after.title}` } : null;
    case "status.updated":
      if (!after || before?.status === after.status) return null;
      return {
        kind: "move",
        words: after.status === "ongoing" ? `${who} started ${after.title}` : `${after.title} is ${after.status} now`,
      };
    case "agent.connected":
      return { kind: "agent", words: `${whose(frame, agents)} connected` };
    case "agent.disconnected":
      return { kind: "agent", words: `${whose(frame, agents)} disconnected` };
    default:
      return null;
  }
}

/** The agent that a frame is about: that it comes and goes is noted by the workspace. */
function whose(frame: Frame, agents: readonly Agent[]): string {
  for (const change of frame.changes)
    if (change.op === "put" && change.entity.type === "agent") return agentLabel(change.entity.name, agents);
  return "An agent";
}

const COUNTED: Record<NewsKind, (n: number) => string> = {
  ask: (n) => `${count(n, "new task")} for you`,
  task: (n) => count(n, "new task"),
  reply: (n) => count(n, "new reply", "new replies"),
  move: (n) => `${count(n, "task")} moved on`,
  agent: (n) => `${count(n, "agent")} came or went`,
};
/** The order in which they are said: what needs the person first. */
const ORDER: readonly NewsKind[] = ["ask", "reply", "task", "move", "agent"];

/** One sentence for all that came in a while: each kind in full where it is one, counted where it is more. */
export function gathered(news: readonly News[]): string {
  return ORDER.flatMap((kind) => {
    const words = [...new Set(news.filter((one) => one.kind === kind).map((one) => one.words))];
    if (words.length === 0) return [];
    return [words.length === 1 ? (words[0] ?? "") : COUNTED[kind](words.length)];
  }).join(". ");
}
