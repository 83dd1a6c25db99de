// Reads what a program writes to its terminal, piece by piece, as lines of styled text. Colours, overwriting and erasing within a line are
// followed; all that would move about a screen, set a title or draw a picture is left out whole, wherever the pieces are cut.
import { PLAIN, styled, type Style } from "./sgr";
import { Line, Writing } from "./written";

/** Longer lines go on in the next one, so that no single one is too much for a page. */
export const LINE_CHARACTERS = 4000;
/** No sequence of use is longer; of more, only the end is waited for. */
const PARAMETERS = 256;
/** A string without an end is none. */
const STRING_CHARACTERS = 1 << 20;

/** Where in a sequence the last piece ended. */
type Within =
  | "text"
  | "escape"
  /** Behind an escape with something between: `ESC ( B`. */
  | "between"
  | "control"
  /** A title or a link, which ends with its line at the latest. */
  | "command"
  /** Anything else that is no text: a picture, a report. */
  | "string";

/* eslint-disable no-control-regex -- these are the very characters to look for */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const ENDS_COMMAND = /[\u0007\u000a\u0018\u001a\u001b\u009c]/g;
const ENDS_STRING = /[\u0018\u001a\u001b\u009c]/g;
/* eslint-enable no-control-regex */

function next(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

/** How many bytes a part of a text takes in UTF-8. */
export function bytesOf(text: string, from = 0, to = text.length): number {
  let bytes = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (code >= 0xd800 && code < 0xdc00) {
      bytes += 4;
      at++;
    } else bytes += 3;
  }
  return bytes;
}

export class AnsiReader {
  #within: Within = "text";
  #parameters = "";
  #swallowed = 0;
  #style: Style = PLAIN;
  #writing = new Writing();
  #from: number;
  #at: number;
  #done: Line[] = [];
  #text = "";
  #counted = 0;

  /** Begins at a byte of the output. */
  constructor(at = 0) {
    this.#from = at;
    this.#at = at;
  }

  /** How many bytes have been read, counted from where the output begins. */
  get at(): number {
    return this.#at;
  }

  /** What comes next stands there: whoever has the bytes knows better than one who counts characters, some of which stand for what is none. */
  set at(place: number) {
    this.#at = place;
    if (this.#writing.length === 0) this.#from = place;
  }

  /** See [`Writing.work`]. */
  get work(): number {
    return this.#writing.work;
  }

  /** Takes the next piece and gives the lines that it completed. */
  push(text: string): Line[] {
    this.#text = text;
    this.#counted = 0;
    this.#done = [];
    for (let at = 0; at < text.length;) at = this.#step(at);
    this.#count(text.length);
    this.#text = "";
    return this.#done;
  }

  /** The line that is being written; null: the last one is complete. */
  get open(): Line | null {
    return this.#writing.length === 0 ? null : new Line(this.#writing.spans, this.#from, this.#at);
  }

  /** Takes what is read from here on, and gives where that is. */
  #step(at: number): number {
    switch (this.#within) {
      case "text":
        return this.#inText(at);
      case "escape":
        return this.#afterEscape(at);
      case "between":
        return this.#inBetween(at);
      case "control":
        return this.#inControl(at);
      case "command":
        return this.#inString(at, ENDS_COMMAND);
      case "string":
        return this.#inString(at, ENDS_STRING);
    }
  }

