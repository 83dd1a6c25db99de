// Where the words of a search stand in a text: in any case, with or without accents, as core's search finds them.

const MARKS = /\p{M}+/gu;
export const fold = (text: string): string => text.normalize("NFD").replace(MARKS, "").toLowerCase();

export const wordsOf = (search: string): string[] => fold(search).split(/\s+/u).filter(Boolean);

export interface Piece {
  text: string;
  hit: boolean;
}

/** Letters that folding leaves where they are. */
const PLAIN = /^[ -~]*$/u;

/** A text as it is searched, and for each of its characters where it came from: folding changes lengths. */
function traced(text: string): { plain: string; origin: (at: number) => number } {
  if (PLAIN.test(text)) return { plain: text.toLowerCase(), origin: (at) => at };
  let plain = "";
  const origins: number[] = [];
  let at = 0;
  for (const character of text) {
    const simple = fold(character);
    for (let part = 0; part < simple.length; part++) origins.push(at);
    plain += simple;
    at += character.length;
  }
  return { plain, origin: (place) => origins[place] ?? text.length };
}

/** A text in pieces: those that are one of the words, and what stands between them. */
export function mark(text: string, words: readonly string[]): Piece[] {
  if (words.length === 0) return [{ text, hit: false }];
  const { plain, origin } = traced(text);
  const hits: { from: number; to: number }[] = [];
  for (const word of words) {
    // A single letter stands nearly everywhere: marked, it would hide what was meant.
    if (word.length === 1 && PLAIN.test(word)) continue;
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length))
      hits.push({ from: origin(at), to: origin(at + word.length) });
  }
  hits.sort((one, other) => one.from - other.from || other.to - one.to);
  const pieces: Piece[] = [];
  let end = 0;
  for (const { from, to } of hits) {
    if (from < end) continue;
    if (from > end) pieces.push({ text: text.slice(end, from), hit: false });
    pieces.push({ text: text.slice(from, to), hit: true });
    end = to;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), hit: false });
  return pieces;
}

/** Where the words stand in a text beside the title, with a little before it; null if they don't. */
export function passage(text: string, words: readonly string[]): Piece[] | null {
  const pieces = mark(text, words);
  const first = pieces.findIndex(({ hit }) => hit);
  if (first < 0) return null;
  const before = pieces
    .slice(0, first)
    .map((piece) => piece.text)
    .join("");
  const lead = before.length > 12 ? `…${before.slice(-8)}` : before;
  return [...(lead ? [{ text: lead, hit: false }] : []), ...pieces.slice(first)];
}
