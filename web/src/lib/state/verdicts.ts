// The verdicts of this person that the server has not confirmed, by task: the first on each is the one that counts.
import type { Command } from "../model/commands";
import type { Id } from "../model/types";

export type VerdictCommand = Extract<Command, { type: "giveVerdict" }>;

export type Verdicts = ReadonlyMap<Id, VerdictCommand>;

export function verdictsIn(commands: Iterable<Command>): Verdicts {
  const verdicts = new Map<Id, VerdictCommand>();
  for (const command of commands)
    if (command.type === "giveVerdict" && !verdicts.has(command.task)) verdicts.set(command.task, command);
  return verdicts;
}
