// Bytes of an output as lines: what stands before the first whole character, or the first whole line, is left out where it must be.
import { AnsiReader, bytesOf } from "../text/ansi";
import type { Line } from "../text/written";

/** Where no line ends within this, it is one very long line, and its middle will do for a beginning. */
const LONG_LINE = 64 * 1024;

/** How many of these bytes belong to a character that began before them. */
function restOfCharacter(bytes: Uint8Array): number {
  let at = 0;
  while (at < 3 && at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at++;
  return at;
}

/** Where the first whole line begins in a piece that begins anywhere. */
function beginningOf(bytes: Uint8Array): number {
  const end = bytes.subarray(0, LONG_LINE).indexOf(10);
  return end < 0 ? restOfCharacter(bytes) : end + 1;
}

/** The lines of a piece that begins anywhere, or with the output itself, and ends where a line that is here begins. */
export function linesOf(from: number, bytes: Uint8Array): Line[] {
  const skipped = from === 0 ? 0 : beginningOf(bytes);
  const reader = new AnsiReader(from + skipped);
  const lines = reader.push(new TextDecoder().decode(bytes.subarray(skipped)));
  return reader.open === null ? lines : [...lines, reader.open];
}

/** How many of these bytes are whole characters: the last one may go on in the next piece. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** A text that begins anywhere, piece by piece, until its first line has ended. */
export class Beginning {
  #skipped = 0;

  /** What is to be read of the next piece, and how many bytes of it are not; null: nothing yet. */
  of(text: string): { text: string; skipped: number } | null {
    const end = text.indexOf("\n");
    if (end >= 0) return { text: text.slice(end + 1), skipped: bytesOf(text, 0, end + 1) };
    this.#skipped += bytesOf(text);
    return this.#skipped > LONG_LINE ? { text: "", skipped: bytesOf(text) } : null;
  }
}
