// What runs in the background of a workspace: what is under way, what waits for somebody who runs it, and what is over.
import { isEnded, isGuess, isOpen, type Job, type Listed, type Task } from "../model/types";
import { isShown } from "./work";

export type JobTask = Listed & { work: { job: Job } };

export const isJob = (task: Task): task is JobTask => task.work?.job !== undefined;

/** A person may ask that it end: it has not, and nobody has asked for that. */
export const canStop = (task: JobTask): boolean => isOpen(task) && task.work.job.stop === undefined;

/**
 * Which run of it is shown: each claim is one, with an output of its own. What waits is shown the next one, as soon as the server knows that it
 * waits: until then what is asked for is still the last.
 */
export const runOf = ({ status, pending, work }: JobTask): number =>
  status === "notstarted" && pending !== true ? work.fence + 1 : work.fence;

export interface Background {
  /** Longest first. */
  running: JobTask[];
  /** In the order in which they were asked for. */
  pending: JobTask[];
  /** What ended last comes first. */
  over: JobTask[];
}

const byTime = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export function backgroundOf(tasks: readonly Listed[]): Background {
  const jobs = tasks.filter((task): task is JobTask => isJob(task) && isShown(task));
  const begun = ({ createdAt, work }: JobTask): string => work.job.startedAt ?? createdAt;
  const waits = (task: JobTask): boolean => isGuess(task) && task.work.job.startedAt === undefined;
  const runs = (task: JobTask): boolean => isGuess(task) && !waits(task);
  const ended = ({ updatedAt, work }: JobTask): string => work.job.endedAt ?? updatedAt;
  return {
    running: jobs
      .filter((task) => task.status === "ongoing" || runs(task))
      .sort((one, other) => byTime(begun(one), begun(other)) || byTime(one.id, other.id)),
    pending: jobs
      .filter((task) => task.status === "notstarted" || waits(task))
      .sort((one, other) => byTime(one.id, other.id)),
    over: jobs.filter(isEnded).sort((one, other) => byTime(ended(other), ended(one)) || byTime(other.id, one.id)),
  };
}

/** All of it, in no order. */
export const jobsOf = ({ running, pending, over }: Background): JobTask[] => [...running, ...pending, ...over];

/** "2 running, 5 done": each with how many there are, and nothing of which there are none. */
export function headOf({ running, pending, over }: Background): string {
  const many = (status: Task["status"]): number => over.filter((task) => task.status === status).length;
  const stopped = many("killed") + many("rejected");
  const parts: [number, string][] = [
    [running.length, "running"],
    [pending.length, "waiting"],
    [many("completed"), "done"],
    [many("failed"), "failed"],
    [stopped, "stopped"],
  ];
  return parts
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`)
    .join(", ");
}
