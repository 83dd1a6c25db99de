// Follows what background work prints: live, from near its end, with what came earlier on demand; held in a room that does not grow.
import { asProblem, type Problem } from "../api/problem";
import { outputPath, readOutput, type OutputPiece } from "../api/output";
import type { Id } from "../model/types";
import { EventStream, type StreamState } from "../sync/stream";
import type { ServerEvent } from "../sync/sse";
import { AnsiReader } from "../text/ansi";
import { cutLine, Held } from "./held";
import { Beginning, linesOf, wholeCharacters } from "./pieces";

/** Bytes before the end with which it begins, and of each piece that is read on demand. */
export const PIECE = 256 * 1024;
/** Whoever does not look for so long is not told meanwhile. */
const REST_MS = 60_000;

/** How the page stands with the output; "gone": the server has none of this task any more. */
export type Standing = "connecting" | "live" | "waiting" | "resting" | "ended" | "gone";

/** The output of one run of a task: what begins anew prints to another, which is followed by another of these. */
export class Output {
  standing = $state<Standing>("connecting");
  online = $state(navigator.onLine);
  /** What comes is shown as it comes; otherwise what is read stays where it is. */
  following = $state(true);
  /** Lines that have come since it was paused. */
  fresh = $state(0);
  /** Grows with every change of what is held. */
  version = $state(0);
  /** There is more before what is held. */
  hasEarlier = $state(false);
  /** There is more behind it: it was let go, or did not fit, while somebody read further up. */
  hasLater = $state(false);
  loading = $state<"earlier" | "later" | null>(null);
  problem = $state.raw<Problem | null>(null);

  #held = new Held();
  #reader: AnsiReader | null = null;
  #beginning: Beginning | null = null;
  /** Up to where the stream has told of it; null: it begins anew, near the end. */
  #head: number | null = null;
  /** What is held ends where the stream is. */
  #attached = true;
  #stream: EventStream;
  #gone = new AbortController();
  #rest: ReturnType<typeof setTimeout> | undefined;
  #due = false;

  constructor(
    readonly workspace: Id,
    readonly task: Id,
  ) {
    const path = outputPath(workspace, task);
    this.#stream = new EventStream(
      () => `${path}?${this.#head === null ? `tail=${PIECE}` : `offset=${this.#head}`}`,
      () => null,
      {
        event: (event) => this.#event(event),
        state: (state) => this.#state(state),
        refused: () => (this.standing = "gone"),
      },
    );
  }

  /** What is held, as it stands now. */
  get held(): Held {
    void this.version;
    return this.#held;
  }

