// What of an output is seen: where its reader stands among the lines, so that new ones at the end are followed or move nothing, and which lines
// are to be made.
import { untrack } from "svelte";
import { Layout } from "./layout";
import type { Line } from "../text/written";
import type { Output } from "./output.svelte";

/** As high as the styles make them. */
export const ROW = 20;
/** What is made beyond the edges, so that a quick hand finds lines there. */
const BEYOND = 600;
/** Wider lines go on in the next row even where there is no room for so many. */
const NARROWEST = 20;

export interface Seen {
  number: number;
  line: Line;
}

export interface Room {
  /** Of what is seen, without its borders. */
  height: number;
  width: number;
  /** Of one character. */
  character: number;
  /** What stands above the first line. */
  head: number;
}

export class Frame {
  wraps = $state(true);
  #top = $state(0);
  #last = 0;
  #scroller: HTMLElement | null = null;
  /** The line at the upper edge: it stays there when something comes or goes above it. */
  #anchor: { number: number; offset: number } | null = null;

  readonly columns: number | null = $derived.by(() => {
    const { width, character } = this.room();
    return this.wraps ? Math.max(NARROWEST, Math.floor(width / character)) : null;
  });
  readonly layout: Layout = $derived.by(() => new Layout(this.output.held, this.columns));

  /** Where the upper edge is, or will be as soon as the browser has heard of what has come. */
  readonly #edge: number = $derived.by(() => {
    const { height, head } = this.room();
    return this.output.following ? Math.max(0, head + this.layout.rows * ROW - height) : this.#top;
  });
  readonly #span = $derived.by(() => {
    const { height, head } = this.room();
    const top = this.#edge - head;
    return this.layout.between((top - BEYOND) / ROW, (top + height + BEYOND) / ROW);
  });

  readonly height: number = $derived(this.layout.rows * ROW);
  readonly above: number = $derived(this.layout.rowOf(this.#span.from) * ROW);
  readonly seen: Seen[] = $derived.by(() => {
    const { held } = this.output;
    const seen: Seen[] = [];
    for (let place = this.#span.from; place < this.#span.to; place++) {
      const line = held.at(place);
      if (line) seen.push({ number: held.first + place, line });
    }
    return seen;
  });

  constructor(
    readonly output: Output,
    readonly room: () => Room,
  ) {
    $effect(() => {
      void this.height;
      void this.room();
      const { following } = this.output;
      untrack(() => (following ? this.#toEnd() : this.#keep()));
    });
  }

  /** For the element that scrolls. */
  scroller = (node: HTMLElement): (() => void) => {
    this.#scroller = node;
    const scrolled = (): void => this.#scrolled(node);
    node.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      node.removeEventListener("scroll", scrolled);
      this.#scroller = null;
    };
  };

  /** The number of the first line in sight. */
  get firstInSight(): number {
    return this.output.held.first + this.layout.lineAt(Math.floor((this.#edge - this.room().head) / ROW));
  }

  /** Brings a line into the middle, and a place in it into sight. */
  show(number: number, column: number): void {
    this.output.pause();
    const node = this.#scroller;
    if (node === null) return;
    const { height, head, width, character } = this.room();
    const row = this.layout.rowOf(number - this.output.held.first);
    const down = this.columns === null ? 0 : Math.floor(column / this.columns);
    const y = head + (row + down) * ROW;
    if (y < node.scrollTop || y + ROW > node.scrollTop + height) node.scrollTop = Math.max(0, y - height / 2);
    const x = column * character;
    if (this.columns === null && (x < node.scrollLeft || x > node.scrollLeft + width - 8 * character))
      node.scrollLeft = Math.max(0, x - width / 2);
    this.#look(node);
  }

  #scrolled(node: HTMLElement): void {
    const { scrollTop, scrollHeight, clientHeight } = node;
    const atEnd = scrollHeight - scrollTop - clientHeight < ROW;
    const up = scrollTop < this.#last - 1;
    const down = scrollTop > this.#last + 1;
    this.#look(node);
    if (up && !atEnd) this.output.pause();
    else if (down && atEnd && !this.output.following && !this.output.hasLater) this.output.follow();
  }

  #look(node: HTMLElement): void {
    this.#last = node.scrollTop;
    this.#top = node.scrollTop;
    const { head } = this.room();
    const place = this.layout.lineAt(Math.floor((node.scrollTop - head) / ROW));
    this.#anchor = {
      number: this.output.held.first + place,
      offset: head + this.layout.rowOf(place) * ROW - node.scrollTop,
    };
  }

  #toEnd(): void {
    const node = this.#scroller;
    if (node === null) return;
    node.scrollTop = node.scrollHeight;
    this.#look(node);
  }

  #keep(): void {
    const node = this.#scroller;
    if (node === null || this.#anchor === null) return;
    const { number, offset } = this.#anchor;
    const y = this.room().head + this.layout.rowOf(number - this.output.held.first) * ROW;
    if (y - node.scrollTop !== offset) node.scrollTop = y - offset;
    this.#top = node.scrollTop;
    this.#last = node.scrollTop;
  }
}
