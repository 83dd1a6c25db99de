// A terminal's line: what has been written of it, and the one that is being written, in which a carriage return or a backspace leads back over
// what stands there already.
import { columnsOf } from "./columns";
import type { Style } from "./sgr";

export interface Span {
  text: string;
  style: Style;
}

/** A line as it stands, and which bytes of the output it was made from. */
export class Line {
  #columns: number | null = null;

  constructor(
    readonly spans: readonly Span[],
    /** Where it begins, and where what follows it begins. */
    readonly from: number,
    readonly to: number,
    /** It was too long: the next one goes on with it. */
    readonly goesOn = false,
    /** These bytes are no longer kept, and the line says so. */
    readonly isCut = false,
  ) {}

  get text(): string {
    return this.spans.length === 1 ? (this.spans[0]?.text ?? "") : this.spans.map(({ text }) => text).join("");
  }

  get columns(): number {
    return (this.#columns ??= columnsOf(this.text));
  }
}

interface Cell {
  character: string;
  style: Style;
  /** Which step of the writing put it there. */
  step: number;
}

/** All cells up to this column that are older than this step are blank. */
interface Erasure {
  to: number;
  step: number;
  style: Style;
}

/** So far to the right a sequence may lead. */
const FARTHEST = 4000;
/** So many blanks at most are made for a move beyond what stands there: a few bytes ask for it, and no terminal is much wider. */
export const MOST_BLANKS = 256;

export class Writing {
  #spans: Span[] = [];
  /** Character by character, from when something is written over something else. */
  #cells: Cell[] | null = null;
  /** Where the next character goes; null: behind the last. */
  #column: number | null = null;
  /** How many characters stand there. */
  #count = 0;
  /** The latest last, each reaching less far than those before it: what is erased over and over is erased once, when it is read. */
  #erasures: Erasure[] = [];
  #step = 0;
  /** In UTF-16 units; what was erased counts as what stood there. */
  length = 0;
  /** How many characters have been put, taken away or looked at by now: whatever comes, not many times the bytes that were read. */
  work = 0;

  write(text: string, style: Style): void {
    if (text === "") return;
    const at = this.#column ?? this.#count;
    // Where nothing stands, nothing is written over: on an empty line least of all.
    if (at < this.#count) this.#over(text, style, at);
    else this.#append(" ".repeat(this.#gap) + text, style);
  }

  /** How long it is with what has to be filled before the next character. */
  get reach(): number {
    return this.length + this.#gap;
  }

  /** To a column, from 0. */
  to(column: number): void {
    this.#column = Math.min(Math.max(0, column), FARTHEST);
  }

  /** So many columns to the right, or to the left. */
  by(columns: number): void {
    this.to((this.#column ?? this.#count) + columns);
  }

  /** From here to the end, from the beginning to here, or all of it. */
  erase(what: "toEnd" | "toHere" | "all", style: Style): void {
    const at = this.#column ?? this.#count;
    if (what === "all" || (what === "toEnd" && at === 0)) {
      this.#clear();
      if (at > 0) this.#column = at;
    } else if (what === "toEnd") this.#cut(at);
    else if (this.#count > 0) {
      this.#opened();
      while ((this.#erasures.at(-1)?.to ?? Infinity) <= at) this.#erasures.pop();
      this.#erasures.push({ to: at, step: this.#step++, style });
    }
  }

  get spans(): readonly Span[] {
    if (this.#cells === null) return this.#spans.map((span) => ({ ...span }));
    const spans: Span[] = [];
    let latest = this.#erasures.length - 1;
    // Joined, not added to each other: a text of many parts would keep them all.
    let run: string[] = [];
    let of: Style | null = null;
    for (let at = 0; at < this.#cells.length; at++) {
      const cell = this.#cells[at] as Cell;
      while ((this.#erasures[latest]?.to ?? Infinity) < at) latest--;
      const erasure = this.#erasures[latest];
      const isBlank = erasure !== undefined && erasure.step >= cell.step;
      const style = isBlank ? erasure.style : cell.style;
      if (of !== null && style !== of) {
        spans.push({ text: run.join(""), style: of });
        run = [];
      }
      of = style;
      run.push(isBlank ? " " : cell.character);
    }
    if (of !== null) spans.push({ text: run.join(""), style: of });
    this.work += this.#cells.length;
    return spans;
  }

  /** What stands there; the next line begins. */
  take(): readonly Span[] {
    const taken = this.#cells === null ? this.#spans : this.spans;
    this.#clear();
    return taken;
  }

  get #gap(): number {
    return Math.min(Math.max(0, (this.#column ?? 0) - this.#count), MOST_BLANKS);
  }

  #clear(): void {
    this.#spans = [];
    this.#cells = null;
    this.#column = null;
    this.#count = 0;
    this.#erasures = [];
    this.length = 0;
  }

  #append(text: string, style: Style): void {
    this.#column = null;
    this.length += text.length;
    if (this.#cells !== null) {
      for (const character of text) this.#cells.push(this.#cell(character, style));
      this.#count = this.#cells.length;
      return;
    }
    const many = characters(text);
    this.#count += many;
    this.work += many;
    const last = this.#spans.at(-1);
    if (last?.style === style) last.text += text;
    else this.#spans.push({ text, style });
  }

  #over(text: string, style: Style, from: number): void {
    const cells = this.#opened();
    let at = from;
    for (const character of text) {
      this.length += character.length - (cells[at]?.character.length ?? 0);
      cells[at++] = this.#cell(character, style);
    }
    this.#count = cells.length;
    this.#column = at >= this.#count ? null : at;
  }

  /** Takes all away from a column on. */
  #cut(from: number): void {
    if (from >= this.#count) return;
    const cells = this.#opened();
    this.work += cells.length - from;
    for (const { character } of cells.splice(from)) this.length -= character.length;
    this.#count = from;
  }

  #cell(character: string, style: Style): Cell {
    this.work++;
    return { character, style, step: this.#step };
  }

  #opened(): Cell[] {
    if (this.#cells !== null) return this.#cells;
    this.#cells = [];
    for (const { text, style } of this.#spans) {
      let cell = this.#cell("", style);
      for (const character of text) {
        // Blanks are many and alike. A cell is replaced, never changed: so one may stand in many places.
        if (character === cell.character) this.work++;
        else cell = this.#cell(character, style);
        this.#cells.push(cell);
      }
    }
    return this.#cells;
  }
}

/** Most texts are plain, and have as many as they are long. */
const PLAIN_TEXT = /^[\u0020-\u007e]*$/u;

function characters(text: string): number {
  return PLAIN_TEXT.test(text) ? text.length : [...text].length;
}
