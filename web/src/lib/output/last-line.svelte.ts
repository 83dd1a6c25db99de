// The last line of what a background task prints, live, for a list of them: only of those that are on the screen, and of few at once, since each
// is a stream of its own.
import { outputPath } from "../api/output";
import type { Id } from "../model/types";
import { EventStream } from "../sync/stream";
import type { ServerEvent } from "../sync/sse";
import { AnsiReader } from "../text/ansi";

/** Bytes before the end with which it begins: a line or two. */
const TAIL = 512;

/** A browser holds six connections to a server that speaks HTTP/1, for all of its tabs together; later versions share one. */
function seatsOf(): number {
  const [page] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return /^h[23]/u.test(page?.nextHopProtocol ?? "") ? 6 : 2;
}

type Begin = () => () => void;

/** So many may follow at once; who comes later waits for a seat. */
class Seats {
  #seated = new Map<Begin, () => void>();
  #waiting = new Set<Begin>();

  take(begin: Begin): () => void {
    this.#waiting.add(begin);
    this.#fill();
    return () => {
      this.#waiting.delete(begin);
      this.#seated.get(begin)?.();
      this.#seated.delete(begin);
      this.#fill();
    };
  }

  #fill(): void {
    for (const begin of this.#waiting) {
      if (this.#seated.size >= seatsOf()) return;
      this.#waiting.delete(begin);
      this.#seated.set(begin, begin());
    }
  }
}
const seats = new Seats();

export class LastLine {
  /** Without its colours; empty: nothing is known of it. */
  text = $state("");

  #reader = new AnsiReader();
  #head: number | null = null;
  #last = "";
  #due = false;

  constructor(
    readonly workspace: Id,
    readonly task: Id,
  ) {}

  /** Follows it as soon as there is a seat, until the function that comes back is called. */
  follow(): () => void {
    return seats.take(() => {
      const path = outputPath(this.workspace, this.task);
      const stream = new EventStream(
        () => `${path}?${this.#head === null ? `tail=${TAIL}` : `offset=${this.#head}`}`,
        () => null,
        {
          event: (event) => {
            if (event.event === "end") stream.stop();
            else this.#event(event);
          },
          state: () => undefined,
          // Whatever it is that may not be read: the row says all else there is to say.
          refused: () => stream.stop(),
        },
      );
      stream.start();
      return () => {
        stream.stop();
        // Much may be printed before it is looked at again: it begins near the end then.
        this.#head = null;
      };
    });
  }

  #event({ event, data, id }: ServerEvent): void {
    let said: { text?: unknown; to?: unknown };
    try {
      said = JSON.parse(data) as typeof said;
    } catch {
      return; // not of this stream's making
    }
    if (this.#head === null || event === "cut") this.#reader = new AnsiReader();
    if (id !== "") this.#head = Number(id);
    if (event !== "output" || typeof said.text !== "string") return;
    const lines = this.#reader.push(said.text);
    const open = this.#reader.open;
    const last = [...lines, ...(open === null ? [] : [open])].findLast((line) => line.text.trim() !== "");
    if (last !== undefined) this.#last = last.text.trim();
    this.#paint();
  }

  /** However much comes, it is painted once a frame. */
  #paint(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.text = this.#last;
    });
  }
}
