// A line as it is shown: runs of one look each, with what is looked for marked, and characters that would turn the rest around by their names.
import type { Colour, Style } from "../text/sgr";
import type { Line } from "../text/written";
import type { Match } from "./find";

export interface Run {
  text: string;
  /** The names of its look; empty: plain. */
  look: string;
  /** Colours of its own, which no name has. */
  fg: string | null;
  bg: string | null;
  mark: "found" | "current" | null;
  /** It stands for a character that cannot be seen. */
  hidden: boolean;
}

/** They change the order of what stands around them. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const EACH_TURN = /([\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])/u;

const named = (letter: string, colour: Colour | null): string =>
  colour === null ? "" : typeof colour === "number" ? `${letter}${colour}` : `${letter}-own`;

const looks = new WeakMap<Style, string>();

/** The classes of a style, as the styles of a line of output have them. */
export function lookOf(style: Style): string {
  let look = looks.get(style);
  if (look === undefined) {
    const { bold, dim, italic, underline, inverse, strike } = style;
    look = [
      named("f", style.fg),
      named("b", style.bg),
      typeof style.bg === "number" && "on",
      bold && "bold",
      dim && "dim",
      italic && "italic",
      underline && "underline",
      inverse && "inverse",
      strike && "strike",
    ]
      .filter(Boolean)
      .join(" ");
    looks.set(style, look);
  }
  return look;
}

const own = (colour: Colour | null): string | null => (typeof colour === "string" ? colour : null);

/** `matches` are those of this line, in order. */
export function runsOf(line: Line, matches: readonly Match[], current: Match | null): Run[] {
  const runs: Run[] = [];
  let at = 0;
  let next = 0;
  for (const { text, style } of line.spans) {
    const [look, fg, bg] = [lookOf(style), own(style.fg), own(style.bg)];
    const add = (from: number, to: number, mark: Run["mark"]): void => {
      for (const [part, hidden] of parts(text.slice(from, to))) runs.push({ text: part, look, fg, bg, mark, hidden });
    };
    for (let from = 0; from < text.length;) {
      const match = matches[next];
      const begins = match === undefined ? text.length : Math.max(0, match.from - at);
      if (begins > from) {
        const to = Math.min(begins, text.length);
        add(from, to, null);
        from = to;
        continue;
      }
      const ends = (match?.to ?? at) - at;
      const to = Math.min(ends, text.length);
      add(from, to, match === current ? "current" : "found");
      from = Math.max(to, from);
      if (ends <= text.length) next++;
    }
    at += text.length;
  }
  return runs;
}

function parts(text: string): [string, boolean][] {
  if (!TURNS.test(text)) return text === "" ? [] : [[text, false]];
  return text
    .split(EACH_TURN)
    .filter((part) => part !== "")
    .map((part) => [part, TURNS.test(part)]);
}

export const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