  #inText(from: number): number {
    const end = next(CONTROL, this.#text, from);
    let at = from;
    while (at < end) {
      let to = Math.min(end, at + Math.max(1, LINE_CHARACTERS - this.#writing.reach));
      const last = this.#text.charCodeAt(to - 1);
      if (to < end && last >= 0xd800 && last < 0xdc00) to++;
      this.#writing.write(this.#text.slice(at, to), this.#style);
      at = to;
      if (this.#writing.length >= LINE_CHARACTERS) this.#finish(at, true);
    }
    if (end === this.#text.length) return end;
    this.#do(this.#text.charCodeAt(end), end + 1);
    return end + 1;
  }

  /** A control character, behind which this place is. */
  #do(code: number, behind: number): void {
    switch (code) {
      case 0x0a:
      case 0x0b:
      case 0x0c:
      case 0x85:
        this.#finish(behind, false);
        break;
      case 0x0d:
        this.#writing.to(0);
        break;
      case 0x08:
        this.#writing.by(-1);
        break;
      case 0x09:
        this.#writing.write("\t", this.#style);
        if (this.#writing.length >= LINE_CHARACTERS) this.#finish(behind, true);
        break;
      case 0x1b:
        this.#within = "escape";
        break;
      case 0x9b:
        this.#begin("control");
        break;
      case 0x9d:
        this.#begin("command");
        break;
      case 0x90:
      case 0x98:
      case 0x9e:
      case 0x9f:
        this.#begin("string");
        break;
      default:
      // Bells and the like are no text.
    }
  }

  #begin(what: Within): void {
    this.#within = what;
    this.#parameters = "";
    this.#swallowed = 0;
  }

  #afterEscape(at: number): number {
    const character = this.#text[at] ?? "";
    if (character === "\u001b") return at + 1;
    this.#within = "text";
    if (character < " " || character > "~") return at; // no sequence: text goes on here
    if (character === "[") this.#begin("control");
    else if (character === "]") this.#begin("command");
    else if ("PX^_".includes(character)) this.#begin("string");
    else if (character < "0") this.#within = "between";
    else if (character === "E") this.#finish(at + 1, false);
    else if (character === "c") this.#style = PLAIN;
    return at + 1;
  }

  #inBetween(at: number): number {
    const character = this.#text[at] ?? "";
    if (character >= " " && character < "0") return at + 1;
    this.#within = "text";
    return character >= "0" && character <= "~" ? at + 1 : at;
  }

  #inControl(at: number): number {
    const character = this.#text[at] ?? "";
    if (character >= " " && character < "@") {
      if (this.#parameters.length < PARAMETERS) this.#parameters += character;
      return at + 1;
    }
    this.#within = "text";
    if (character < "@" || character > "~") return at; // broken off: a line's end, or the next sequence
    this.#control(character, this.#parameters);
    return at + 1;
  }

  #control(final: string, parameters: string): void {
    if (!/^[\d;:]*$/u.test(parameters)) return; // of one terminal alone
    if (final === "m") {
      if (parameters.length < PARAMETERS) this.#style = styled(this.#style, parameters);
      return;
    }
    const number = Number.parseInt(parameters, 10) || 0;
    const count = Math.max(1, number);
    switch (final) {
      case "K":
        if (number <= 2) this.#writing.erase(number === 0 ? "toEnd" : number === 1 ? "toHere" : "all", this.#style);
        break;
      case "J":
        // Of a screen only this line is here.
        if (number === 0) this.#writing.erase("toEnd", this.#style);
        break;
      case "G":
      case "`":
        this.#writing.to(count - 1);
        break;
      case "C":
        this.#writing.by(count);
        break;
      case "D":
        this.#writing.by(-count);
        break;
      default:
    }
  }

  #inString(at: number, ends: RegExp): number {
    const end = next(ends, this.#text, at);
    this.#swallowed += end - at;
    if (this.#swallowed > STRING_CHARACTERS) this.#within = "text";
    if (end === this.#text.length) return end;
    const character = this.#text[end];
    this.#within = character === "\u001b" ? "escape" : "text";
    // What ends it by being no part of it is read for itself.
    return character === "\n" ? end : end + 1;
  }

  #count(to: number): void {
    this.#at += bytesOf(this.#text, this.#counted, to);
    this.#counted = to;
  }

  #finish(behind: number, goesOn: boolean): void {
    this.#count(behind);
    this.#done.push(new Line(this.#writing.take(), this.#from, this.#at, goesOn));
    this.#from = this.#at;
  }
}
