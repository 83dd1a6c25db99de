// Makes visible what bytes can hide: control, zero-width and bidirectional characters, each named by its code.

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
  0x3164: "Hangul filler",
  0xfeff: "byte order mark",
};

/* eslint-disable no-control-regex, no-misleading-character-class -- these are the very characters to look for, each for itself */
// C0 but tab and newline, DEL, C1, every format character, odd spaces, fillers, tags and variation selectors.
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u115f\u1160\u2028\u2029\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]|\p{Cf}/u;
const HIDDEN_ALL = new RegExp(HIDDEN.source, "gu");
// Reorder or hide what is read: always worth a warning, wherever they stand.
const DECEPTIVE =
  /[\u200b\u2060\u00ad\u202a-\u202e\u2066-\u2069\u3164\ufeff\u{e0000}-\u{e007f}\u0000-\u0008\u000e-\u001f\u007f]/u;
/* eslint-enable no-control-regex, no-misleading-character-class */

export function reveal(text: string): Piece[] {
  const pieces: Piece[] = [];
  let last = 0;
  for (const match of text.matchAll(HIDDEN_ALL)) {
    const char = match[0];
    // CRLF is an ordinary line end.
    if (char === "\r" && text[match.index + 1] === "\n") {
      if (match.index > last) pieces.push({ kind: "text", text: text.slice(last, match.index) });
      last = match.index + 1;
      continue;
    }
    if (match.index > last) pieces.push({ kind: "text", text: text.slice(last, match.index) });
    const point = char.codePointAt(0) ?? 0;
    const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
    pieces.push({ kind: "hidden", code, name: NAMES[point] ?? "invisible character" });
    last = match.index + char.length;
  }
  if (last < text.length) pieces.push({ kind: "text", text: text.slice(last) });
  return pieces;
}

export const hasDeceptive = (text: string): boolean => DECEPTIVE.test(text);
