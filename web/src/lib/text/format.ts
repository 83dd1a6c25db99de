// Times, sizes and counts in words. Every function takes what it needs; none reads a clock.
import type { Actor, Agent, Status } from "../model/types";
import { placeIn } from "../state/sorted";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something has lasted: "<1 min", "4 min", "2 h 5 min", "3 days". */
export function duration(ms: number): string {
  if (ms < MINUTE) return "<1 min";
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return `${Math.floor(ms / HOUR)} h${minutes > 0 && ms < 6 * HOUR ? ` ${minutes} min` : ""}`;
  }
  const days = Math.floor(ms / DAY);
  return `${days} ${days === 1 ? "day" : "days"}`;
}

/** The same for narrow places: "now", "4m", "2h", "3d". */
export function shortAge(ms: number): string {
  if (ms < MINUTE) return "now";
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}

/** Noon of a day: the same for all moments of it. */
export const noonOf = (time: number): number => new Date(time).setHours(12, 0, 0, 0);

export const since = (time: string, now: number): number => Math.max(0, now - Date.parse(time));

const pad = (value: number): string => String(value).padStart(2, "0");

/** The wall-clock time, to the second: "14:33:41". */
export function clock(time: string): string {
  const date = new Date(time);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** When something was said: the time today, else the day as well. */
export function moment(time: string, now: number): string {
  const date = new Date(time);
  const hourMinute = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (date.toDateString() === new Date(now).toDateString()) return hourMinute;
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return `${(sameYear ? shortDay : shortDayOfYear)(date)}, ${hourMinute}`;
}

/** Writes dates in one way. What does it is made when it is first wanted, and then kept: making it takes many times as long as asking it. */
function written(options: Intl.DateTimeFormatOptions): (date: Date) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (date) => (format ??= new Intl.DateTimeFormat("en", options)).format(date);
}
const shortDay = written({ day: "numeric", month: "short" });
const shortDayOfYear = written({ day: "numeric", month: "short", year: "numeric" });
const longDay = written({ weekday: "long", day: "numeric", month: "long" });
const dayAndTime = written({ dateStyle: "full", timeStyle: "medium" });

export const fullTime = (time: string): string => dayAndTime(new Date(time));

export function day(time: string, now: number): string {
  const date = new Date(time);
  if (date.toDateString() === new Date(now).toDateString()) return "Today";
  if (date.toDateString() === new Date(now - DAY).toDateString()) return "Yesterday";
  return longDay(date);
}

/** Whether a time is of the day that begins then, or of an earlier one. */
const before = (one: { updatedAt: string }, midnight: { updatedAt: string }): number =>
  one.updatedAt >= midnight.updatedAt ? -1 : 1;

/** The days of tasks that are ordered by their last change, newest first, each with the place of its first task. */
export function dayStarts(tasks: readonly { updatedAt: string }[], now: number): { name: string; from: number }[] {
  const days: { name: string; from: number }[] = [];
  // Times of one form are in order as texts: only where a day begins is a calendar asked, and where that is, is found by halving.
  for (let from = 0; from < tasks.length;) {
    const { updatedAt } = tasks[from] as { updatedAt: string };
    const midnight = new Date(updatedAt);
    midnight.setHours(0, 0, 0, 0);
    days.push({ name: day(updatedAt, now), from });
    from = placeIn(tasks, { updatedAt: midnight.toISOString() }, before, from + 1);
  }
  return days;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB"];
  let value = size / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

export const taskName = (task: { number: number | null; id: string }): string =>
  task.number === null ? "#…" : `#${task.number}`;

export const STATUS_WORDS: Record<Status, string> = {
  notstarted: "Not started",
  ongoing: "Ongoing",
  completed: "Completed",
  rejected: "Rejected",
  failed: "Failed",
  killed: "Stopped",
};

/** What an agent is called in front of people. */
export function agentLabel(name: string | null, agents: readonly Agent[]): string {
  if (name === null) return "any agent";
  return agents.find((agent) => agent.name === name)?.displayName || name;
}

export function actorLabel(actor: Actor, agents: readonly Agent[], me: string | null): string {
  if (actor.kind === "person") return actor.id === me ? "You" : actor.name;
  if (actor.kind === "agent") return agentLabel(actor.name, agents);
  return "AgentRQ";
}

/** One or two letters for a monogram. */
export function monogram(name: string): string {
  const words = name
    .trim()
    .split(/[\s._/-]+/u)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[1]] : [words[0]];
  const first = letters.map((word) => [...(word ?? "")][0] ?? "").join("");
  return (first || "?").toLocaleUpperCase();
}
