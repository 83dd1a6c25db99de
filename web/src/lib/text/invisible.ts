// Makes visible what bytes can hide: control, zero-width and bidirectional characters, each named by its code.

import { rules } from "../sync/replica";

export type Piece = { kind: "text"; text: string } | { kind: "hidden"; code: string; name: string };

const NAMES: Record<number, string> = {
  0x00ad: "soft hyphen",
  0x034f: "combining grapheme joiner",
  0x061c: "Arabic letter mark",
  0x180e: "Mongolian vowel separator",
  0x200b: "zero-width space",
  0x200c: "zero-width non-joiner",
  0x200d: "zero-width joiner",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "pop directional formatting",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2060: "word joiner",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "pop directional isolate",
  0x2800: "blank Braille pattern",
  0x3164: "Hangul filler",
  0xfeff: "byte order mark",
};

/* eslint-disable no-control-regex, no-misleading-character-class -- these are the very characters to look for, each for itself */
// All that core calls invisible, but tab and newline; every other format character; and odd spaces.
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2028\u2029\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0000}-\u{e0fff}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]|\p{Cf}/gu;
/* eslint-enable no-control-regex, no-misleading-character-class */

/** Everything in a text of bytes that cannot be seen, or not be told from a plain space. */
export function reveal(text: string): Piece[] {
  return pieces(
    text,
    // CRLF is an ordinary line end.
    [...text.matchAll(HIDDEN)].map(({ index }) => index).filter((at) => !text.startsWith("\r\n", at)),
  ).map((piece) => (piece.kind === "text" ? { ...piece, text: piece.text.replaceAll("\r\n", "\n") } : piece));
}

/** What hides in words, by core's rule: joiners that join something, and the spaces of other languages, are parts of them. */
export const revealWords = (text: string): Piece[] =>
  // Most texts hide nothing: core is asked about the others.
  text.search(HIDDEN) < 0 ? pieces(text, []) : pieces(text, rules().hidden(text));

export const hasDeceptive = (text: string): boolean => text.search(HIDDEN) >= 0 && rules().hidden(text).length > 0;

/** Which characters hide in a text, each once, and how often. */
export function hiddenIn(text: string): { code: string; name: string; many: number }[] {
  const found = new Map<string, { code: string; name: string; many: number }>();
  for (const piece of revealWords(text)) {
    if (piece.kind === "text") continue;
    const known = found.get(piece.code);
    if (known) known.many++;
    else found.set(piece.code, { code: piece.code, name: piece.name, many: 1 });
  }
  return [...found.values()];
}

function pieces(text: string, places: readonly number[]): Piece[] {
  const all: Piece[] = [];
  let last = 0;
  const upTo = (at: number): void => {
    if (at > last) all.push({ kind: "text", text: text.slice(last, at) });
  };
  for (const at of places) {
    upTo(at);
    const point = text.codePointAt(at) ?? 0;
    const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
    all.push({ kind: "hidden", code, name: NAMES[point] ?? "invisible character" });
    last = at + String.fromCodePoint(point).length;
  }
  upTo(text.length);
  return all;
}
