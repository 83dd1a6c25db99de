// A file's hunks as rows to be shown: removed and added lines beside each other, long runs of unchanged ones folded to a gap.
import { pairsOf } from "./pairs";
import type { FileDiff, Hunk, Line } from "./parse";

/** Unchanged lines around a change. */
export const CONTEXT = 3;
/** A fold that hides fewer lines would take as much room as they do. */
const WORTH = 4;

export type Row =
  | { kind: "hunk"; key: string; text: string }
  | { kind: "gap"; key: string; lines: Line[] }
  /** In one column: a line, with the one that took its place or that it replaced. */
  | { kind: "line"; key: string; line: Line; partner: Line | null }
  /** In two columns: what was, and what is. */
  | { kind: "pair"; key: string; left: Line | null; right: Line | null };

export type Columns = "split" | "unified";

/** Runs of unchanged lines, and of changed ones: all that were removed, then all that were added. */
type Stretch = { same: Line[] } | { removed: Line[]; added: Line[] };

function stretches(hunk: Hunk): Stretch[] {
  const found: Stretch[] = [];
  for (const line of hunk.lines) {
    const last = found.at(-1);
    if (line.kind === "same") {
      if (last && "same" in last) last.same.push(line);
      else found.push({ same: [line] });
    } else if (last && "removed" in last && !(line.kind === "removed" && last.added.length > 0)) {
      last[line.kind].push(line);
    } else found.push({ removed: [], added: [], [line.kind]: [line] });
  }
  return found;
}

const placeOf = ({ place, section }: Hunk): string =>
  place ? [`Line ${place.after}`, section].filter(Boolean).join(" · ") : section;

/** The gaps that stand open, by their keys. */
export type Open = ReadonlySet<string> | "all";

/** The rows of a file, with the gaps of `open` opened. */
export function rowsOf(file: FileDiff, columns: Columns, open: Open): Row[] {
  const rows: Row[] = [];
  file.hunks.forEach((hunk, at) => {
    if (hunk.place !== null || at > 0) rows.push({ kind: "hunk", key: `${at}`, text: placeOf(hunk) });
    const all = stretches(hunk);
    all.forEach((stretch, index) => {
      const key = `${at}.${index}`;
      if (!("same" in stretch)) rows.push(...changed(stretch, columns, key));
      else rows.push(...unchanged(stretch.same, index === 0, index === all.length - 1, columns, key, open));
    });
  });
  return rows;
}

function unchanged(lines: Line[], first: boolean, last: boolean, columns: Columns, key: string, open: Open): Row[] {
  const head = first ? 0 : CONTEXT;
  const tail = last ? 0 : CONTEXT;
  const plain = (from: number, to: number): Row[] =>
    lines.slice(from, to).map((line, index) => {
      const own = `${key}.${from + index}`;
      return columns === "split"
        ? { kind: "pair", key: own, left: line, right: line }
        : { kind: "line", key: own, line, partner: null };
    });
  if (lines.length - head - tail < WORTH || open === "all" || open.has(key) || (first && last))
    return plain(0, lines.length);
  return [
    ...plain(0, head),
    { kind: "gap", key, lines: lines.slice(head, lines.length - tail) },
    ...plain(lines.length - tail, lines.length),
  ];
}

function changed({ removed, added }: { removed: Line[]; added: Line[] }, columns: Columns, key: string): Row[] {
  const pairs = pairsOf(removed, added);
  if (columns === "split") {
    return pairs.map(([left, right], index) => ({ kind: "pair", key: `${key}.${index}`, left, right }));
  }
  const line = (side: 0 | 1): Row[] =>
    pairs.flatMap((pair, index): Row[] => {
      const [own, partner] = [pair[side], pair[side === 0 ? 1 : 0]];
      return own ? [{ kind: "line", key: `${key}.${side}.${index}`, line: own, partner }] : [];
    });
  return [...line(0), ...line(1)];
}

/** Does this file mix its line ends? Only then is each worth a mark. */
export const mixesEnds = (file: FileDiff): boolean => {
  const ends = new Set(file.hunks.flatMap(({ lines }) => lines.map(({ end }) => end)));
  return ends.has("\r\n") && ends.has("\n");
};
