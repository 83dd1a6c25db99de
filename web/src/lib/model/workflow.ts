// Workflows as people and agents write them: templates of tasks that wait for each other.
import type { Actor, JobKind, Time } from "./types";

export interface Parameter {
  name: string;
  description?: string;
  required?: boolean;
  default?: string;
  /** Absent: any text. */
  values?: string[];
}

export interface WorkflowStep {
  key: string;
  subject: string;
  description?: string;
  activeForm?: string;
  dependsOn?: string[];
  type?: JobKind;
  command?: string;
  prompt?: string;
  timeout?: number;
  assignee?: "human";
  metadata?: Record<string, unknown>;
}

export interface Workflow {
  name: string;
  title: string;
  description?: string;
  parameters: Parameter[];
  steps: WorkflowStep[];
}

/** One as the server keeps it. */
export interface KeptWorkflow extends Workflow {
  revision: number;
  savedAt: Time;
  savedBy: Actor;
}
