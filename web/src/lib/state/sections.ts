// The tasks of a list in sections by status, in the order asked for; what is over stands under the day of its last change.
import { isOpen, type Status, type Task } from "../model/types";
import { dayStarts } from "../text/format";
import { newest } from "./place";
import { difference, follow, type Compare } from "./sorted";

export type SortBy = "default" | "oldest" | "waiting" | "changed";

export const SORTS: readonly { value: SortBy; label: string }[] = [
  { value: "default", label: "Newest first" },
  { value: "oldest", label: "Oldest first" },
  { value: "waiting", label: "Longest wait first" },
  { value: "changed", label: "Last change first" },
];

export interface Day {
  name: string;
  /** Its first task's place in the section. */
  from: number;
}

export interface Section {
  status: Status;
  tasks: readonly Task[];
  /** Empty where the tasks are not in the order of their last change. */
  days: readonly Day[];
}

export const SECTION_ORDER: readonly Status[] = ["ongoing", "notstarted", "completed", "rejected", "failed", "killed"];

// Times of one form and ids are in order as texts; comparing them as words of a language would take ten times as long.
const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
const oldest = (one: Task, other: Task): number => order(one.id, other.id);
const waiting = (one: Task, other: Task): number => order(one.waitingSince, other.waitingSince) || oldest(one, other);
export const changedLast = (one: Task, other: Task): number =>
  order(other.updatedAt, one.updatedAt) || newest(one, other);

export const isSort = (value: string | null): value is SortBy => SORTS.some((one) => one.value === value);

export function compareFor(status: Status, sort: SortBy): Compare<Task> {
  if (sort === "oldest") return oldest;
  if (sort === "waiting") return waiting;
  if (sort === "changed") return changedLast;
  return isOpen({ status }) ? newest : changedLast;
}

export type Shows = (task: Task) => boolean;
const everything: Shows = () => true;

/** From so many changes on, among so many tasks, all are sorted anew. */
const isMany = (changes: number, tasks: number): boolean => changes * 8 > tasks;

/** Follows a list that is newest first: only what has changed since the last time is looked at, and a section without any is the same one. */
export class Sections {
  #tasks: readonly Task[] = [];
  #sort: SortBy | null = null;
  #shows = everything;
  /** In order, whether they are shown or not. */
  #all: readonly Section[] = SECTION_ORDER.map((status) => ({ status, tasks: [], days: [] }));
  #shown = this.#all;

  /** The sections of those tasks that are to be shown. Another question is another function. */
  of(tasks: readonly Task[], sort: SortBy, shows: Shows = everything): readonly Section[] {
    const { gone, come } = difference(this.#tasks, tasks, newest);
    const anew = sort !== this.#sort || isMany(gone.length + come.length, tasks.length);
    this.#all = anew ? sorted(tasks, sort) : this.#all.map((section) => followed(section, gone, come, sort));
    if (shows === everything) this.#shown = this.#all;
    else if (anew || shows !== this.#shows)
      this.#shown = this.#all.map((section) => ({ ...section, tasks: section.tasks.filter(shows) }));
    else {
      const left = { gone: gone.filter(shows), come: come.filter(shows) };
      this.#shown = this.#shown.map((section) => followed(section, left.gone, left.come, sort));
    }
    [this.#tasks, this.#sort, this.#shows] = [tasks, sort, shows];
    return this.#shown;
  }
}

function sorted(tasks: readonly Task[], sort: SortBy): Section[] {
  const byStatus = new Map<Status, Task[]>(SECTION_ORDER.map((status) => [status, []]));
  for (const task of tasks) byStatus.get(task.status)?.push(task);
  return SECTION_ORDER.map((status) => {
    const own = byStatus.get(status) ?? [];
    return { status, tasks: own.sort(compareFor(status, sort)), days: [] };
  });
}

function followed(section: Section, gone: readonly Task[], come: readonly Task[], sort: SortBy): Section {
  const own = (task: Task): boolean => task.status === section.status;
  const tasks = follow(section.tasks, gone.filter(own), come.filter(own), compareFor(section.status, sort));
  return tasks === section.tasks ? section : { ...section, tasks };
}

/** The sections that hold something, what is completed with its days. */
export function shownSections(sections: readonly Section[], sort: SortBy, now: number): Section[] {
  return sections
    .filter(({ tasks }) => tasks.length > 0)
    .map((section) =>
      section.status === "completed" && (sort === "default" || sort === "changed")
        ? { ...section, days: dayStarts(section.tasks, now) }
        : section,
    );
}
