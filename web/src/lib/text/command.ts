// A command in words: what somebody wanted, where it is told of without its task beside it.
import type { Command } from "../model/commands";
import type { Id } from "../model/types";

const quoted = (text: string): string => `“${text.length > 80 ? `${text.slice(0, 79)}…` : text}”`;

/** `titleOf` says what a task is called, if it is known here. */
export function commandWords(command: Command, titleOf: (task: Id) => string | null): string {
  const of = (task: Id): string => {
    const title = titleOf(task);
    return title === null ? "a task" : quoted(title);
  };
  switch (command.type) {
    case "createTask":
      return `New task ${quoted(command.title)}`;
    case "editTask":
      return `Change to ${of(command.task)}`;
    case "setStatus":
      return `${of(command.task)} to ${command.to}`;
    case "reopen":
      return `Reopening ${of(command.task)}`;
    case "postMessage":
      return `Reply ${command.text === "" ? "" : `${quoted(command.text)} `}to ${of(command.task)}`;
    case "giveVerdict":
      return `${command.verdict === "approved" ? "Approval" : "Rejection"} of ${of(command.task)}`;
    case "deleteTask":
      return `Deleting ${of(command.task)}`;
    case "updateWork":
      return `Change of ${of(command.task)} in its list`;
    case "stopWork":
      return `Stopping ${of(command.task)}`;
    case "startWorkflow":
      return `Start of ${quoted(command.workflow)}`;
    case "editWorkspace":
      return "Change to the workspace";
    case "nameAgent":
      return `Name ${quoted(command.displayName)} for ${command.agent}`;
    default:
      return "A change";
  }
}
