// Turns a frame of the stream into the sentence that a screen reader hears, if it is news for this person.
import type { Frame } from "../model/sync";
import { needsPerson, type Actor, type Agent, type Task } from "../model/types";
import { actorLabel } from "../text/format";

const mine = (actor: Actor | null, me: string | null): boolean => actor?.kind === "person" && actor.id === me;

export function newsOf(
  frame: Frame,
  before: Task | null,
  after: Task | null,
  agents: readonly Agent[],
  me: string | null,
): string | null {
  if (mine(frame.actor, me)) return null;
  const who = frame.actor ? actorLabel(frame.actor, agents, me) : "AgentRQ";
  switch (frame.type) {
    case "task.created":
      return after ? `New task${needsPerson(after) ? " for you" : ""}: ${after.title}` : null;
    case "reply.received":
      return after ? `${who} replied on ${after.title}` : null;
    case "status.updated":
      if (!after || before?.status === after.status) return null;
      return after.status === "ongoing" ? `${who} started ${after.title}` : `${after.title} is ${after.status} now`;
    case "agent.connected":
      return `${who} connected`;
    case "agent.disconnected":
      return `${who} disconnected`;
    default:
      return null;
  }
}