  start(): void {
    addEventListener("online", this.#network);
    addEventListener("offline", this.#network);
    document.addEventListener("visibilitychange", this.#visible);
    this.#stream.start();
  }

  stop(): void {
    removeEventListener("online", this.#network);
    removeEventListener("offline", this.#network);
    document.removeEventListener("visibilitychange", this.#visible);
    clearTimeout(this.#rest);
    this.#gone.abort();
    this.#stream.stop();
  }

  pause(): void {
    if (!this.following) return;
    this.following = false;
    this.fresh = 0;
  }

  /** Shows what comes as it comes, from now on. What is not here of it is asked for. */
  follow(): void {
    this.following = true;
    this.fresh = 0;
    if (this.#attached) return;
    // What is read stays until there is something newer to read.
    this.#head = null;
    this.#reader = null;
    this.#stream.stop();
    this.#stream.start();
  }

  /** Reads what stands before what is held. */
  async loadEarlier(): Promise<void> {
    // From now on nothing is let go at this end.
    this.pause();
    const { from } = this.#held;
    const begin = Math.max(0, from - PIECE);
    await this.#load("earlier", begin, from - begin, ({ from: at, bytes: read }) => {
      // As many as were asked for may reach further where some before them are gone.
      const bytes = read.subarray(0, Math.max(0, from - at));
      const lines = linesOf(at, bytes);
      // Bytes that are no longer kept: nothing stands before them.
      if (at > begin || bytes.length === 0) lines.unshift(cutLine(0, lines[0]?.from ?? from));
      this.#held.prepend(lines);
      this.hasEarlier = this.#held.from > 0;
      if (!this.#held.isFull) return;
      this.#held.letNewestGo();
      this.#detach();
    });
  }

  /** Reads what stands behind what is held, until that is where the stream is. */
  async loadLater(): Promise<void> {
    const { to } = this.#held;
    await this.#load("later", to, PIECE, ({ from: at, bytes, total }) => {
      if (at > to) this.#held.append([cutLine(to, at)]);
      const reader = new AnsiReader(at);
      const whole = wholeCharacters(bytes);
      this.#held.append(reader.push(new TextDecoder().decode(bytes.subarray(0, whole))));
      const end = at + whole;
      // How long the piece is says nothing: some of it may no longer be kept.
      if (at + bytes.length >= total || end >= (this.#head ?? Infinity)) {
        reader.at = end;
        this.#held.open = reader.open;
        this.#reader = reader;
        this.#head = end;
        this.#attached = true;
        this.hasLater = false;
        if (this.standing !== "ended") this.#stream.restart();
      }
      if (!this.#held.isFull) return;
      this.#held.letOldestGo();
      this.hasEarlier = true;
    });
  }

  async #load(
    what: "earlier" | "later",
    offset: number,
    limit: number,
    take: (piece: OutputPiece) => void,
  ): Promise<void> {
    if (this.loading !== null) return;
    this.loading = what;
    this.problem = null;
    const { signal } = this.#gone;
    const held = this.#held;
    try {
      const piece = await readOutput(this.workspace, this.task, offset, limit, signal);
      // Something else is held by now: it began anew near the end, or let go what this would join.
      const joins = held === this.#held && (what === "earlier" ? held.from === offset + limit : held.to === offset);
      if (joins) take(piece);
      this.#paint();
    } catch (error) {
      if (!signal.aborted) this.problem = asProblem(error);
    } finally {
      this.loading = null;
    }
  }

  /** From here on what comes is only counted. What is held ends with a whole line: from there it is read on. */
  #detach(): void {
    this.#held.open = null;
    this.#attached = false;
    this.hasLater = true;
    this.#reader = null;
  }

  // What the stream says

  #event({ event, data, id }: ServerEvent): void {
    let said: Record<string, unknown>;
    try {
      said = JSON.parse(data) as Record<string, unknown>;
    } catch {
      return; // not of this stream's making
    }
    const number = (name: string): number => (typeof said[name] === "number" ? said[name] : 0);
    if (event === "output" && typeof said["text"] === "string")
      this.#output(number("offset"), said["text"], id === "" ? null : Number(id));
    else if (event === "cut") this.#cut(number("from"), number("to"));
    else if (event === "end") {
      this.#stream.stop();
      this.standing = "ended";
    }
  }

  #output(offset: number, text: string, end: number | null): void {
    if (this.#head === null) this.#begin(offset);
    if (this.#attached && this.#reader !== null) {
      this.#reader.at = offset;
      this.#read(this.#reader, text);
    } else this.#count(text.split("\n").length - 1);
    this.#head = end ?? this.#reader?.at ?? offset;
    this.#note();
  }

  /** It begins anew, near its end. */
  #begin(offset: number): void {
    this.#held = new Held(offset);
    this.#reader = new AnsiReader(offset);
    this.#beginning = offset > 0 ? new Beginning() : null;
    this.#attached = true;
    this.hasEarlier = offset > 0;
    this.hasLater = false;
  }

  #read(reader: AnsiReader, text: string): void {
    let rest = text;
    if (this.#beginning !== null) {
      const begun = this.#beginning.of(text);
      if (begun === null) return;
      this.#beginning = null;
      rest = begun.text;
      reader.at += begun.skipped;
      this.#held.from = reader.at;
    }
    const lines = reader.push(rest);
    this.#held.append(lines);
    this.#held.open = reader.open;
    this.#count(lines.length);
    if (!this.#held.isFull) return;
    // Nothing is taken away from under who reads.
    if (!this.following) return this.#detach();
    this.#held.letOldestGo();
    this.hasEarlier = true;
  }

  #cut(from: number, to: number): void {
    if (this.#head === null) this.#begin(from);
    if (this.#attached) {
      const open = this.#reader?.open ?? null;
      this.#held.append([...(open === null ? [] : [open]), cutLine(from, to)]);
      this.#held.open = null;
      this.#reader = new AnsiReader(to);
      this.#beginning = null;
      // What is not kept can't be read again either.
      if (this.#held.count === 1) this.hasEarlier = false;
    }
    this.#head = to;
    this.#note();
  }

  #count(lines: number): void {
    if (!this.following) this.fresh += lines;
  }

  #state(state: StreamState): void {
    if (state === "open") this.standing = "live";
    else if (state !== "stopped") this.standing = state;
  }

  #network = (): void => {
    this.online = navigator.onLine;
  };

  #visible = (): void => {
    clearTimeout(this.#rest);
    if (document.visibilityState === "hidden") {
      if (this.standing === "ended" || this.standing === "gone") return;
      this.#rest = setTimeout(() => {
        this.#stream.stop();
        this.standing = "resting";
      }, REST_MS);
    } else if (this.standing === "resting") this.#stream.start();
  };

  /** Something has come: it is painted with the next frame of the screen. */
  #note(): void {
    if (this.#due) return;
    this.#due = true;
    const paint = (): void => {
      if (this.#due) this.#paint();
    };
    if (document.visibilityState === "visible") requestAnimationFrame(paint);
    else setTimeout(paint, 50);
  }

  #paint(): void {
    this.#due = false;
    this.version++;
  }
}
