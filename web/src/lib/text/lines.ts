// A text as lines: how many, and in pieces that a page can take one at a time.

export function linesOf(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  // What ends with a line's end has no empty line after it.
  return lines > 1 && text.endsWith("\n") ? lines - 1 : lines;
}

export interface Piece {
  text: string;
  lines: number;
}

/** Pieces of at most so many lines and characters; together they are the text to the last byte. */
export function inPieces(text: string, lines: number, characters = 32_768): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let count = 0;
  let at = 0;
  const cut = (to: number): void => {
    pieces.push({ text: text.slice(from, to), lines: Math.max(1, count) });
    from = to;
    count = 0;
  };
  while (at < text.length) {
    const end = text.indexOf("\n", at);
    const next = end < 0 ? text.length : end + 1;
    if (next - from > characters && count > 0) cut(at);
    // One line longer than a piece may be is cut where it must, but never within a character.
    while (next - from > characters && at === from) {
      const high = text.charCodeAt(from + characters - 1);
      cut(from + characters - (high >= 0xd800 && high < 0xdc00 ? 1 : 0));
      at = from;
    }
    count++;
    at = next;
    if (count === lines) cut(at);
  }
  if (from < text.length) cut(text.length);
  return pieces;
}
