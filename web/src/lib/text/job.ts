// Background work in words: what it is, how far, and how it ended.
import { isGuess, type Agent, type Job, type JobKind, type Task } from "../model/types";
import { actorLabel, clock, count } from "./format";

export const KIND_WORDS: Record<JobKind, string> = {
  local_bash: "Shell command",
  local_agent: "Agent",
  remote_agent: "Remote agent",
  in_process_teammate: "Teammate",
  local_workflow: "Workflow",
  monitor_mcp: "Monitor",
  dream: "Dream",
};

/** What several of a kind are called, as Claude Code has it. */
const NOUNS: Record<JobKind, string> = {
  local_workflow: "background workflow",
  local_bash: "shell",
  local_agent: "agent",
  remote_agent: "remote agent",
  in_process_teammate: "teammate",
  monitor_mcp: "monitor",
  dream: "dream",
};

/** What runs, each kind counted: "3 background workflows, 1 shell". Nothing for none. */
export function pillOf(running: readonly JobKind[]): string {
  return (Object.keys(NOUNS) as JobKind[])
    .flatMap((kind) => {
      const many = running.filter((one) => one === kind).length;
      return many > 0 ? [count(many, NOUNS[kind])] : [];
    })
    .join(", ");
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long it runs or has run, to the second as long as that says something: "8 s", "3 min 12 s", "2 h 5 min", "3 days 4 h". */
export function elapsed(ms: number): string {
  const two = (whole: string, rest: number, unit: string): string => (rest > 0 ? `${whole} ${rest} ${unit}` : whole);
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return two(`${Math.floor(ms / MINUTE)} min`, Math.floor((ms % MINUTE) / SECOND), "s");
  if (ms < DAY) return two(`${Math.floor(ms / HOUR)} h`, Math.floor((ms % HOUR) / MINUTE), "min");
  return two(count(Math.floor(ms / DAY), "day"), Math.floor((ms % DAY) / HOUR), "h");
}

/** Who runs it, or did; undefined: nobody has begun it. */
export function runnerOf({ work }: Task): string | undefined {
  return work?.holder ?? (work?.job?.startedAt === undefined ? undefined : work.owner);
}

/** How long it has run; null: it has not begun. */
export function ranFor({ startedAt, endedAt }: Job, now: number): number | null {
  if (startedAt === undefined) return null;
  return Math.max(0, (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt));
}

export type JobTone = "pending" | "running" | "stopping" | "lost" | "done" | "failed" | "stopped";

export interface JobState {
  tone: JobTone;
  words: string;
}

export interface Eyes {
  agents: readonly Agent[];
  me: string | null;
  /** Without a network, what was asked for waits here. */
  online: boolean;
}

const REQUESTED = "Stop requested…";
const WAITS = "Stop requested, waits for the network";
/** To ask again would change nothing: what may be done is said instead. */
const UNCONFIRMED = "Stop requested, not confirmed: end it where it runs";

const minute = (time: string): string => clock(time).slice(0, 5);

function byWhom(stop: Job["stop"], { agents, me }: Eyes): string {
  if (stop === undefined) return "Stopped";
  if (stop.by === undefined) return "Stopped: its time was over";
  const who = actorLabel(stop.by, agents, me);
  return `Stopped by ${who === "You" ? "you" : who}`;
}

export function jobState(task: Task, job: Job, eyes: Eyes): JobState {
  const { stop, exitCode, startedAt, lostAt } = job;
  const code = exitCode === undefined ? "" : ` with exit code ${exitCode}`;
  switch (task.status) {
    case "notstarted":
      return { tone: "pending", words: task.work?.wave === undefined ? "Waits for other tasks" : "Waits for a runner" };
    case "completed":
      return { tone: "done", words: `Ended${code}` };
    case "failed":
      return { tone: "failed", words: `Failed${code}` };
    case "killed":
      if (isGuess(task)) return { tone: "stopping", words: eyes.online ? REQUESTED : WAITS };
      return { tone: "stopped", words: byWhom(stop, eyes) };
    case "rejected":
      return { tone: "stopped", words: "Called off" };
    case "ongoing":
  }
  if (stop !== undefined) {
    if (task.pending === true && !eyes.online) return { tone: "stopping", words: WAITS };
    if (stop.unconfirmed === true) return { tone: "stopping", words: UNCONFIRMED };
    return { tone: "stopping", words: stop.by === undefined ? "Time is over, stop requested…" : REQUESTED };
  }
  if (lostAt !== undefined) return { tone: "lost", words: `Lost contact since ${minute(lostAt)}` };
  return { tone: "running", words: startedAt === undefined ? "Running" : `Running since ${minute(startedAt)}` };
}
