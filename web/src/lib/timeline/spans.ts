// What ran when, as bars on a scale of time: where each begins and ends, and which times stand on the scale.
import type { JobTask } from "../state/background";
import { clock } from "../text/format";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** One run, in milliseconds since 1970. */
export interface Span {
  task: JobTask;
  from: number;
  /** Until now, for what runs. */
  to: number;
  runs: boolean;
  /** When it was asked to end. */
  stopAt: number | null;
  /** Since when nothing has been heard of whoever runs it. */
  lostAt: number | null;
}

const timeOf = (time: string | undefined): number | null => (time === undefined ? null : Date.parse(time));

/** What has begun, in the order in which it did. */
export function spansOf(tasks: readonly JobTask[], now: number): Span[] {
  return tasks
    .flatMap((task): Span[] => {
      const { startedAt, endedAt, stop, lostAt } = task.work.job;
      const from = timeOf(startedAt);
      if (from === null) return [];
      const runs = task.status === "ongoing";
      // The clocks of the server and of this page may differ a little: nothing ends before it begins.
      const to = Math.max(from, runs ? now : (timeOf(endedAt) ?? Date.parse(task.updatedAt)));
      return [{ task, from, to, runs, stopAt: timeOf(stop?.at), lostAt: timeOf(lostAt) }];
    })
    .sort((one, other) => one.from - other.from || (one.task.id < other.task.id ? -1 : 1));
}

/** How far back is looked. */
export const RANGES = { hour: HOUR, day: DAY, all: Infinity } as const;
export type Range = keyof typeof RANGES;
export const isRange = (text: string | null): text is Range => text !== null && Object.hasOwn(RANGES, text);

export const within = (spans: readonly Span[], range: Range, now: number): Span[] =>
  spans.filter(({ to }) => to >= now - RANGES[range]);

/** The shortest time back in which all that runs has begun, and something is to be seen. */
export function rangeFor(spans: readonly Span[], now: number): Range {
  const holds = (range: Range): boolean =>
    spans.some(({ to }) => to >= now - RANGES[range]) &&
    spans.every(({ from, runs }) => !runs || from >= now - RANGES[range]);
  return holds("hour") ? "hour" : holds("day") ? "day" : "all";
}

export interface Scale {
  from: number;
  to: number;
  ticks: { at: number; label: string }[];
}

/** The steps that clocks have. */
const STEPS = [
  ...[1, 5, 10, 15, 30].map((many) => many * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((many) => many * MINUTE),
  ...[1, 2, 3, 6, 12].map((many) => many * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((many) => many * DAY),
];

/** From the first beginning to the last end, with about as many times on it as fit. */
export function scaleOf(spans: readonly Span[], most: number): Scale {
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to), from + SECOND);
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 364 * DAY;
  // Hours and days are those of whoever looks.
  const shift = new Date(from).getTimezoneOffset() * MINUTE;
  const ticks: Scale["ticks"] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step)
    ticks.push({ at, label: labelOf(at, step) });
  return { from, to, ticks };
}

const shortDay = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
function labelOf(at: number, step: number): string {
  if (step >= DAY) return shortDay.format(at);
  const time = clock(new Date(at).toISOString());
  return step >= MINUTE ? time.slice(0, 5) : time;
}

/** Where a time stands on the scale, in percent. */
export const placeOn = ({ from, to }: Scale, time: number): number =>
  (100 * (Math.min(to, Math.max(from, time)) - from)) / (to - from);
