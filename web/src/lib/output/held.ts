// The part of an output that is held here: lines one after the other, of which the oldest or the newest go where there are too many.
import { Line } from "../text/written";

/** More than this is not held, so that following for days takes no more room than following for a minute. */
export const MOST_LINES = 20_000;
export const MOST_CHARACTERS = 4 << 20;
/** Some more may come before some go: not each new line moves all others. */
const SLACK = 500;
/** What a span takes beside its characters. */
const SPAN = 40;

const weightOf = ({ spans }: Line): number => spans.reduce((sum, { text }) => sum + text.length + SPAN, 0);

/** Bytes that are no longer kept stand where they stood, as a line of its own. */
export const cutLine = (from: number, to: number): Line => new Line([], from, to, false, true);

export class Held {
  lines: Line[] = [];
  /** The line that is being written. */
  open: Line | null = null;
  /** The number of the first line: one keeps its own, whatever comes before it or goes. */
  first = 0;
  #weight = 0;

  constructor(
    /** Where it begins, if nothing of it is here. */
    public from = 0,
  ) {}

  get count(): number {
    return this.lines.length + (this.open === null ? 0 : 1);
  }

  /** A line by its place among these. */
  at(place: number): Line | null {
    return this.lines[place] ?? (place === this.lines.length ? this.open : null);
  }

  append(lines: readonly Line[]): void {
    for (const line of lines) {
      this.lines.push(line);
      this.#weight += weightOf(line);
    }
  }

  prepend(lines: readonly Line[]): void {
    // They may be more than a call takes arguments.
    this.lines = [...lines, ...this.lines];
    this.first -= lines.length;
    this.from = lines[0]?.from ?? this.from;
    for (const line of lines) this.#weight += weightOf(line);
  }

  get isFull(): boolean {
    return this.#over(SLACK);
  }

  /** Lets the oldest go until there is room again. */
  letOldestGo(): void {
    let gone = 0;
    for (; this.#over(0, gone) && gone < this.lines.length; gone++) this.#weight -= weightOf(this.lines[gone] as Line);
    this.lines.splice(0, gone);
    this.first += gone;
    this.from = this.lines[0]?.from ?? this.open?.from ?? this.from;
  }

  /** The same with the newest. */
  letNewestGo(): void {
    this.open = null;
    while (this.#over(0) && this.lines.length > 1) this.#weight -= weightOf(this.lines.pop() as Line);
  }

  /** Where what follows it begins. */
  get to(): number {
    return this.open?.to ?? this.lines.at(-1)?.to ?? this.from;
  }

  #over(slack: number, gone = 0): boolean {
    return this.lines.length - gone > MOST_LINES + slack || this.#weight > MOST_CHARACTERS + slack * SPAN;
  }

  /** The text of all of it, as it was written. */
  get text(): string {
    const all = this.open === null ? this.lines : [...this.lines, this.open];
    return all
      .map((line) => (line.isCut ? "" : line === this.open || line.goesOn ? line.text : `${line.text}\n`))
      .join("");
  }
}
