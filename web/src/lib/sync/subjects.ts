// What a command is about.
import type { Command } from "../model/commands";
import type { Id } from "../model/types";

export type Subject = { task: Id } | { agent: string } | "workspace";

export function subjectOf(command: Command): Subject {
  if ("task" in command) return { task: command.task };
  if (command.type === "createTask" || command.type === "startWorkflow") return { task: command.id };
  return command.type === "nameAgent" ? { agent: command.agent } : "workspace";
}

export function isSame(one: Subject, other: Subject): boolean {
  if (one === "workspace" || other === "workspace") return one === other;
  if ("task" in one) return "task" in other && one.task === other.task;
  return "agent" in other && one.agent === other.agent;
}

/** The task that a command is about; null if it is about none. */
export function taskOf(command: Command): Id | null {
  const subject = subjectOf(command);
  return subject !== "workspace" && "task" in subject ? subject.task : null;
}
