// What a workspace knows of the practice agent: small, because the page asks it before anything of the practice itself is loaded.
import { isOpen, type Agent, type Task } from "../model/types";

/** Under this name it has its token, and people see it. */
export const PRACTICE_AGENT = "Practice agent";

export interface Known {
  agent: Agent | null;
  /** What it has filed and nobody has finished. */
  open: Task[];
  finished: Task[];
}

export function practiceIn(store: { agents: readonly Agent[]; tasks: readonly Task[] }): Known {
  const agent = store.agents.find(({ name }) => name === PRACTICE_AGENT) ?? null;
  const own = agent
    ? store.tasks.filter(({ createdBy }) => createdBy.kind === "agent" && createdBy.name === PRACTICE_AGENT)
    : [];
  return { agent, open: own.filter(isOpen), finished: own.filter((task) => !isOpen(task)) };
}

/** Is there anything of it to see, or to take away? */
export const isAbout = ({ agent, open }: Known): boolean => agent?.presence === "connected" || open.length > 0;
