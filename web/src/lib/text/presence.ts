// What an agent is doing, as far as the server's word goes: its presence, and the open tasks that are its own.
import { isOpen, needsPerson, type Agent, type Reach, type Task } from "../model/types";
import { count, duration, moment, since } from "./format";

/** As the border of its monogram shows it. */
export type Mood = "working" | "waiting" | "asleep" | "disconnected" | "unknown";

export interface Doing {
  mood: Mood;
  words: string;
  /** What the words are about. */
  task: Task | null;
}

/** The open tasks of an agent, those under way first, then by how long they have waited. */
export function tasksOf(agent: Agent, tasks: readonly Task[]): Task[] {
  const rank = (task: Task): number => (underWay(task) ? 0 : needsPerson(task) ? 1 : 2);
  return tasks
    .filter((task) => task.agent === agent.name && isOpen(task))
    .sort((one, other) => rank(one) - rank(other) || one.waitingSince.localeCompare(other.waitingSince));
}

const underWay = (task: Task): boolean => task.status === "ongoing" && task.turn === "agent";

/** Presence in words, and why: what it works on, or what it waits for. `own` are its open tasks, as `tasksOf` orders them. */
export function doing(agent: Agent, own: readonly Task[], now: number): Doing {
  const lasted = duration(since(agent.since, now));
  if (agent.presence === "disconnected") {
    return { mood: "disconnected", words: `Disconnected since ${moment(agent.since, now)}`, task: null };
  }
  if (agent.presence === "unknown") return { mood: "unknown", words: "Has spoken, never stayed connected", task: null };
  const work = own.find(underWay);
  if (work) return { mood: "working", words: `Working, ${duration(since(work.waitingSince, now))}`, task: work };
  const asked = own.filter(needsPerson);
  const first = asked[0];
  if (first) {
    const waited = duration(since(first.waitingSince, now));
    const more = asked.length > 1 ? ` on ${count(asked.length, "task")}` : "";
    return { mood: "waiting", words: `Waiting for you${more}, ${waited}`, task: first };
  }
  // Connected, and nothing under way that this server knows of: what else it does is its own business.
  return { mood: "asleep", words: `Asleep, connected for ${lasted}`, task: null };
}

const WAYS: Record<Reach, string> = {
  wait: "Answers its waiting call",
  channel: "Is pushed to its stream",
  hook: "Is handed to its hook",
  result: "Rides on its next tool result, no sooner",
};

/** What would become of a reply that were sent to this agent now; `reach` is null while the server is asked. */
export function reachOf(agent: Agent, reach: readonly Reach[] | null): string {
  if (agent.presence === "disconnected") return "Waits until it comes back";
  if (reach === null) return "…";
  const best = reach[0];
  return best === undefined ? "Not known" : WAYS[best];
}
