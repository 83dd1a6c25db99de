// Workflows in words, and as the text that somebody edits.
import { sentence, type Problem } from "../api/problem";
import type { KeptWorkflow, WorkflowStep } from "../model/workflow";
import { KIND_WORDS } from "./job";

/** What stands in the editor of a new one. */
export const EXAMPLE = `{
  "name": "release",
  "title": "Release {{version}}",
  "description": "Tests, asks a person, and publishes.",
  "parameters": [
    { "name": "version", "description": "as in the tag", "required": true },
    { "name": "target", "values": ["staging", "production"], "default": "staging" }
  ],
  "steps": [
    { "key": "test", "subject": "Run the tests", "command": "npm test" },
    { "key": "notes", "subject": "Write the notes of {{version}}" },
    {
      "key": "approve",
      "subject": "Approve: release {{version}} to {{target}}",
      "assignee": "human",
      "dependsOn": ["test", "notes"]
    },
    {
      "key": "publish",
      "subject": "Publish {{version}}",
      "command": "./publish --version={{version}} {{target}}",
      "dependsOn": ["approve"]
    }
  ]
}
`;

/** One as it is edited: what the server adds to it is left out. */
export function asText(kept: KeptWorkflow): string {
  const added = new Set(["revision", "savedAt", "savedBy"]);
  return `${JSON.stringify(Object.fromEntries(Object.entries(kept).filter(([name]) => !added.has(name))), null, 2)}\n`;
}

/** Why a workflow was refused: the way to what is wrong stands as it is written there. */
export const refusal = (problem: Problem): string =>
  problem.code === "workflow_invalid" ? problem.detail : sentence(problem);

/** Who does a step. */
export function byWhom(step: WorkflowStep): string {
  if (step.assignee === "human") return "A person";
  if (step.type !== undefined) return KIND_WORDS[step.type];
  return step.command === undefined ? "An agent" : KIND_WORDS.local_bash;
}
