// Which tasks a command or a frame is about. "" stands for the workspace itself.
import type { Command } from "../model/commands";
import type { Frame } from "../model/sync";
import type { Id } from "../model/types";

/** The task that a command is about. */
export function subjectOf(command: Command): Id {
  if ("task" in command) return command.task;
  return command.type === "createTask" ? command.id : "";
}

/** The tasks that a frame writes to. */
export function subjectsOf(frame: Frame): Id[] {
  const ids = frame.changes.map(({ entity }) => {
    if (entity.type === "task") return entity.id;
    return "task" in entity ? entity.task : "";
  });
  return frame.taskId === null ? ids : [frame.taskId, ...ids];
}
