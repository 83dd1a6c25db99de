// A file of a diff in words: its name, what became of it, and a line of it as a quotation.
import type { FileDiff, Line } from "./parse";

export const nameOf = ({ before, after }: FileDiff): string => after ?? before ?? "Changes";

/** "new file", "deleted", "renamed from …"; null for a plain change. */
export function changeOf({ before, after, copied }: FileDiff): string | null {
  if (before === after) return null;
  if (before === null) return "new file";
  if (after === null) return "deleted";
  return `${copied ? "copied" : "renamed"} from ${before}`;
}

const SIGNS: Record<Line["kind"], string> = { added: "+", removed: "-", same: " " };

/** A line as Markdown, under the name of the place where it stands. */
export function quotationOf(file: FileDiff, line: Line): string {
  const number = line.after ?? line.before;
  const place = `${nameOf(file)}${number === null ? "" : `:${number}`}`;
  let longest = 2;
  for (const [ticks] of line.text.matchAll(/`+/gu)) longest = Math.max(longest, ticks.length);
  const fence = "`".repeat(longest + 1);
  return `${place}\n${fence}diff\n${SIGNS[line.kind]}${line.text}\n${fence}`;
}
